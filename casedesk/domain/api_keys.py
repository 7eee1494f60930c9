"""Keys with which programs speak to the desk: what one may do, as whom, and until when.

A key's secret is 256 random bits, and only its SHA-256 is kept. A slow hash with a salt protects what people choose and
others can guess; nobody guesses 2**256, so it would only make every request slow.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Any, Final

from casedesk.domain import events, issued
from casedesk.domain.issued import hashed
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import canonical, parse
from casedesk.domain.people import SYSTEM, Action, Person, Role, may, require
from casedesk.errors import Invalid, NotPermitted


class Scope(StrEnum):
    """What a key is for. It narrows what its person may do and never widens it."""

    INGEST = "ingest"
    READ = "read"
    ACT = "act-as-user"


#: The longest life of a key, in days.
LONGEST: Final = 366

#: What is sent: a word that tells scanners of leaked secrets whose it is, the public id, the secret.
_SENT: Final = re.compile(r"casedesk_(K-[0-9A-F]{12})_([0-9a-f]{64})")


class BadKey(NotPermitted):
    """The key opens nothing: it is none of the desk's, it was revoked, or its time is over."""


class OutOfScope(NotPermitted):
    """The key is for something else."""

    def __init__(self, key: ApiKey, scopes: Collection[Scope]) -> None:
        has, wanted = ", ".join(sorted(key.scopes)), " or ".join(sorted(scopes))
        super().__init__(f"The key {key.key_id} has the scope {has}; this takes the scope {wanted}.")


class BadScope(Invalid):
    """The scopes make no sense for whom the key would act as."""


class BadLife(Invalid):
    """The key would never begin, or live too long."""


