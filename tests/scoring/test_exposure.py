from __future__ import annotations

import random
from collections.abc import Sequence
from math import fsum

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casedesk.scoring.explain import UnknownParty, explain
from casedesk.scoring.exposure import Exposure, Side, exposure
from casedesk.scoring.graph import Graph, parties_of, place_of
from casedesk.scoring.parameters import BadExposure, ExposureParameters
from tests.scoring.worlds import NOW, Paid, by_definition, table

PARTIES = "ABCDEF"
payment = st.builds(
    Paid,
    st.sampled_from(PARTIES),
    st.sampled_from(PARTIES),
    st.integers(0, 3_000_000),
    st.integers(0, 12).map(lambda n: n * 97),  # few instants, so that many are the same
)
payments = st.lists(payment, max_size=14)
lists = st.frozensets(st.sampled_from(PARTIES), max_size=3)
values = st.sampled_from(
    [
        ExposureParameters(),
        ExposureParameters(hop_weights=(0.8,), half_life_days=30),
        ExposureParameters(hop_weights=(1.0, 1.0, 0.5, 0.5), half_life_days=60, reference_minor=1),
    ]
)


def scored(paid: Sequence[Paid], listed: frozenset[str], parameters: ExposureParameters | None = None) -> Exposure:
    return exposure(Graph.of(table(paid)), listed, NOW, parameters)


def scores(paid: Sequence[Paid], listed: str, parameters: ExposureParameters | None = None) -> dict[str, float]:
    found = scored(paid, frozenset(listed), parameters)
    return dict(zip(found.graph.names.to_pylist(), found.scores.tolist(), strict=True))


@settings(max_examples=80, deadline=None)
@given(payments, lists, values)
def test_scores_are_those_of_the_definition(
    paid: list[Paid], listed: frozenset[str], parameters: ExposureParameters
) -> None:
    found = scored(paid, listed, parameters)
    expected = by_definition(paid, listed, parameters)
    assert dict(zip(found.graph.names.to_pylist(), found.scores.tolist(), strict=True)) == pytest.approx(
        expected, abs=1e-12
    )
    assert all(0 <= score <= 1 for score in found.scores)


