"""Words and severities: plain, bounded, and never a conclusion."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.detection.rule import Evidence
from casedesk.detection.rules import RULES
from casedesk.detection.sentences import counted, instant, listed, moment, when
from casedesk.detection.severity import excess, severity
from casedesk.domain.countries import COUNTRIES
from tests.detection.bank import NOON


@given(st.integers(0, 100), st.integers(0, 10**15), st.integers(0, 10**6))
def test_severity_stays_within_its_bounds_and_never_falls(start: int, above: int, more: int) -> None:
    assert start <= severity(start, above) <= severity(start, above + more) <= 100


@given(st.integers(0, 10**18), st.integers(1, 10**18), st.integers(0, 10**6))
def test_excess_starts_at_the_limit_and_never_falls(observed: int, limit: int, more: int) -> None:
    assert 0 <= excess(observed, limit) <= excess(observed + more, limit)
    assert (excess(observed, limit) == 0) == (observed < limit + -(-limit // 1000))


def test_twice_the_threshold_takes_half_of_what_is_left() -> None:
    assert [severity(50, excess(count, 5)) for count in (5, 10, 15, 20)] == [50, 75, 83, 87]


def test_times_are_said_once_where_they_agree() -> None:
    assert when(NOON, NOON + timedelta(seconds=59)) == "at 12:00 UTC on 4 Nov 2026"
    assert when(NOON, NOON + timedelta(minutes=1)) == "between 12:00 and 12:01 UTC on 4 Nov 2026"
    assert when(NOON, NOON + timedelta(days=1)) == "between 12:00 UTC on 4 Nov 2026 and 12:00 UTC on 5 Nov 2026"
    assert moment(instant(0)) == "00:00 UTC on 1 Jan 1970"
    assert moment(instant(-1)) == "23:59 UTC on 31 Dec 1969"


def test_counts_and_lists_read_as_english() -> None:
    assert (counted(1, "transaction"), counted(1204, "transaction")) == ("1 transaction", "1,204 transactions")
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefghijklmn")) == "a, b, c, d, e, f, g, h, i, j, k, l and 2 more"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_longest_sentence_fits_its_column_and_draws_no_conclusion(rule: object) -> None:
    episode = tuple(
        Evidence(f"T{n}", n * 3_600_000_000, 10**17, "in", "CASH" if n % 2 else "WIRE", country, True, 10**9, 10)
        for n, country in enumerate(COUNTRIES)
    )
    sentence = rule.explain(episode, "USD").sentence  # type: ignore[attr-defined]
    assert len(sentence) < 500
    assert sentence.endswith(".")
    for word in ("suspicious", "SAR", "launder", "crime", "illegal", "fraud", "evade"):
        assert word.lower() not in sentence.lower()
