"""The sample below a line: what it depends on, what it does not, and what its yields count."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.intervals import proportion
from casedesk.domain.line_sampling import (
    BadLineTest,
    Band,
    Episode,
    LineTest,
    draw,
    from_record,
    picks_digest,
    placed_digest,
    population_digest,
    to_record,
)
from casedesk.domain.line_yields import Apart, Placement, Standing, band_yields

AT = "2026-07-01T09:00:00.000000Z"
SEED = "5e" * 32


def episode(customer: int, number: int = 0, band: int = 0) -> Episode:
    alert_id = f"A-{band}-{customer}-{number}"
    return Episode(alert_id, f"K-{customer}/1", f"K-{customer}", AT, AT, 100, 50, "Found.", (f"T-{alert_id}", "x"))


def band(*episodes: Episode, size: int = 5) -> Band:
    return Band({"count": 4}, '{"count":4}', "0" * 64, size, "", episodes)


def line_test(*bands: Band, seed: str = SEED) -> LineTest:
    return LineTest(
        "LT-000001", "structuring", "1", '{"count":5}', "1" * 64, "2" * 64, 7, 100, "USD", AT, AT, bands, seed
    )


populations = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 3)).map(lambda pair: episode(*pair)), unique=True, max_size=30
)


@given(populations, populations, st.integers(0, 2**64), st.integers(1, 9))
def test_the_picks_depend_on_population_and_seed_and_on_no_order(
    first: list[Episode], second: list[Episode], seed: int, size: int
) -> None:
    bands = [band(*first, size=size), band(*[replace(e, alert_id=f"B{e.alert_id}") for e in second], size=size)]
    test = line_test(*bands, seed=str(seed))
    picks = draw(test)
    shuffled = [replace(b, population=tuple(random.sample(b.population, len(b.population)))) for b in bands]
    again = replace(test, bands=tuple(shuffled))
    assert draw(again) == picks
    assert [population_digest(again, b) for b in shuffled] == [population_digest(test, b) for b in bands]
    assert len({pick.customer_id for pick in picks}) == len(picks)
    for number, one in enumerate(bands, start=1):
        drawn = [pick for pick in picks if pick.band == number]
        passed = {pick.customer_id for pick in picks if pick.band < number}
        left = {e.customer_id for e in one.population} - passed
        assert len(drawn) == min(size, len(left))
        assert {pick.alert_id for pick in drawn} <= {e.alert_id for e in one.population}
        assert [pick.place for pick in drawn] == list(range(1, len(drawn) + 1))


@given(populations, st.integers(1, 8))
def test_a_larger_size_keeps_the_picks_of_a_smaller_one(found: list[Episode], size: int) -> None:
    small = draw(line_test(band(*found, size=size)))
    large = draw(line_test(band(*found, size=size + 3)))
    assert large[: len(small)] == small


def test_a_stranger_computes_the_same_ranks_from_the_document() -> None:
    """Written from the words in the report alone, without the desk's code."""
    found = [episode(customer, number) for customer in range(8) for number in range(2)]

    def rank(what: str, name: str) -> str:
        said = {"band": 1, "format": "casedesk.line-sample/1", "name": name, "seed": SEED, "test": "LT-000001",
                "what": what}  # fmt: skip
        return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    customers = sorted({e.customer_id for e in found}, key=lambda name: rank("customer", name))[:5]
    theirs = [
        min((e.alert_id for e in found if e.customer_id == c), key=lambda a: rank("episode", a)) for c in customers
    ]
    picks = draw(line_test(band(*found)))
    assert [(pick.customer_id, pick.alert_id) for pick in picks] == list(zip(customers, theirs, strict=True))


