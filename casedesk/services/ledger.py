"""Look at the ledger: its size and root, and its events, newest first. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import parse
from casedesk.domain.people import Action, Person, require
from casedesk.store.queue_reader import Filters
from casedesk.store.unit_of_work import Reading

__all__ = ["Figures", "Rows", "figures", "rows", "size"]


@dataclass(frozen=True, slots=True)
class Figures:
    """How large the ledger is. ``last_at`` is the time its last event claims, None while it is empty."""

    size: int
    root: str  # RFC 6962, in hex
    cases: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rows:
    """Events, newest first, with what they can be narrowed by. ``names`` maps every user id to a name."""

    events: tuple[Recorded, ...]
    actions: tuple[str, ...]
    users: tuple[str, ...]
    names: dict[str, str]


def figures(*, uow: Reading, actor: Person, at: datetime) -> Figures:
    """Return the figures of the head row and of the last event. They are claims until the ledger is verified."""
    require(actor, Action.VIEW_LEDGER)
    with uow:
        head = uow.ledger.head()
        last = uow.ledger.newest(1)
        every = Filters(actor.user_id, at, include_closed=True, sees_decisions=actor.need_to_know)
        return Figures(head.size, head.root, uow.queue.count(every), parse(last[0].ts) if last else None)


def rows(*, uow: Reading, actor: Person, limit: int = 200, search: str = "", action: str = "", user: str = "") -> Rows:
    """Return the newest events.

    :param search: an event's number, a part of a case id, or a person's name or user id.
    """
    require(actor, Action.VIEW_LEDGER)
    search = search.strip()
    with uow:
        names = uow.people.names()
        person = _person(search, names)
        events = uow.ledger.newest(
            limit, search="" if person else search.replace(",", ""), action=action, user=user or person
        )
        if person and user and user != person:
            events = ()
        return Rows(events, uow.ledger.actions(), uow.ledger.users(), names)


def _person(search: str, names: dict[str, str]) -> str:
    """Return the one user whose id or name the text is or begins, or the empty string."""
    text = search.casefold()
    if len(text) < 2 or text.isdecimal():
        return ""
    found = [user for user, name in names.items() if text == user.casefold() or _begins(name.casefold(), text)]
    return found[0] if len(found) == 1 else ""


def _begins(name: str, text: str) -> bool:
    return name.startswith(text) or any(word.startswith(text) for word in name.split())


def size(*, uow: Reading) -> int:
    """Return how many events there are. Whoever keeps a reading may keep it until this changes."""
    with uow:
        return uow.ledger.head().size
