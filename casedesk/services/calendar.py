"""The calendar: how many open cases fall due on which day, one's own or everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from casedesk.domain.people import Action, Person, may, require
from casedesk.services.queue import DUE, OVERDUE, due_span
from casedesk.store.unit_of_work import Reading


@dataclass(frozen=True, slots=True)
class Month:
    """One month. Days in UTC; a day on which nothing falls due is left out of ``days``.

    ``ahead`` counts what is overdue and what falls due within so many days, by the words of ``services.queue.DUE``.
    """

    first: date
    days: dict[date, int]
    ahead: dict[str, int]
    soon_days: int


def month(*, uow: Reading, actor: Person, at: datetime, first: date, mine: bool) -> Month:
    """Return what falls due in a month.

    :param first: any day of the month.
    :param mine: only what the actor holds; who only works on cases of their own is shown no other.
    """
    require(actor, Action.VIEW_CASE)
    first = first.replace(day=1)
    owner = actor.user_id if mine or not sees_everybody(actor) else ""
    end = _midnight(following(first)) + timedelta(days=1)  # of the last day's first instant after
    with uow:
        in_month = uow.queue.due_counts(end, after=_midnight(first) + timedelta(days=1), owner=owner)
        latest = max(due_span(name, at)[1] for name in DUE)
        near = uow.queue.due_counts(latest, owner=owner)
        soon = uow.cases.policy.in_force("due_soon_days", at.date()).value
    ahead = {name: sum(n for due, n in near.items() if _within(due, name, at)) for name in DUE}
    return Month(first, {due.date() - timedelta(days=1): n for due, n in in_month.items()}, ahead, soon)


def sees_everybody(actor: Person) -> bool:
    """Say whether the whole desk's calendar is the actor's to look at: a manager's, a reviewer's, an auditor's."""
    return may(actor.role, Action.SEE_DECISIONS)


def pressing(*, uow: Reading, actor: Person, at: datetime) -> int:
    """Count what is overdue or falls due today: what the actor holds, and for managers what is overdue with anybody."""
    require(actor, Action.VIEW_CASE)
    with uow:
        mine = uow.queue.due_counts(due_span("today", at)[1], owner=actor.user_id)
        everybody = uow.queue.due_counts(at) if may(actor.role, Action.ASSIGN) else {}
    return sum((mine | everybody).values())


def following(first: date) -> date:
    """Return the first day of the next month."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def _within(due: datetime, name: str, at: datetime) -> bool:
    after, before = due_span(name, at)
    return (after is None or due >= after) and due < before


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


__all__ = ["DUE", "OVERDUE", "Month", "following", "month", "pressing", "sees_everybody"]
