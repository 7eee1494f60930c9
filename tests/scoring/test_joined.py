"""The formula as joins, on DuckDB; `tests/detection/test_spark.py` asks Spark for the same."""

from __future__ import annotations

import time

import numpy as np
import pytest

from casedesk.scoring.exposure import exposure
from casedesk.scoring.graph import Graph
from casedesk.scoring.joined import JoinedPayments
from casedesk.scoring.parameters import ExposureParameters
from tests.scoring.engines import LISTED, apart, bank, duck
from tests.scoring.worlds import NOW, Paid, table


@pytest.mark.parametrize(
    "parameters",
    [
        ExposureParameters(),
        ExposureParameters(hop_weights=(0.8,), half_life_days=30),
        ExposureParameters(hop_weights=(1.0, 1.0, 0.5, 0.2), half_life_days=60, reference_minor=1),
    ],
)
def test_joins_give_the_scores_and_explanations_of_the_arrays(parameters: ExposureParameters) -> None:
    rows = table(bank())
    with duck(rows) as engine:
        assert apart(engine, rows, LISTED, parameters, "P05") < 1e-9
        assert not engine.kept
    scores = exposure(Graph.of(rows), LISTED, NOW, parameters).scores
    assert np.mean((scores > 0.01) & (scores < 1)) > 0.15, "there is something to compare"


def test_accounts_of_one_holder_are_one_party_for_joins_too() -> None:
    rows = table([Paid("L", "A1"), Paid("A1", "A2", hour=1), Paid("A2", "B", hour=2)])
    held = {"A1": "CU-A", "A2": "CU-A"}
    expected = exposure(Graph.of(rows, held), frozenset("L"), NOW)
    with duck(rows) as engine:
        found = JoinedPayments(engine, held).exposure(frozenset("L"), NOW)
    assert (found.graph.names, found.scores.tolist()) == (expected.graph.names, pytest.approx(expected.scores.tolist()))


def test_a_hub_costs_joins_no_more_than_its_payments() -> None:
    """Every leaf paid the middle and was paid by it: pairs of an incoming and an outgoing payment would be 10^9."""
    leaves = [f"L{n:06}" for n in range(30_000)]
    paid = [Paid(leaf, "M", hour=n % 3000) for n, leaf in enumerate(leaves)]
    rows = table([*paid, *(Paid("M", one.payer, hour=one.hour) for one in paid)])
    with duck(rows) as engine:
        begun = time.process_time()
        found = JoinedPayments(engine).exposure(frozenset(leaves[:100]), NOW)
        assert time.process_time() - begun < 10
    assert max(abs(found.scores - exposure(Graph.of(rows), frozenset(leaves[:100]), NOW).scores)) < 1e-9
