"""The QA draw: anybody can draw again, nobody can predict it, and no analyst is left out by the way cases are numbered."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.sampling import (
    BadDraw,
    Draw,
    Member,
    Rates,
    by_stratum,
    draw,
    from_record,
    picks_digest,
    population_digest,
    rates_digest,
    rates_in_force,
    require_period,
    sample_size,
    to_record,
)

JULY = (date(2026, 7, 1), date(2026, 7, 31))
RATES = Rates(default=100, sar=1000, new_analyst=1000)


def case_id(number: int) -> str:
    return f"C-26-{number:05}"


def seeded(number: int) -> str:
    return hashlib.sha256(number.to_bytes(4, "big")).hexdigest()


def plan(population: list[Member], *, seed: str = seeded(0), rates: Rates = RATES) -> Draw:
    return Draw("Q-2026-07-001", *JULY, rates, seed, tuple(population))


def rotation(size: int = 200) -> list[Member]:
    """Sequential ids, two analysts in rotation, as the original draw was measured on: it never picked one of the two."""
    return [Member(case_id(n), "No SAR", "Low", "ann" if n % 2 else "ben", False) for n in range(1, size + 1)]


def binomial_interval(n: int, p: float, alpha: float) -> tuple[int, int]:
    """Return the exact central interval of a binomial count: each tail holds at most ``alpha`` / 2."""
    masses = [math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
              + k * math.log(p) + (n - k) * math.log1p(-p)) for k in range(n + 1)]  # fmt: skip
    below, low = 0.0, 0
    while below + masses[low] <= alpha / 2:
        below, low = below + masses[low], low + 1
    above, high = 0.0, n
    while above + masses[high] <= alpha / 2:
        above, high = above + masses[high], high - 1
    return low, high


SEEDS = 600
ALPHA = 1e-4  # for every one of the intervals below


def test_each_case_of_each_analyst_is_drawn_as_often_as_chance_says() -> None:
    population = rotation(100)
    counts: Counter[str] = Counter()
    for number in range(SEEDS):
        counts.update(pick.case_id for pick in draw(plan(population, seed=seeded(number))))
    low, high = binomial_interval(SEEDS, 0.1, ALPHA)
    assert {member.case_id for member in population} == set(counts)
    assert all(low <= counts[member.case_id] <= high for member in population), counts


def test_in_one_stratum_the_share_of_each_analyst_lies_within_its_exact_interval_over_many_seeds() -> None:
    """Even where nothing but the ids tells the analysts apart, neither is favoured. The original draw took one of them."""
    population = [replace(member, analyst="all") for member in rotation(200)]
    even = sum(
        int(pick.case_id[-1]) % 2 == 0
        for number in range(SEEDS)
        for pick in draw(plan(population, seed=seeded(number)))
    )
    low, high = binomial_interval(SEEDS * 20, 0.5, ALPHA)  # wider than the exact hypergeometric one, which is narrower
    assert low <= even <= high
    assert even != SEEDS * 10, "the split must come from chance, not from a rule"


@pytest.mark.parametrize("number", range(20))
def test_both_analysts_and_both_odd_and_even_numbers_are_drawn(number: int) -> None:
    picks = draw(plan(rotation(), seed=seeded(number)))
    assert Counter(p.stratum.split(" · ")[2] for p in picks) == {"ann": 10, "ben": 10}
    assert {int(p.case_id[-1]) % 2 for p in picks} == {0, 1}


def test_the_next_draw_cannot_be_told_from_the_last() -> None:
    first = {p.case_id for p in draw(plan(rotation(), seed=seeded(1)))}
    second = {p.case_id for p in draw(plan(rotation(), seed=seeded(2)))}
    assert len(first & second) < 10


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(random: Random) -> None:
    population = rotation(60)
    expected = draw(plan(population))
    random.shuffle(population)
    assert draw(plan(population)) == expected
    assert population_digest(population) == population_digest(rotation(60))


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 50))
def test_a_larger_rate_keeps_every_earlier_pick(one: int, other: int, number: int) -> None:
    small, large = sorted((one, other))
    chosen = [
        {p.case_id for p in draw(plan(rotation(40), seed=seeded(number), rates=Rates(rate, 1000, 1000)))}
        for rate in (small, large)
    ]
    assert chosen[0] <= chosen[1]


def test_a_case_that_comes_late_displaces_at_most_one_pick_of_its_stratum() -> None:
    before = {p.case_id for p in draw(plan(rotation(200)))}
    late = Member(case_id(201), "No SAR", "Low", "ann", False)
    after = {p.case_id for p in draw(plan([*rotation(200), late]))}
    assert len(before - after) <= 1
    assert len(after - before) <= 2


def test_every_sar_and_every_case_of_a_new_analyst_is_drawn() -> None:
    population = [
        *rotation(100),
        *(Member(case_id(n), "SAR", "High", "ann", False) for n in range(201, 216)),
        *(Member(case_id(n), "No SAR", "Low", "neo", True) for n in range(301, 305)),
    ]
    picked = {p.case_id for p in draw(plan(population))}
    assert {case_id(n) for n in (*range(201, 216), *range(301, 305))} <= picked
    assert len(picked) == 15 + 4 + 5 + 5


@pytest.mark.parametrize(("members", "rate"), [(1, 100), (9, 100), (15, 100), (1000, 1), (7, 333), (40, 999)])
def test_the_share_of_a_stratum_is_rounded_down_or_up_as_often_as_chance_says(members: int, rate: int) -> None:
    sizes = [sample_size(plan([], seed=seeded(number)), "a stratum", members, rate) for number in range(SEEDS)]
    whole, part = divmod(members * rate, 1000)
    assert set(sizes) <= {whole, whole + 1}
    low, high = binomial_interval(SEEDS, part / 1000, ALPHA) if part else (0, 0)
    assert low <= sizes.count(whole + 1) <= high


@pytest.mark.parametrize(
    ("members", "rate", "drawn"), [(10, 100, 1), (20, 100, 2), (7, 1000, 7), (1, 1000, 1), (0, 100, 0)]
)
def test_a_share_without_a_fraction_is_not_rounded(members: int, rate: int, drawn: int) -> None:
    assert {sample_size(plan([], seed=seeded(n)), "a stratum", members, rate) for n in range(50)} == {drawn}


def test_each_stratum_is_rounded_by_a_hash_of_its_own() -> None:
    sizes = [[sample_size(plan([], seed=seeded(n)), stratum, 5, 100) for n in range(200)] for stratum in ("one", "two")]
    assert sizes[0] != sizes[1]


def test_the_rank_is_sha256_over_length_prefixed_parts() -> None:
    """Written out by hand, as an examiner would compute it."""
    (pick,) = draw(plan([Member("C-26-00001", "SAR", "Low", "ann", False)]))
    parts = ("casedesk.qa-draw/1", seeded(0), "2026-07-01/2026-07-31", "SAR · Low · ann", "case", "C-26-00001")
    framed = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    assert pick.rank == hashlib.sha256(framed).hexdigest()
    assert pick.place == 1


def test_no_character_moves_between_the_parts_unseen() -> None:
    one = draw(plan([Member("X1", "SAR", "Low", "ann", False)]))[0].rank
    other = draw(plan([Member("1", "SAR", "Low", "annX", False)]))[0].rank
    assert one != other


def test_the_counts_by_stratum_say_what_was_drawn() -> None:
    drawn = draw(plan(rotation(40)))
    counts = by_stratum(plan(rotation(40)), drawn)
    assert [(c.stratum, c.closed, c.per_mille, c.drawn) for c in counts] == [
        ("No SAR · Low · ann", 20, 100, 2),
        ("No SAR · Low · ben", 20, 100, 2),
    ]


def test_a_record_is_enough_to_draw_again() -> None:
    picks = draw(plan(rotation(50)))
    record = json.loads(json.dumps(to_record(plan(rotation(50)), picks)))
    again, recorded = from_record(record)
    assert draw(again) == recorded == picks


@pytest.mark.parametrize(
    "change",
    [
        {"format": "casedesk.qa-draw/2"},
        {"population": [["C-1"]]},
        {"population": [["C-1", "SAR", "High", 7, False]]},
        {"population": 5},
        {"rates": {"default": 100, "sar": 1000}},
        {"rates": {"default": "100", "sar": 1000, "new_analyst": 1000}},
        {"rates": None},
        {"period_from": "July"},
        {"picks": [["C-1"]]},
        {"seed": 5},
    ],
)
def test_a_damaged_record_is_refused_with_a_sentence(change: dict[str, object]) -> None:
    record = to_record(plan(rotation(4)), draw(plan(rotation(4)))) | change
    with pytest.raises(BadDraw, match=r"\.$"):
        draw(from_record(record)[0])


@pytest.mark.parametrize("part", ["seed", "rates", "population", "picks", "period_from", "draw_id"])
def test_a_record_that_lacks_a_part_is_refused(part: str) -> None:
    record = to_record(plan(rotation(4)), draw(plan(rotation(4))))
    del record[part]
    with pytest.raises(BadDraw, match="incomplete"):
        from_record(record)


@pytest.mark.parametrize("rate", [0, -1, 1001])
def test_a_rate_outside_its_range_is_refused(rate: int) -> None:
    with pytest.raises(BadDraw, match=r"between 0\.001 and 1"):
        rates_in_force(rate, date(2026, 7, 1))


def test_the_default_share_is_the_policys_and_the_full_strata_stay_whatever_share_is_asked() -> None:
    assert rates_in_force(None, date(2026, 7, 1)) == RATES
    assert rates_in_force(1, date(2026, 7, 1)) == Rates(1, 1000, 1000)


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    require_period(date(2026, 7, 1), date(2026, 7, 1))
    with pytest.raises(BadDraw, match="swap the two days"):
        require_period(date(2026, 7, 2), date(2026, 7, 1))


def test_every_figure_of_a_draw_is_in_one_of_its_digests() -> None:
    base = Member("C-1", "No SAR", "Low", "ann", False)
    for other in (
        replace(base, case_id="C-2"), replace(base, disposition="SAR"), replace(base, risk="High"),
        replace(base, analyst="ben"), replace(base, new_analyst=True),
    ):  # fmt: skip
        assert population_digest([other]) != population_digest([base])
    assert population_digest([base, base]) != population_digest([base])
    for rates in (replace(RATES, default=99), replace(RATES, sar=99), replace(RATES, new_analyst=99)):
        assert rates_digest(rates) != rates_digest(RATES)
    (pick,) = draw(plan([replace(base, disposition="SAR")]))
    for changed in (replace(pick, case_id="C-2"), replace(pick, stratum="x"), replace(pick, rank="0")):
        assert picks_digest([changed]) != picks_digest([pick])
