"""Keys of the API: create, revoke, list, and let in who sends one."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from casedesk.domain import api_keys as keys
from casedesk.domain.api_keys import ApiKey, Scope
from casedesk.domain.events import DESK
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.errors import CasedeskError
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["ApiKey", "Caller", "Issued", "Scope", "authenticate", "create", "listed", "note_use", "revoke", "uses"]


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key, and how it is sent. This is the only time that anybody sees the latter."""

    key: ApiKey
    sent_as: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose program speaks, and with which key."""

    key: ApiKey
    person: Person


def create(
    *, uow: Writing, actor: Person, at: datetime, label: str, user_id: str, scopes: Collection[Scope], days: int,
    via: str = "app",
) -> Issued:  # fmt: skip
    """Create a key that acts as a person, or as the desk itself, for some days.

    :raises AnothersKey: for a key that reads or acts as a colleague.
    :raises BadScope: without a scope, or with one that the person's role cannot use.
    :raises BadLife: for a life that is not 1 to 366 days.
    """
    key_id, secret = f"K-{secrets.token_hex(6).upper()}", secrets.token_hex(32)
    with uow:
        actor = present(uow, actor)
        require(actor, Action.MANAGE_KEYS)
        person = uow.people.get(user_id)
        event = keys.create(
            actor, person, at, key_id=key_id, secret=secret, label=label, scopes=scopes, days=days, via=via
        )
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        key = keys.created(row)
        uow.api_keys.put(key)
        uow.commit()
    return Issued(key, keys.sent_as(key_id, secret))


def revoke(*, uow: Writing, actor: Person, at: datetime, key_id: str, reason: str, via: str = "app") -> Recorded:
    """End a key at once, with a reason.

    :raises NoSuchKey: if there is none.
    :raises Ended: if it was revoked already.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.MANAGE_KEYS)
        key = uow.api_keys.get(key_id)
        event = keys.revoke(key, actor, reason, via)
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.api_keys.put(keys.KEYS.ended(key, row))
        uow.commit()
    return row


def listed(*, uow: Reading, actor: Person) -> tuple[ApiKey, ...]:
    """Return every key, the newest first; those that are over, too."""
    require(actor, Action.MANAGE_KEYS)
    with uow:
        return uow.api_keys.all()


def uses(*, uow: Reading, actor: Person) -> dict[str, datetime]:
    """Return when each key was last seen, to some minutes; one that never was is left out."""
    require(actor, Action.MANAGE_KEYS)
    with uow:
        return uow.api_keys.uses()


def may_wait(*, uow: Reading, at: datetime) -> bool:
    """Say whether an open key may have the rules run over what it sends."""
    with uow:
        for key in uow.api_keys.all():
            person = uow.people.get(key.user_id)
            try:
                keys.require_open(key, person, at)
                keys.require_scope(key, Scope.INGEST)
                require(person, Action.DETECT)
            except CasedeskError:
                continue
            return True
    return False


def note_use(*, uow: Writing, key_id: str, at: datetime) -> None:
    """Note that a key was seen. It is no step of anybody's, so it is no event."""
    with uow:
        uow.api_keys.note_use(key_id, at)
        uow.commit()


def authenticate(*, uow: Reading, sent: str, at: datetime) -> Caller:
    """Return who is behind a key, as the database knows them now.

    :raises BadKey: for a key that opens nothing.
    """
    key_id, secret = keys.parts_of(sent)
    with uow:
        key = keys.opened(uow.api_keys.find(key_id), secret)
        person = uow.people.get(key.user_id)
    keys.require_open(key, person, at)
    return Caller(key, person)
