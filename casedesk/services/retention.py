"""Retention: which cases are kept until when, and the legal holds that keep them longer. Nothing is removed here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from casedesk.domain import holds
from casedesk.domain.clocks import Clock, Kind
from casedesk.domain.events import Event
from casedesk.domain.holds import STEPS, Hold, NoSuchHold, standing
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.services.steps import present
from casedesk.store.due_reader import Span
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["Due", "Hold", "NoSuchHold", "Overdue", "due", "hold", "list_holds", "release"]


_KEPT: Final = (Kind.RETENTION,)


@dataclass(frozen=True, slots=True)
class Due:
    """A closed case whose retention has ended, and what holds it nevertheless."""

    case_id: str
    clock: Clock
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Overdue:
    """The cases whose retention has ended and that were not purged, the longest ago first, and how many these are in all.

    ``without_filing`` counts reports that were decided so long ago and, as far as the desk knows, never filed: their period has
    not begun. ``next_on`` is the day on which the retention of others ends next, and ``next_cases`` how many these are.
    """

    cases: tuple[Due, ...]
    total: int
    without_filing: int
    next_on: date | None
    next_cases: int


def due(
    *, uow: Reading, actor: Person, at: datetime, on: date | None = None, start: int = 0, limit: int | None = None
) -> Overdue:
    """Return the cases whose retention has ended before a day, by default today: all, or ``limit`` from a position on."""
    require(actor, Action.VIEW_LEDGER)
    day = on or at.astimezone(UTC).date()
    ended = Span(datetime.combine(day, time(), UTC) + timedelta(microseconds=1))  # whose last day is before this one
    with uow:
        held = standing(uow.ledger.governing(*STEPS)).values()
        policy = uow.cases.policy
        found = uow.due.page(_KEPT, ended, start=start, limit=limit)
        clocks = uow.due.clocks(found, policy)
        total = sum(uow.due.counts(_KEPT, ended).values())
        shortest = min(p.value for p in policy.values if p.name == "retention_years")
        closed_before = datetime.combine(day - timedelta(days=365 * shortest), time(), UTC)
        without = uow.clocks.closed_without(Kind.RETENTION, closed_before)
        following = uow.due.next(Kind.RETENTION, ended.before)
    over = (Due(one.case_id, clocks[one], tuple(hold for hold in held if hold.case_id == one.case_id)) for one in found)
    next_on = following[0].date() - timedelta(days=1) if following else None
    return Overdue(tuple(over), total, without, next_on, following[1] if following else 0)


def list_holds(*, uow: Reading, actor: Person) -> tuple[Hold, ...]:
    """Return the holds that stand, the oldest first."""
    require(actor, Action.VIEW_LEDGER)
    with uow:
        return tuple(standing(uow.ledger.governing(*STEPS)).values())


def hold(*, uow: Writing, actor: Person, at: datetime, case_id: str, reason: str, via: str = "app") -> Recorded:
    """Place a legal hold on a case, closed or not.

    :raises NoSuchCase: if there is none.
    :raises BadText: without a reason.
    """
    with uow:
        actor = present(uow, actor)
        event = holds.place(actor, reason, via)
        return _recorded(uow, uow.cases.get(case_id).case_id, event, actor, at)


def release(*, uow: Writing, actor: Person, at: datetime, hold: int, reason: str, via: str = "app") -> Recorded:
    """Lift a hold, by the event that placed it.

    :raises NoSuchHold: if it does not stand.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.HOLD)
        found = standing(uow.ledger.governing(*STEPS)).get(hold)
        if found is None:
            raise NoSuchHold(hold)
        return _recorded(uow, found.case_id, holds.lift(found, actor, reason, via), actor, at)


def _recorded(uow: Writing, case_id: str, event: Event, actor: Person, at: datetime) -> Recorded:
    row = uow.ledger.append(event, stream=case_id, user=actor.user_id, at=at)
    uow.commit()
    return row
