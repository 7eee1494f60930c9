"""Who may ask: a key in the header, its scope, its bucket."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from casedesk.api.problems import problem
from casedesk.api.state import Served, served
from casedesk.bootstrap import Desk
from casedesk.domain.api_keys import BadKey, Scope, require_scope
from casedesk.domain.people import Person
from casedesk.services import api_keys

_bearer = HTTPBearer(
    auto_error=False, scheme_name="key", description="A key of “casedesk apikey create”: casedesk_K-…_…"
)


class TooOften(Exception):
    """The key has no token left; ``wait`` is in how many whole seconds it will have one."""

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(f"This key asks too often; wait {self.wait} s, and send many transactions in one list.")


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

    @property
    def step(self) -> dict[str, Any]:
        """The arguments that every step on a case takes, besides which case and in which version."""
        return {"uow": self.desk.writing(), "actor": self.actor, "at": self.at, "via": self.via}


def allowed(*scopes: Scope) -> Callable[..., Call]:
    """Build the dependency that lets a request in whose key has one of these scopes.

    :raises BadKey: for no key, or one that opens nothing.
    :raises OutOfScope: for a key that is for something else.
    :raises TooOften: for a key that asks too often.
    """

    def let_in(
        request: Request,
        held: Annotated[Served, Depends(served)],
        sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Call:
        if sent is None:
            raise NoKey
        at, desk = held.now(), held.desk()
        caller = api_keys.authenticate(uow=desk.reading(), sent=sent.credentials, at=at)
        request.state.via = caller.key.via
        wait = held.buckets.take(caller.key.key_id)
        if wait:
            raise TooOften(wait)
        require_scope(caller.key, *scopes)
        held.key_uses.note(desk, caller.key.key_id, at)
        return Call(held, desk, caller.person, at, caller.key.via)

    return let_in


Ingests = Annotated[Call, Depends(allowed(Scope.INGEST))]
Reads = Annotated[Call, Depends(allowed(Scope.READ))]
Acts = Annotated[Call, Depends(allowed(Scope.ACT))]
Watches = Annotated[Call, Depends(allowed(Scope.INGEST, Scope.READ))]
