"""The SAR clock: which day a report is due, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.clocks import sar_clock
from casedesk.domain.policy import PARAMETERS, NoPolicy, in_force


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
