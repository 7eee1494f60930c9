"""Clocks: which day a report, a review or a currency report is due, until when a case is kept, and why."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain import clocks
from casedesk.domain.alerts import Alert
from casedesk.domain.clocks import Filed, Kind, continuing_clocks, ctr_clocks, retention_clock, sar_clock
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import canonical
from casedesk.domain.policy import PARAMETERS, NoPolicy, Parameter, Policy, in_force


def due(year: int, month: int, day: int, *, known: bool = True, hour: int = 12) -> date:
    at = datetime(year, month, day, hour, tzinfo=UTC)
    return sar_clock(suspicion_at=at, suspect_identified=known, source="event 1").due_on


@pytest.mark.parametrize(
    ("detected", "known", "expected"),
    [
        ((2026, 7, 1), True, date(2026, 7, 31)),
        ((2026, 7, 1), False, date(2026, 8, 30)),
        ((2026, 1, 31), True, date(2026, 3, 2)),  # over the end of a short month
        ((2026, 1, 30), True, date(2026, 3, 1)),
        ((2028, 1, 30), True, date(2028, 2, 29)),  # a leap day
        ((2028, 2, 29), True, date(2028, 3, 30)),
        ((2028, 2, 29), False, date(2028, 4, 29)),
        ((2027, 12, 31), True, date(2028, 1, 30)),  # over the end of a year
        ((2027, 12, 31), False, date(2028, 2, 29)),
    ],
)
def test_a_report_is_due_30_calendar_days_after_detection_and_60_without_a_suspect(
    detected: tuple[int, int, int], known: bool, expected: date
) -> None:
    assert due(*detected, known=known) == expected


def test_the_day_is_the_day_in_utc() -> None:
    last = datetime(2026, 7, 1, 23, 59, 59, 999999, tzinfo=UTC)
    first = last + timedelta(microseconds=1)
    assert sar_clock(suspicion_at=last, suspect_identified=True, source="").due_on == date(2026, 7, 31)
    assert sar_clock(suspicion_at=first, suspect_identified=True, source="").due_on == date(2026, 8, 1)


def test_the_same_instant_in_another_zone_is_due_on_the_same_day() -> None:
    here = datetime(2026, 7, 1, 22, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert sar_clock(suspicion_at=here, suspect_identified=True, source="").due_on == date(2026, 8, 1)


def test_the_whole_of_the_due_day_still_counts() -> None:
    clock = sar_clock(suspicion_at=datetime(2026, 7, 1, 9, tzinfo=UTC), suspect_identified=True, source="")
    assert clock.due_at == datetime(2026, 8, 1, tzinfo=UTC)


def test_the_clock_names_the_event_the_rule_and_the_version_of_the_policy() -> None:
    clock = sar_clock(
        suspicion_at=datetime(2026, 7, 1, tzinfo=UTC), suspect_identified=False, source="event 15, suspicion date set"
    )
    assert clock.explain() == (
        "Due 30 Aug 2026: 60 calendar days after 1 Jul 2026 (event 15, suspicion date set); 31 CFR 1020.320(b)(3), "
        "policy sar_days_suspect_unknown v1."
    )
    assert (clock.rule.source, clock.rule.version, clock.started_on) == ("31 CFR 1020.320(b)(3)", 1, date(2026, 7, 1))


def test_a_date_before_the_first_rule_is_refused_with_a_sentence() -> None:
    with pytest.raises(NoPolicy, match=r"No policy value .* was in force on 1996-03-31\."):
        due(1996, 3, 31)
    assert due(1996, 4, 1) == date(1996, 5, 1)


@given(st.integers(0, 100 * 365 * 86_400), st.booleans())
def test_the_due_date_lies_exactly_that_many_days_after_the_utc_day(seconds: int, known: bool) -> None:
    at = datetime(1996, 4, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    clock = sar_clock(suspicion_at=at, suspect_identified=known, source="")
    assert clock.due_on.toordinal() - at.date().toordinal() == (30 if known else 60)


def test_the_value_of_the_newest_day_that_has_come_is_in_force() -> None:
    assert in_force("due_soon_days", date(2026, 1, 1)).value == 7
    with pytest.raises(NoPolicy):
        in_force("due_soon_days", date(2025, 12, 31))


def test_every_policy_value_has_a_source_and_the_versions_of_a_name_count_up_with_their_days() -> None:
    names = {p.name for p in PARAMETERS}
    for name in names:
        values = [p for p in PARAMETERS if p.name == name]
        assert [p.version for p in values] == list(range(1, len(values) + 1))
        assert [p.valid_from for p in values] == sorted({p.valid_from for p in values})
        assert all(p.source and p.unit for p in values)


def happened(event_id: int, action: str, at: datetime, meta: str = "{}") -> Recorded:
    return Recorded(event_id, "C-1", event_id, canonical(at), "ann", action, "", meta, "", "", "", "", "", b"")


CLOSED_AT = datetime(2026, 7, 1, 17, tzinfo=UTC)
CLOSED = (happened(7, "disposition_set", CLOSED_AT), happened(9, "review_passed", CLOSED_AT + timedelta(days=1)))


def test_a_case_closed_without_a_report_is_kept_for_five_years_from_closing() -> None:
    clock = retention_clock(closed_at=CLOSED_AT, reported=False, history=CLOSED)
    assert clock is not None
    assert clock.explain() == (
        "Kept until 1 Jul 2031: 5 calendar years after 1 Jul 2026 (event 7, closed without a report); 31 CFR 1020.320(d) and "
        "1010.430(d), policy retention_years v1."
    )
    assert (clock.due_at, clock.kind) == (datetime(2031, 7, 2, tzinfo=UTC), Kind.RETENTION)
    assert retention_clock(closed_at=None, reported=False, history=CLOSED) is None


@pytest.mark.parametrize(
    ("closed", "until"), [(date(2024, 2, 29), date(2029, 3, 1)), (date(2024, 3, 1), date(2029, 3, 1))]
)
def test_five_years_from_a_leap_day_end_on_the_first_of_march(closed: date, until: date) -> None:
    at = datetime(closed.year, closed.month, closed.day, 9, tzinfo=UTC)
    clock = retention_clock(closed_at=at, reported=False, history=[happened(1, "disposition_set", at)])
    assert clock is not None
    assert clock.due_on == until


def test_an_approval_is_no_filing_and_starts_no_period() -> None:
    history = [happened(7, "disposition_set", CLOSED_AT), happened(8, "disposition_approved", CLOSED_AT)]
    assert retention_clock(closed_at=CLOSED_AT, reported=True, history=history) is None
    assert clocks.filings(history) == ()
    assert continuing_clocks(()) == ()


def way(filing: str, first: int, sent: date, *steps: str, test: bool = False) -> list[Recorded]:
    """The events of a report on its way; it was answered a week after it was sent."""
    at = datetime(sent.year, sent.month, sent.day, 9, tzinfo=UTC)
    meta = json.dumps({"filing_id": filing, "test": test})
    return [happened(first + n, step, at + timedelta(days=7 * (n > 1)), meta) for n, step in enumerate(steps)]


SENT = ("filing_produced", "filing_transmitted")
TAKEN = (*SENT, "filing_acknowledged")


@pytest.mark.parametrize(
    ("steps", "test"),
    [(SENT[:1], False), (SENT, False), ((*SENT, "filing_rejected"), False), (TAKEN, True)],
    ids=["produced", "sent", "rejected", "a test"],
)
def test_what_was_not_taken_was_not_filed(steps: tuple[str, ...], test: bool) -> None:
    assert clocks.filings(way("F-1", 8, date(2026, 7, 20), *steps, test=test)) == ()


def test_the_last_filing_starts_the_periods_of_a_reported_case() -> None:
    history = [
        happened(7, "disposition_approved", CLOSED_AT),
        *way("F-1", 8, date(2026, 7, 20), *TAKEN),
        *way("F-2", 11, date(2026, 7, 10), *TAKEN),
    ]
    kept = retention_clock(closed_at=CLOSED_AT, reported=True, history=history)
    assert kept is not None
    assert (kept.due_on, kept.source_event) == (date(2031, 7, 20), 10)
    (report,) = continuing_clocks(clocks.filings(history))
    assert (report.due_on, report.kind, report.source) == (
        date(2026, 11, 17), Kind.CONTINUING, "event 10, report filed"
    )  # fmt: skip


@pytest.mark.parametrize(("filed", "kinds"), [(date(2025, 10, 8), 2), (date(2025, 10, 9), 1)])
def test_a_separate_review_is_optional_since_the_faqs_of_9_october_2025(filed: date, kinds: int) -> None:
    found = continuing_clocks([Filed(filed, 5)])
    assert [(one.due_on - filed).days for one in found] == [90, 120][-kinds:]


def test_a_bank_may_keep_the_separate_review_for_reports_filed_after_it_said_so() -> None:
    own = Policy([Parameter("continuing_review", 1, "1 separate, 0 optional", date(2026, 1, 1), 3, "Board", event=10)])
    assert [len(continuing_clocks([Filed(date(2026, 7, 1), event)], own)) for event in (9, 10, 11)] == [1, 1, 2]


def cash(amount_minor: int, start: datetime, parameters: str = "{}", rule: str = "cash_aggregation") -> Alert:
    return Alert("A-1", rule, "1", parameters, "K-1", "K-1/1", start, start, ("T-1",), amount_minor, 50, "Cash.")


JOINED = (
    happened(3, "alert_attached", CLOSED_AT, '{"alert_id":"A-1"}'),
    happened(4, "alert_grown", CLOSED_AT, '{"alert_id":"A-1"}'),
)


@pytest.mark.parametrize(
    ("amount_minor", "start", "offset", "due_on"),
    [
        (10_000_01, datetime(2026, 7, 1, 9, tzinfo=UTC), 0, date(2026, 7, 16)),
        (10_000_00, datetime(2026, 7, 1, 9, tzinfo=UTC), 0, None),  # 10,000.00 is not more than 10,000
        (10_000_01, datetime(2026, 7, 4, 9, tzinfo=UTC), 0, date(2026, 7, 21)),  # a Saturday's counts to Monday
        (10_000_01, datetime(2026, 7, 5, 23, 59, tzinfo=UTC), 0, date(2026, 7, 21)),
        (10_000_01, datetime(2026, 7, 1, 3, tzinfo=UTC), -300, date(2026, 7, 15)),  # still Tuesday in New York
    ],
)
def test_a_currency_report_is_due_15_days_after_the_business_day_whose_cash_exceeds_the_line(
    amount_minor: int, start: datetime, offset: int, due_on: date | None
) -> None:
    found = list(ctr_clocks([cash(amount_minor, start, f'{{"day_offset_minutes":{offset}}}')], JOINED))
    assert [one.due_on for one in found] == ([due_on] if due_on else [])
    assert all(one.source == "event 3, cash of a business day in A-1" for one in found)


def test_only_cash_that_was_added_up_starts_a_currency_report() -> None:
    at = datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert list(ctr_clocks([cash(20_000_00, at, rule="structuring")], JOINED)) == []
    assert list(ctr_clocks([cash(20_000_00, at)], ())) == []  # of another case