def test_every_part_of_a_population_is_in_its_hash() -> None:
    one = band(episode(1), episode(2))
    test = line_test(one)
    other: dict[str, Any] = {
        "alert_id": "A", "account_id": "K", "customer_id": "K", "window_start": "", "window_end": "", "amount_minor": 1,
        "severity": 1, "sentence": "", "transaction_ids": episode(1).transaction_ids[::-1],
    }  # fmt: skip
    changed = [
        replace(one, population=(episode(1),)),
        replace(one, parameters='{"count":3}'),
        replace(one, hidden=("A-0-3-0",)),
        *(replace(one, population=(replace(episode(1), **{k: v}), episode(2))) for k, v in other.items()),
    ]
    tests = [replace(test, rule="velocity"), replace(test, rule_version="2"), replace(test, line="{}")]
    digests = [population_digest(test, one_changed) for one_changed in changed] + [
        population_digest(t, one) for t in tests
    ]
    assert len({population_digest(test, one), *digests}) == len(digests) + 1


def test_a_record_is_read_back_as_it_was_and_a_broken_one_is_refused() -> None:
    test = line_test(replace(band(episode(1), episode(2)), hidden=("A-9",)))
    record = json.loads(json.dumps(to_record(test, draw(test))))
    assert from_record(record) == (test, draw(test))
    for name in record:
        with pytest.raises(BadLineTest):
            from_record({key: value for key, value in record.items() if key != name})


def test_the_digests_do_not_depend_on_order() -> None:
    picks = draw(line_test(band(*(episode(n) for n in range(5)))))
    assert picks_digest(picks) == picks_digest(picks[::-1])
    assert picks_digest(picks) != picks_digest(picks[1:])
    rows = [(1, 1, "A", "opened"), (1, 2, "B", "joined")]
    assert placed_digest(rows) == placed_digest(rows[::-1])
    assert placed_digest(rows) != placed_digest([(1, 1, "A", "joined"), (1, 2, "B", "joined")])


def standing(customer: int, disposition: str = "", **other: object) -> Standing:
    found = episode(customer)
    values: dict[str, object] = {
        "band": 1, "episode": found.alert_id, "placement": Placement.OPENED, "case_alerts": 1,
        "transaction_ids": frozenset(found.transaction_ids), "closed": bool(disposition), "disposition": disposition,
    }  # fmt: skip
    return Standing(**{**values, **other})  # type: ignore[arg-type]


def test_only_closed_cases_of_picks_that_stand_alone_make_the_yield() -> None:
    test = line_test(band(*(episode(n) for n in range(8))))
    (found,) = band_yields(
        test,
        [
            standing(0, "SAR"), standing(1, "No SAR"), standing(2, "No SAR"), standing(3),
            standing(4, "SAR", placement=Placement.JOINED, case_alerts=2),
            standing(5, "SAR", placement=Placement.KNOWN),
            standing(6, "No SAR", case_alerts=2),
            standing(7, transaction_ids=frozenset({"more"})),
        ],
    )  # fmt: skip
    assert (found.drawn, found.alone, found.closed, found.open, found.sars) == (8, 4, 3, 1, 1)
    assert found.productive == proportion(1, 3)
    assert found.apart == {Apart.JOINED: 1, Apart.KNOWN: 1, Apart.SHARED: 1, Apart.GROWN: 1}
    assert (found.apart_closed, found.apart_sars) == (3, 2)


@pytest.mark.parametrize(
    ("judged", "enough"), [(58, []), (59, [5]), (148, [5]), (149, [5, 2]), (298, [5, 2]), (299, [5, 2, 1])]
)
def test_the_sizes_that_none_found_needs(judged: int, enough: list[int]) -> None:
    test = line_test(band(*(episode(n) for n in range(400)), size=400))
    (found,) = band_yields(test, [standing(n, "No SAR") for n in range(judged)])
    assert [one.percent for one in found.none_found if one.enough] == enough
    assert [one.needed for one in found.none_found] == [59, 149, 299]
    for one in found.none_found:  # the exact one-sided bound says the same
        assert ((1 - one.percent / 100) ** judged <= 0.05) is one.enough
