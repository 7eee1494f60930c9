"""What falls due when: the due filter of the queue, and the calendar's counts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from casedesk.domain.cases import Disposition
from casedesk.domain.people import Role
from casedesk.services import calendar, casefile, queue, retention
from casedesk.services.calendar import NOBODY, Asked, Days, Kind, Page
from casedesk.services.queue import DUE, BadDue, Query, View
from tests.builders import TestDesk
from tests.services import filing_ways

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


def shown(desk: TestDesk, who: str, month: date, asked: Asked | None = None) -> Days:
    first, last = month.replace(day=1), calendar.following(month) - timedelta(days=1)
    return calendar.shown(
        uow=desk.reading(), actor=desk.people[who], at=NOON, first=first, last=last, asked=asked or Asked()
    )


def by_day(desk: TestDesk, who: str, month: date, asked: Asked | None = None) -> dict[date, int]:
    return {day: counts.total() for day, counts in shown(desk, who, month, asked).days.items()}


def lines(desk: TestDesk, who: str, due: str | tuple[date, date], asked: Asked | None = None, **more: Any) -> Page:
    return calendar.listed(uow=desk.reading(), actor=desk.people[who], at=NOON, due=due, asked=asked or Asked(), **more)


def test_the_calendar_counts_open_cases_by_day(any_desk: TestDesk) -> None:
    desk = any_desk
    first, second, third, closed = opened(desk, 0, 0, 30, 5)
    for case in (first, third, closed):
        desk.take("ann", case)
    desk.decide("ann", closed, Disposition.NO_SAR)

    def days(who: str, month: date, owner: str = "") -> dict[date, int]:
        return by_day(desk, who, month, Asked(frozenset({Kind.REPORT}), owner))

    assert days("mia", date(2026, 7, 15)) == {date(2026, 7, 1): 2, date(2026, 7, 31): 1}
    assert days("mia", date(2026, 8, 1)) == days("mia", date(2026, 6, 1)) == {}
    assert days("mia", TODAY, "mia") == {}
    assert days("mia", TODAY, "ann") == days("ann", TODAY)
    assert days("mia", TODAY, NOBODY) == {date(2026, 7, 1): 1}
    assert days("ann", TODAY) == {date(2026, 7, 1): 1, date(2026, 7, 31): 1}  # an analyst's calendar is their own
    assert calendar.pressing(uow=desk.reading(), actor=desk.people["ann"], at=NOON) == 1
    assert calendar.pressing(uow=desk.reading(), actor=desk.people["ben"], at=NOON) == 0
    assert second in [line.row.case_id for line in queue.list_page(
        uow=desk.reading(), actor=desk.people["ben"], at=NOON, query=Query(due="today")
    ).lines]  # fmt: skip


def test_what_is_ahead_is_counted_by_the_words_of_the_due_filter(desk: TestDesk) -> None:
    opened(desk, -40, -1, 0, 6, 7, 29, 30)
    found = shown(desk, "mia", TODAY)
    assert found.ahead == {"overdue": 2, "today": 1, "7": 2, "30": 4}
    assert set(found.ahead) == set(DUE)


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.ANALYST, False), (Role.MANAGER, True), (Role.QA, True), (Role.AUDITOR, True)]
)
def test_who_sees_everybodys_calendar(desk: TestDesk, role: Role, sees: bool) -> None:
    desk.hire(role, "me")
    assert calendar.sees_everybody(desk.people["me"]) is sees


def every_kind(desk: TestDesk) -> dict[str, str]:
    """A case of ann's for each kind of due date, by what is due."""
    filed = filing_ways.approved(desk, by="max")
    filing_ways.transmit(desk, filing_ways.produce(desk).batch.batch_id)
    filing_ways.answer(desk, filing_ways.acknowledgement("31000055053784"), tracking_id="TRK-1")
    cases = {"filed": filed, "kept": desk.closed("K-1"), "cash": desk.open("K-1", rule="cash_aggregation")}
    desk.take("ann", cases["cash"])
    return cases


YEARS = (date(2026, 7, 1), date(2032, 1, 1))
ALL = {
    ("filed", Kind.CONTINUING),
    ("filed", Kind.RETENTION),
    ("kept", Kind.RETENTION),
    ("cash", Kind.REPORT),
    ("cash", Kind.CTR),
}


