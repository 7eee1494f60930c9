"""Who may ask: a key in the header, its scope, its bucket."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from casedesk.api.problems import problem
from casedesk.api.state import Served, served
from casedesk.bootstrap import Desk
from casedesk.domain.api_keys import ApiKey, BadKey, Scope, require_scope
from casedesk.domain.people import Person
from casedesk.services import api_keys
from casedesk.services.api_keys import Caller

bearer = HTTPBearer(
    auto_error=False, scheme_name="key", description="A key of “casedesk apikey create”: casedesk_K-…_…"
)


class TooOften(Exception):
    """There is no token left; ``wait`` is in how many whole seconds there will be one."""

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(f"This key asks too often; wait {self.wait} s, and send many transactions in one list.")


class TooManyWrongKeys(TooOften):
    """So many wrong keys came from one address that none is looked at for a while."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.args = (f"Too many wrong keys came from this address; wait {self.wait} s before you send one again.",)


class NoKey(BadKey):
    """The header holds no key."""

    def __init__(self) -> None:
        super().__init__("No key was sent; send Authorization: Bearer casedesk_K-…_….")


def too_often(error: TooOften) -> JSONResponse:
    """Build the answer to who asks too often: when to come again."""
    return problem(429, str(error), headers={"Retry-After": str(error.wait)})


def key_of(header: str) -> str:
    """Cut the key out of an Authorization header; empty where there is none."""
    scheme, _, sent = header.partition(" ")
    return sent.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in: the desk, who acts, when, and what events say of the way."""

    served: Served
    desk: Desk
    actor: Person
    at: datetime
    via: str
    key: ApiKey

    @property
    def step(self) -> dict[str, Any]:
        """The arguments that every step on a case takes, besides which case and in which version."""
        return {"uow": self.desk.writing(), "actor": self.actor, "at": self.at, "via": self.via}


def authenticated(held: Served, sent: str, address: str) -> Caller:
    """Return who sent a key. It reads the database, so it is for a thread.

    :param address: where the request comes from; wrong keys are counted for each, and too many of them end the looking. A key
        that was right lately is no guess and goes on being looked at.
    :raises BadKey: for no key, or one that opens nothing.
    :raises TooManyWrongKeys: without a look at the key.
    """
    if (wait := held.wrong_keys.wait(address)) and not held.callers.lately(sent):
        raise TooManyWrongKeys(wait)
    try:
        caller = api_keys.authenticate(uow=held.desk().reading(), sent=sent, at=held.now())
    except BadKey:
        held.callers.forget(sent)
        held.wrong_keys.take(address)
        raise
    held.callers.let_in(sent, caller)
    held.key_uses.note(held.desk(), caller.key.key_id, held.now())
    return caller


def address_of(request: HTTPConnection) -> str:
    """Name where a request comes from, as wrong keys are counted: an IPv6 network of one subscriber as one."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def allowed(*scopes: Scope) -> Callable[..., Call]:
    """Build the dependency that lets a request in whose key has one of these scopes.

    :raises BadKey: for no key, or one that opens nothing.
    :raises OutOfScope: for a key that is for something else.
    :raises TooOften: for a key that asks too often.
    """

    def let_in(
        request: Request,
        held: Annotated[Served, Depends(served)],
        sent: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> Call:
        if sent is None:
            raise NoKey
        caller = authenticated(held, sent.credentials, address_of(request))
        return admitted(request, held, caller, *scopes)

    return let_in


async def let_in_to_send(
    request: Request,
    held: Annotated[Served, Depends(served)],
    sent: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Call:
    """Let in who may send transactions; without a look into the database, where the key was just looked at.

    The transaction that stores what is sent looks at the key again.
    """
    if sent is None:
        raise NoKey
    caller = held.callers.fresh(sent.credentials)
    if caller is None:
        caller = await run_in_threadpool(authenticated, held, sent.credentials, address_of(request))
    return admitted(request, held, caller, Scope.INGEST)


def admitted(request: Request, held: Served, caller: Caller, *scopes: Scope) -> Call:
    """Take a token of the key, and ask for its scope."""
    request.state.via = caller.key.via
    wait = held.buckets.take(caller.key.key_id)
    if wait:
        raise TooOften(wait)
    require_scope(caller.key, *scopes)
    return Call(held, held.desk(), caller.person, held.now(), caller.key.via, caller.key)


Ingests = Annotated[Call, Depends(let_in_to_send)]
Reads = Annotated[Call, Depends(allowed(Scope.READ))]
Acts = Annotated[Call, Depends(allowed(Scope.ACT))]
Watches = Annotated[Call, Depends(allowed(Scope.INGEST, Scope.READ))]
