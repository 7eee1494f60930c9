"""Reminders: once a day, to whom a case is due and to the managers what is overdue, with a log in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from casedesk.domain.cases import Disposition
from casedesk.domain.clocks import Kind
from casedesk.domain.events import DESK, RemindersGiven
from casedesk.domain.holds import STEPS, standing
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import canonical
from casedesk.domain.people import Action, Person, require
from casedesk.domain.reminders import SUBJECT, Item, Notice, plan
from casedesk.services.steps import present
from casedesk.store.due_reader import Case, Due, Span
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["SUBJECT", "Given", "Item", "Notice", "give", "log"]


@dataclass(frozen=True, slots=True)
class Given:
    """One line of the log: somebody was told of a case."""

    event_id: int
    ts: str  # canonical time
    day: str
    user_id: str
    case_id: str


def give(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    deliver: Callable[[Sequence[Notice], int], None] | None = None,
    via: str = "app",
) -> tuple[Notice, ...]:
    """Remind everybody of what falls due and was not said today; what was is not said again.

    :param deliver: is given the notices and the number of the event that logs them, before they are logged: if it fails,
        nothing was given. Whoever is reminded twice because the log then failed is better off than who is not at all.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.REMIND)
        today = at.astimezone(UTC).date()
        given = {(one.user_id, one.case_id) for one in _lines(_of_day(uow, today))}
        people, policy = uow.people.all(), uow.cases.policy
        last = today + timedelta(days=policy.in_force("remind_days_before", today).value)
        notices = plan(_items(uow, today, last), people, today, policy, given)
        if notices:
            row = uow.ledger.append(_event(notices, today, via), stream=DESK, user=actor.user_id, at=at)
            if deliver is not None:
                deliver(notices, row.event_id)
            uow.commit()
    return notices


def log(*, uow: Reading, actor: Person, day: date) -> tuple[Given, ...]:
    """Return who was told of what on a day, in the order of the ledger."""
    require(actor, Action.VIEW_LEDGER)
    with uow:
        return tuple(_lines(_of_day(uow, day)))


def _of_day(uow: Reading | Writing, day: date) -> tuple[Recorded, ...]:
    since = canonical(datetime.combine(day, time(), UTC))
    found = uow.ledger.desk_since(since, RemindersGiven.action)
    return tuple(event for event in found if event.data["day"] == day.isoformat())


def _lines(events: Sequence[Recorded]) -> Iterator[Given]:
    for event in events:
        for users, case_ids in event.data["given"]:
            for user in users:
                for case_id in case_ids:
                    yield Given(event.event_id, event.ts, event.data["day"], user, case_id)


def _items(uow: Writing, today: date, last: date) -> tuple[Item, ...]:
    """Return what falls due up to a day or is overdue, whatever kind of due date it is.

    Records need not be kept any longer after their last day, and nobody is late then: managers are reminded up to that day, and
    not of what a legal hold keeps.
    """
    before = _due_at(last + timedelta(days=1))
    kept = uow.due.page((Kind.RETENTION,), Span(before, _due_at(today)))
    held = {hold.case_id for hold in standing(uow.ledger.governing(*STEPS)).values()} if kept else set()
    work = uow.due.page([kind for kind in Kind if kind is not Kind.RETENTION], Span(before))
    found = (*work, *(one for one in kept if one.case_id not in held))
    about = uow.due.cases([one.case_id for one in found])
    return tuple(_item(one, about[one.case_id]) for one in found)


def _item(one: Due, case: Case) -> Item:
    waits = one.kind is Kind.RETENTION or (one.kind is Kind.REPORT and case.disposition == Disposition.SAR.value)
    return Item(case.case_id, one.due_at.date() - timedelta(days=1), case.owner, waits)


def _due_at(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _event(notices: Sequence[Notice], day: date, via: str) -> RemindersGiven:
    """Say it once for people who were told the same."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for notice in notices:
        groups.setdefault(tuple(dict.fromkeys(item.case_id for item in notice.items)), []).append(notice.person.user_id)
    given = tuple((tuple(users), case_ids) for case_ids, users in groups.items())
    return RemindersGiven(day=day.isoformat(), given=given, via=via)