class AnothersKey(NotPermitted):
    """Somebody would hold a key that acts as a colleague."""

    def __init__(self, user_id: str) -> None:
        super().__init__(
            f"A key that reads or acts as {user_id} would let you be two people, so you may not create it; "
            f"create one for yourself, or have your operator run: casedesk apikey create LABEL --for {user_id}."
        )


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key without its secret. It is usable before ``expires_at``, unless it was revoked."""

    key_id: str
    label: str
    user_id: str  # whom it acts as; SYSTEM's is the desk itself
    scopes: frozenset[Scope]
    secret_sha256: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_by: str = ""
    revoked_at: datetime | None = None

    @property
    def via(self) -> str:
        """What events say of the way they came: the API, and by which key."""
        return f"api:{self.key_id}"


def sent_as(key_id: str, secret: str) -> str:
    """Write a key as programs send it."""
    return f"casedesk_{key_id}_{secret}"


def parts_of(sent: str) -> tuple[str, str]:
    """Split what was sent into the public id and the secret.

    :raises BadKey: if it is not written like a key.
    """
    match = _SENT.fullmatch(sent)
    if match is None:
        raise BadKey("This is not a key of the desk; send Authorization: Bearer casedesk_K-…_….")
    return match[1], match[2]


def create(
    actor: Person, person: Person, at: datetime, *, key_id: str, secret: str, label: str, scopes: Collection[Scope],
    days: int, via: str,
) -> events.ApiKeyCreated:  # fmt: skip
    """Create a key that acts as ``person``.

    A key that reads or acts is its holder's own: with a colleague's, one person could decide and approve. Only the desk
    itself, which is its operator at the command line, creates keys for others.

    :param secret: 32 random bytes in hex; the event has its hash only.
    :raises AnothersKey: for a key that reads or acts as somebody else.
    :raises BadScope: without a scope, or with one that the person's role cannot use.
    :raises BadLife: for a life that is not 1 to ``LONGEST`` days.
    """
    require(actor, Action.MANAGE_KEYS)
    label = KEYS.label(label, "core banking feed")
    if not 1 <= days <= LONGEST:
        raise BadLife(f"A key lives 1 to {LONGEST} days; {days:,} is not.")
    _require_usable(person, frozenset(scopes))
    if actor.role is not Role.SYSTEM and person.user_id != actor.user_id and set(scopes) != {Scope.INGEST}:
        raise AnothersKey(person.user_id)
    return events.ApiKeyCreated(
        key_id=key_id, user_id=person.user_id, scopes=tuple(sorted(scopes)), secret_sha256=hashed(secret.encode()),
        expires_at=canonical(at + timedelta(days=days)), via=via, notes=label,
    )  # fmt: skip


def revoke(key: ApiKey, actor: Person, reason: str, via: str) -> events.ApiKeyRevoked:
    """End a key at once, with a reason.

    :raises Ended: if it was revoked already.
    """
    require(actor, Action.MANAGE_KEYS)
    KEYS.require_running(key)
    return events.ApiKeyRevoked(key_id=key.key_id, via=via, notes=KEYS.reason(reason))


def opened(key: ApiKey | None, secret: str) -> ApiKey:
    """Return the key, if its secret is the one that was sent.

    :raises BadKey: for an unknown key and for another secret alike.
    """
    if key is None or not compare_digest(hashed(secret.encode()), key.secret_sha256):
        raise BadKey("No key of the desk is like this one; check that it was copied whole.")
    return key


def require_open(key: ApiKey, person: Person, at: datetime) -> None:
    """Refuse a key that was revoked, or whose time is over, or whose person was switched off.

    :raises BadKey: saying which; only who holds the secret is told.
    """
    if key.revoked_at is not None:
        raise BadKey(f"The key {key.key_id} was revoked; ask a manager for another.")
    if at >= key.expires_at:
        raise BadKey(f"The key {key.key_id} expired on {key.expires_at.date()}; ask a manager for another.")
    if not person.active:
        raise BadKey(f"The person whom the key {key.key_id} acts as is not active any more.")


def require_scope(key: ApiKey, *scopes: Scope) -> None:
    """Refuse what the key is not for; one of the scopes is enough.

    :raises OutOfScope: naming what it is for.
    """
    if key.scopes.isdisjoint(scopes):
        raise OutOfScope(key, scopes)


def created(event: Recorded) -> ApiKey:
    """Return the key that an event created."""
    data = event.data
    return ApiKey(
        data["key_id"], event.notes, data["user_id"], frozenset(map(Scope, data["scopes"])), data["secret_sha256"],
        event.user, parse(event.ts), parse(data["expires_at"]),
    )  # fmt: skip


def columns(key: ApiKey) -> dict[str, Any]:
    """Return what the row of a key holds."""
    return {
        "key_id": key.key_id,
        "label": key.label,
        "user_id": None if key.user_id == SYSTEM.user_id else key.user_id,
        "scopes": " ".join(sorted(key.scopes)),
        "secret_sha256": key.secret_sha256,
        "created_by": key.created_by,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_by": key.revoked_by or None,
        "revoked_at": key.revoked_at,
    }


KEYS: Final = issued.Kind(
    title="API keys", what="key", key="key_id", past="revoked", ending="Revoking a key",
    begins=events.ApiKeyCreated.action, ends=events.ApiKeyRevoked.action, created=created, columns=columns,
)  # fmt: skip


def _require_usable(person: Person, scopes: frozenset[Scope]) -> None:
    if not scopes:
        raise BadScope(f"A key needs at least one scope: {', '.join(Scope)}.")
    if Scope.INGEST in scopes and not may(person.role, Action.IMPORT):
        raise BadScope(
            f"{person.name} may not import transactions, so a key that acts as them cannot; "
            f"create it for a manager or for the desk itself (--for {SYSTEM.user_id})."
        )
    if person.role is Role.SYSTEM and scopes != {Scope.INGEST}:
        raise BadScope("The desk itself works on no case, so its keys have the scope ingest alone.")
    if not person.active:
        raise BadScope(f"{person.name} is not active any more; nobody may act as them.")