@settings(max_examples=40, deadline=None)
@given(payments, lists, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_bit(paid: list[Paid], listed: frozenset[str], dice: random.Random) -> None:
    order = dice.sample(range(len(paid)), len(paid))
    rows = table(paid)
    straight, shuffled = (
        exposure(Graph.of(one), listed, NOW) for one in (rows, rows.take(pa.array(order, pa.int64())))
    )
    assert straight.scores.tobytes() == shuffled.scores.tobytes()
    for party in straight.graph.names.to_pylist():
        assert explain(straight, party) == explain(shuffled, party)


@settings(max_examples=80, deadline=None)
@given(payments, lists, st.sampled_from(PARTIES), values)
def test_one_more_listed_party_lowers_no_score(
    paid: list[Paid], listed: frozenset[str], more: str, parameters: ExposureParameters
) -> None:
    before, after = (scores(paid, "".join(some), parameters) for some in (listed, listed | {more}))
    assert all(after[party] >= score - 1e-12 for party, score in before.items())


@settings(max_examples=80, deadline=None)
@given(payments, lists.filter(bool), payment, st.booleans(), values)
def test_one_more_payment_of_a_listed_party_lowers_no_score_downstream(
    paid: list[Paid], listed: frozenset[str], new: Paid, pays: bool, parameters: ExposureParameters
) -> None:
    one = min(listed)
    added = new._replace(payer=one) if pays else new._replace(payee=one)
    before, after = (scores(some, "".join(listed), parameters) for some in (paid, [*paid, added]))
    assert all(after[party] >= score - 1e-12 for party, score in before.items())


@settings(max_examples=60, deadline=None)
@given(payments, lists, values, st.integers(1, 30))
def test_each_explanation_adds_up_to_its_score(
    paid: list[Paid], listed: frozenset[str], parameters: ExposureParameters, strongest: int
) -> None:
    found = scored(paid, listed, parameters)
    for party in found.graph.names.to_pylist():
        told = explain(found, party, strongest)
        if told.listed:
            assert (told.score, told.by_hop, told.paths) == (1.0, {}, ())
            continue
        for parts in (
            [*told.by_hop.values()],
            [*told.by_counterparty.values(), *told.other_counterparties.values()],
            [*(path.part for path in told.paths), *told.other_paths.values()],
        ):
            assert fsum(parts) == pytest.approx(told.score, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(payments, lists.filter(bool))
def test_paths_are_ways_of_money_in_the_order_of_time(paid: list[Paid], listed: frozenset[str]) -> None:
    found = scored(paid, listed)
    made = {f"T{n}": p for n, p in enumerate(paid)}
    for party in set(found.graph.names.to_pylist()) - listed:
        paths = explain(found, party, 1000).paths
        assert sorted((path.part for path in paths), reverse=True) == [path.part for path in paths]
        for path in paths:
            legs = [made[leg.transaction_id] for leg in path.legs]
            assert [(leg.payer, leg.payee, leg.amount_minor) for leg in path.legs] == [p[:3] for p in legs]
            ends = [party, *((p.payer if path.side is Side.RECEIVED else p.payee) for p in legs)]
            starts = [(p.payee if path.side is Side.RECEIVED else p.payer) for p in legs]
            assert ends[:-1] == starts
            assert ends[-1] == path.listed
            assert path.listed in listed
            hours = [p.hour for p in legs]
            assert hours == sorted(hours, reverse=path.side is Side.RECEIVED)


def test_all_ways_told_leave_nothing_over() -> None:
    paid = [Paid("L", "A"), Paid("A", "B", 900_000, 5), Paid("L", "C", 400_000, 1), Paid("C", "B", 300_000, 9)]
    told = explain(scored(paid, frozenset("L")), "B", 100)
    assert [[leg.transaction_id for leg in path.legs] for path in told.paths] == [["T1", "T0"], ["T3", "T2"]]
    assert told.other_paths == pytest.approx({}, abs=1e-12) or max(told.other_paths.values()) < 1e-12


def test_money_that_came_later_taints_nothing_that_was_paid_before() -> None:
    found = scores([Paid("A", "B", hour=1), Paid("L", "A", hour=2)], "L")
    assert found["A"] > 0
    assert found["B"] == 0
    assert scores([Paid("L", "A", hour=1), Paid("A", "B", hour=1)], "L")["B"] > 0, "the same instant counts"


def test_an_old_payment_counts_less_and_a_trifle_nearly_nothing() -> None:
    new, old = (scores([Paid("L", "A", hour=hour)], "L")["A"] for hour in (24 * 180, 0))
    assert new > old > 0.5
    assert scores([Paid("L", "A", 100, 24 * 180)], "L")["A"] < 0.001


def test_more_clean_money_lowers_the_share() -> None:
    alone = scores([Paid("L", "A")], "L")["A"]
    among_others = scores([Paid("L", "A"), Paid("X", "A", 9_000_000)], "L")["A"]
    assert among_others < alone / 4


def test_both_directions_count() -> None:
    found = scores([Paid("A", "L"), Paid("B", "A", hour=-5)], "L")
    assert found["A"] > found["B"] > 0


def test_accounts_of_one_holder_are_one_party() -> None:
    rows = table([Paid("L", "A1"), Paid("A1", "A2", hour=1), Paid("A2", "B", hour=2)])
    graph = Graph.of(rows, {"A1": "CU-A", "A2": "CU-A"})
    assert graph.names.to_pylist() == ["B", "CU-A", "L"]
    assert len(graph.payer) == 2, "what moves between one's own accounts is no payment to anybody"


# names of one to four bytes a letter, with what sorts before, between and behind those that others find
@given(st.lists(st.text("aZ9é€\uffff😀", max_size=3), unique=True, max_size=12), st.text("aZ9é€\uffff😀", max_size=3))
def test_a_party_is_found_where_it_stands_and_another_nowhere(accounts: list[str], other: str) -> None:
    names, places = parties_of(pa.array(accounts, pa.string()), None)
    assert [place_of(name, names) for name in accounts] == places.tolist()
    assert [names[place].as_py() for place in places.tolist()] == accounts
    assert (place_of(other, names) is None) == (other not in accounts)


def test_a_party_that_nobody_paid_is_unknown_by_name() -> None:
    with pytest.raises(UnknownParty, match="“Z”"):
        explain(scored([Paid("L", "A")], frozenset("L")), "Z")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"hop_weights": (0.5, 0.6)}, "hop_weights is \\(0.5, 0.6\\): a hop must not count more"),
        ({"hop_weights": (1.0, 0.0)}, "hop_weights.1 is 0.0: Input should be greater than 0"),
        ({"half_life_days": 3}, "half_life_days is 3"),
        ({"reference_minor": 0}, "reference_minor is 0"),
        ({"decay": 1}, "no exposure parameter decay; choose one of half_life_days, hop_weights, reference_minor"),
    ],
)
def test_what_cannot_be_computed_with_is_refused_by_its_name(values: dict[str, object], said: str) -> None:
    with pytest.raises(BadExposure, match=said):
        ExposureParameters.read(values)


def test_cash_joins_nobody() -> None:
    rows = table([Paid("L", ""), Paid("", "A", hour=1), Paid("L", "B")])
    assert Graph.of(rows).names.to_pylist() == ["A", "B", "L"]
    assert scores([Paid("L", ""), Paid("", "A", hour=1), Paid("L", "B")], "L")["A"] == 0


def test_columns_in_dictionaries_give_the_same_graph() -> None:
    rows = table([Paid("L", "A"), Paid("", "A", hour=1), Paid("A", "B", hour=2), Paid("A", "B", hour=2)])
    coded = rows
    for name in ("from_account", "to_account"):
        coded = coded.set_column(coded.column_names.index(name), name, coded[name].dictionary_encode())
    one, other = Graph.of(rows), Graph.of(pa.concat_tables([coded.slice(0, 2), coded.slice(2)]))
    assert (one.names, one.ids, one.payer.tolist()) == (other.names, other.ids, other.payer.tolist())