@pytest.mark.parametrize(
    ("who", "hidden"),
    [
        ("mia", set()),
        ("otto", set()),
        ("queenie", {Kind.RETENTION}),
        ("ann", {Kind.RETENTION}),  # it is her case: she knows what she decided
        ("ben", set(Kind)),
    ],
)
def test_no_list_or_count_tells_of_a_report_to_whom_it_is_not_to_be_told(
    desk: TestDesk, who: str, hidden: set[Kind]
) -> None:
    cases = {case_id: name for name, case_id in every_kind(desk).items()}
    expected = {one for one in ALL if one[1] not in hidden}
    for asked in (Asked(), Asked(frozenset(Kind)), Asked(frozenset(Kind), "ann")):
        found = lines(desk, who, YEARS, asked, limit=None)
        assert {(cases[line.case.case_id], line.kind) for line in found.lines} == expected
        assert found.total == len(expected)
        counted = calendar.shown(
            uow=desk.reading(), actor=desk.people[who], at=NOON, first=YEARS[0], last=YEARS[1], asked=asked
        )
        assert {kind for counts in counted.days.values() for kind in counts} == {kind for _, kind in expected}
        assert counted.total == len(expected)
    only = lines(desk, who, YEARS, Asked(frozenset({Kind.CONTINUING, Kind.RETENTION})), limit=None)
    assert {line.kind for line in only.lines} == {kind for _, kind in expected} & {Kind.CONTINUING, Kind.RETENTION}


def test_every_line_says_from_which_event_by_which_rule_and_policy(any_desk: TestDesk) -> None:
    every_kind(any_desk)
    found = lines(any_desk, "mia", YEARS, limit=None).lines
    assert [line.clock.due_on for line in found] == sorted(line.clock.due_on for line in found)
    said = {line.kind: line.clock.explain() for line in found}
    for case_id in {line.case.case_id for line in found}:
        file = casefile.read(uow=any_desk.reading(), actor=any_desk.people["mia"], case_id=case_id)
        whole = {file.case.clock, *file.clocks}
        assert {line.clock for line in found if line.case.case_id == case_id} <= whole
    assert re.fullmatch(
        r"Due 16 Jul 2026: 15 calendar days after 1 Jul 2026 \(event \d+, cash of a business day in A-\w+\); "
        r"31 CFR 1010\.306\(a\)\(1\), policy ctr_days v1\.", said[Kind.CTR],
    ), said[Kind.CTR]  # fmt: skip


def test_a_list_comes_in_pages_and_one_of_a_day_or_of_what_is_overdue_holds_no_other(desk: TestDesk) -> None:
    opened(desk, -3, -1, 0, 6, 20)
    every_kind(desk)
    whole = lines(desk, "mia", YEARS, limit=None)
    pages = [lines(desk, "mia", YEARS, start=start, limit=3) for start in range(0, whole.total, 3)]
    assert tuple(line for page in pages for line in page.lines) == whole.lines
    assert {line.clock.due_on for line in lines(desk, "mia", "2026-07-07").lines} == {date(2026, 7, 7)}
    late = lines(desk, "mia", "overdue")
    assert [line.clock.due_on for line in late.lines] == [date(2026, 6, 28), date(2026, 6, 30)]
    assert late.total == shown(desk, "mia", TODAY).ahead["overdue"] == 2


def test_records_past_their_last_day_are_nobodys_delay_and_what_holds_them_is_named(desk: TestDesk) -> None:
    kept = desk.closed()
    hold = retention.hold(
        uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), case_id=kept, reason="Civil action 26-114, counsel's."
    ).event_id  # fmt: skip
    later = NOON + timedelta(days=6 * 366)
    (line,) = lines(desk, "mia", "2031-07-01").lines
    assert (line.kind, line.holds) == (Kind.RETENTION, (hold,))
    found = calendar.listed(uow=desk.reading(), actor=desk.people["mia"], at=later, due="overdue", asked=Asked())
    assert found.total == calendar.pressing(uow=desk.reading(), actor=desk.people["mia"], at=later) == 0


@pytest.mark.parametrize("few", [0, 200])
def test_a_week_has_the_first_lines_of_each_day_however_they_are_read(
    desk: TestDesk, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "_FEW", few)
    opened(desk, -1, -1, -1, 1, 4)
    every_kind(desk)
    monday, sunday = date(2026, 6, 29), date(2026, 7, 5)
    mia = desk.people["mia"]
    days = calendar.shown(uow=desk.reading(), actor=mia, at=NOON, first=monday, last=sunday, asked=Asked())
    pages = calendar.by_day(uow=desk.reading(), actor=mia, at=NOON, days=days, asked=Asked(), most=2)
    assert {day: page.total for day, page in pages.items()} == {date(2026, 6, 30): 3, date(2026, 7, 2): 1, sunday: 1}
    for day, page in pages.items():
        assert page.lines == lines(desk, "mia", day.isoformat()).lines[:2]
