"""Retention: which cases are kept until when, and the legal holds that keep them longer. Nothing is removed here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from casedesk.domain import holds
from casedesk.domain.cases import Case, Disposition
from casedesk.domain.clocks import Clock, retention_clock
from casedesk.domain.events import Event
from casedesk.domain.holds import STEPS, Hold, NoSuchHold, standing
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["Due", "Hold", "NoSuchHold", "Overdue", "due", "hold", "list_holds", "release"]


@dataclass(frozen=True, slots=True)
class Due:
    """A closed case whose retention has ended, and what holds it nevertheless."""

    case_id: str
    clock: Clock
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Overdue:
    """The cases whose retention has ended, the longest first, and how many closed cases have no retention yet.

    ``without_filing`` counts reports that were decided and, as far as the desk knows, never filed: their period has not begun.
    """

    cases: tuple[Due, ...]
    without_filing: int


def due(*, uow: Reading, actor: Person, at: datetime, on: date | None = None) -> Overdue:
    """Return the cases whose retention has ended before a day, by default today."""
    require(actor, Action.VIEW_LEDGER)
    day = on or at.astimezone(UTC).date()
    with uow:
        held = standing(uow.ledger.governing(*STEPS)).values()
        policy = uow.cases.policy
        shortest = min(p.value for p in policy.values if p.name == "retention_years")
        closed_before = datetime.combine(day - timedelta(days=365 * shortest), time(), UTC)
        found = [(case, _clock(uow, case)) for case in map(uow.cases.get, uow.cases.closed_before(closed_before))]
    over = [
        Due(case.case_id, clock, tuple(one for one in held if one.case_id == case.case_id))
        for case, clock in found
        if clock is not None and clock.due_on < day
    ]
    over.sort(key=lambda one: (one.clock.due_on, one.case_id))
    return Overdue(tuple(over), sum(clock is None for _, clock in found))


def _clock(uow: Reading, case: Case) -> Clock | None:
    return retention_clock(
        closed_at=case.closed_at, reported=case.disposition is Disposition.SAR, history=uow.ledger.of(case.case_id),
        policy=case.policy,
    )  # fmt: skip


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
