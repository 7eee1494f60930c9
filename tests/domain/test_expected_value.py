"""The order by expected value: whole numbers that order cases as the formula does, on any day."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from casedesk.domain.expected_value import HALVING_DAYS, at_stake, value_rank
from casedesk.exports.verifier import verify

START = datetime(2026, 7, 1, tzinfo=UTC)
CASES = st.tuples(st.integers(0, 100), st.integers(0, 10**15), st.integers(-400, 400))


def weight(case: tuple[int, int, int], today: int) -> float:
    severity, amount, due = case
    return max(1, severity * amount) * 2.0 ** (-(due - today) / HALVING_DAYS)


@settings(max_examples=300, deadline=None)
@given(CASES, CASES, st.integers(-800, 800))
def test_the_rank_orders_as_the_formula_does_whatever_day_it_is(
    one: tuple[int, int, int], other: tuple[int, int, int], today: int
) -> None:
    ranks = [value_rank(severity, amount, START + timedelta(days=due)) for severity, amount, due in (one, other)]
    apart = math.log2(weight(one, today)) - math.log2(weight(other, today))
    if abs(apart) > 0.03:  # both roundings, in hundredths of a doubling, and the float's own
        assert (apart > 0) == (ranks[0] < ranks[1])


def test_a_week_nearer_is_as_good_as_twice_the_amount_and_the_verifier_agrees() -> None:
    due = START + timedelta(days=30)
    assert value_rank(50, 1_000_000, due) == value_rank(50, 2_000_000, due + timedelta(days=7))
    assert value_rank(50, 1_000_000, due) == value_rank(100, 500_000, due)
    assert at_stake(70, 1_900_000) == 1_330_000
    for severity, amount in ((0, 0), (1, 1), (77, 123_456_789), (100, 10**15)):
        assert verify.value_rank(severity, amount, "2026-07-31T00:00:00.000000Z") == value_rank(severity, amount, due)
