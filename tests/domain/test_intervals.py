from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.intervals import none_found_size, proportion


@pytest.mark.parametrize(("percent", "size"), [(5, 59), (2, 149), (1, 299)])
def test_none_found_needs_the_sample_sizes_auditors_know(percent: int, size: int) -> None:
    assert none_found_size(Fraction(percent, 100)) == size


@given(st.integers(1, 40), st.integers(1, 60))
def test_one_fewer_would_not_do(numerator: int, more: int) -> None:
    share = Fraction(numerator, numerator + more)
    size = none_found_size(share)
    assert (1 - share) ** size <= Fraction(5, 100)
    assert size == 1 or (1 - share) ** (size - 1) > Fraction(5, 100)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (1, 10, 0.0025, 0.4450), (5, 10, 0.1871, 0.8129), (3, 50, 0.0125, 0.1655)],
)  # fmt: skip
def test_the_interval_is_clopper_and_pearsons(hits: int, of: int, low: float, high: float) -> None:
    found = proportion(hits, of)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def tail(hits: range, of: int, p: Fraction) -> Fraction:
    return sum((comb(of, k) * p**k * (1 - p) ** (of - k) for k in hits), start=Fraction(0))


@given(st.integers(1, 60).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_each_end_leaves_two_and_a_half_percent_beyond_it(drawn: tuple[int, int]) -> None:
    hits, of = drawn
    found = proportion(hits, of)
    assert 0 <= found.low <= hits / of <= found.high <= 1
    if hits:
        assert float(tail(range(hits, of + 1), of, Fraction(found.low))) == pytest.approx(0.025, rel=1e-6)
    if hits < of:
        assert float(tail(range(hits + 1), of, Fraction(found.high))) == pytest.approx(0.025, rel=1e-6)


def test_nothing_to_judge_by_says_so() -> None:
    nothing = proportion(0, 0)
    assert (nothing.low, nothing.high, nothing.share) == (0.0, 1.0, None)
    assert str(nothing) == "none decided"
    assert str(proportion(3, 50)) == "3 of 50 (1.3 % to 16.5 %)"


@pytest.mark.parametrize(("hits", "of"), [(-1, 3), (4, 3)])
def test_what_is_no_share_is_refused(hits: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        proportion(hits, of)
