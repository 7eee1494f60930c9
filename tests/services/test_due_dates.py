"""What falls due when: the due filter of the queue, and the calendar's counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from casedesk.domain.cases import Disposition
from casedesk.domain.people import Role
from casedesk.services import calendar, queue
from casedesk.services.queue import DUE, BadDue, Query, View
from tests.builders import TestDesk

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
TODAY = NOON.date()


@pytest.mark.parametrize(
    ("due", "days"),
    [
        ("overdue", {-2, -1}),
        ("today", {0}),
        ("7", set(range(7))),
        ("30", set(range(30))),
        ("2026-07-01", {0}),
        ("2026-07-09", {8}),
        ("2026-06-30", {-1}),
    ],
)
@pytest.mark.parametrize(
    "at", [NOON, datetime(2026, 7, 1, 0, 0, 0, 1, UTC), datetime(2026, 7, 1, 23, 59, 59, 999999, UTC)]
)
def test_a_case_falls_due_when_its_due_day_is_the_one_asked_for(due: str, days: set[int], at: datetime) -> None:
    after, before = queue.due_span(due, at)
    found = set()
    for day in range(-2, 40):
        due_at = datetime(2026, 7, 2, tzinfo=UTC) + timedelta(days=day)  # the first instant after the due day
        if (after is None or due_at >= after) and due_at < before:
            found.add(day)
    assert found == days


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30", "8", "9999-12-31"])
def test_what_is_no_due_date_is_refused(text: str) -> None:
    with pytest.raises(BadDue, match=f"“{text}” is neither overdue, today, 7, 30 nor a day such as 2026-12-05"):
        queue.due_span(text, NOON)


def opened(desk: TestDesk, *days: int) -> list[str]:
    """Open a case due in so many days, each."""
    return [desk.open(raised_at=NOON + timedelta(days=day - 30)) for day in days]


def test_the_queue_lists_what_falls_due_and_counts_it(any_desk: TestDesk) -> None:
    late, now, soon, far = opened(any_desk, -3, 0, 6, 20)
    cases = {"overdue": [late], "today": [now], "7": [now, soon], "30": [now, soon, far], "2026-07-21": [far], "": 4}
    for due, expected in cases.items():
        found = queue.list_page(
            uow=any_desk.reading(), actor=any_desk.people["ann"], at=NOON, query=Query(due=due), limit=10
        )
        assert [line.row.case_id for line in found.lines] == (expected if due else [late, now, soon, far])
        assert found.total == len(found.lines)
    assert found.counters[View.DUE_SOON] == 2  # the view of 7 days and the filter agree


def test_the_calendar_counts_open_cases_by_day(any_desk: TestDesk) -> None:
    desk = any_desk
    first, second, third, closed = opened(desk, 0, 0, 30, 5)
    for case in (first, third, closed):
        desk.take("ann", case)
    desk.decide("ann", closed, Disposition.NO_SAR)

    def days(who: str, month: date, *, mine: bool = False) -> dict[date, int]:
        return calendar.month(uow=desk.reading(), actor=desk.people[who], at=NOON, first=month, mine=mine).days

    assert days("mia", date(2026, 7, 15)) == {date(2026, 7, 1): 2, date(2026, 7, 31): 1}
    assert days("mia", date(2026, 8, 1)) == days("mia", date(2026, 6, 1)) == {}
    assert days("mia", TODAY, mine=True) == {}
    assert days("ann", TODAY) == {date(2026, 7, 1): 1, date(2026, 7, 31): 1}  # an analyst's calendar is their own
    assert calendar.pressing(uow=desk.reading(), actor=desk.people["ann"], at=NOON) == 1
    assert calendar.pressing(uow=desk.reading(), actor=desk.people["ben"], at=NOON) == 0
    assert second in [line.row.case_id for line in queue.list_page(
        uow=desk.reading(), actor=desk.people["ben"], at=NOON, query=Query(due="today")
    ).lines]  # fmt: skip


def test_what_is_ahead_is_counted_by_the_words_of_the_due_filter(desk: TestDesk) -> None:
    opened(desk, -40, -1, 0, 6, 7, 29, 30)
    found = calendar.month(uow=desk.reading(), actor=desk.people["mia"], at=NOON, first=TODAY, mine=False)
    assert found.ahead == {"overdue": 2, "today": 1, "7": 2, "30": 4}
    assert set(found.ahead) == set(DUE)


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.ANALYST, False), (Role.MANAGER, True), (Role.QA, True), (Role.AUDITOR, True)]
)
def test_who_sees_everybodys_calendar(desk: TestDesk, role: Role, sees: bool) -> None:
    desk.hire(role, "me")
    assert calendar.sees_everybody(desk.people["me"]) is sees
