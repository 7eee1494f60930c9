"""Probabilities on payments that are not of the kind that trained the model: held back towards the base rate, their order kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from math import fsum
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from casedesk.domain.model_trust import AT_HOME, FEWEST, factor, mean_drift
from casedesk.domain.verification import Verdict
from casedesk.modelling.calibration import Trust
from casedesk.modelling.scorer import FULL
from casedesk.services import advising, offline_modelling, payment_scores
from casedesk.services.default_model import FOLDER
from casedesk.services.model_data import Reading
from casedesk.services.payment_scores import Said
from casedesk.services.run_trust import trust_of
from casedesk.services.scorers import Scorers
from casedesk.store.tables import model_runs
from tests.builders import START, Move, TestDesk
from tests.modelling.towns import table, town
from tests.services.test_models import approve, propose, run, verdict


def other_kind(payments: int) -> list[Move]:
    """Payments of a town that the shipped model, trained on generated banks, never saw the like of."""
    return [
        Move(row.transaction_id, (row.booked_at - START) / timedelta(minutes=1), row.base_minor, row.to_account,
             row.from_account, row.channel, row.from_country, row.to_country)
        for row in town(3, payments)
    ]  # fmt: skip


def test_at_home_no_bit_changes_and_away_the_factor_falls_without_a_jump() -> None:
    assert factor([0.1, 0.4], FEWEST) == 1.0
    assert factor([AT_HOME + 0.00001], FEWEST) == pytest.approx(1, abs=1e-4)
    assert factor([2.0, 3.0], FEWEST) == 0.1
    assert factor([2.0, 3.0], FEWEST - 1) == 1.0  # so few tell no drift
    assert factor([], FEWEST) == 1.0
    assert mean_drift([0.1, 0.2, 0.3]) == mean_drift([0.3, 0.1, 0.2])
    said = np.random.default_rng(1).random(1_000)
    assert FULL.held(said) is said


def test_what_is_held_back_keeps_its_order_and_says_little_beyond_the_base_rate() -> None:
    said = np.concatenate([[0.0], np.sort(np.random.default_rng(1).random(5_000)), [1.0]])
    held = Trust(0.1, 0.02).held(said)
    assert (np.diff(held) >= 0).all()
    assert np.unique(held[1:-1]).size == np.unique(said).size - 2
    assert 0.0 < held[0] < 0.02 < held[-1] < 0.33  # which only an isotonic curve says as 1
    assert Trust(0.1, 0.02).held(np.array([0.02]))[0] == pytest.approx(0.02)
    assert Trust(0.5, 0.5).held(np.array([0.8]))[0] == pytest.approx(2 / 3)  # odds of 4 become odds of 2


def test_scores_of_files_are_held_back_by_what_stands_beside_them(tmp_path: Path) -> None:
    pq.write_table(table(town(3, 1_500)), tmp_path / "all.parquet")
    pq.write_table(table(town(3, 900)), tmp_path / "few.parquet")

    def scored(name: str) -> offline_modelling.Scored:
        return offline_modelling.score(
            model=FOLDER, data=str(tmp_path / name), reading=Reading("USD"), day=START.date()
        )

    found, few = scored("all.parquet"), scored("few.parquet")
    held = found.held
    assert (held.trust, held.payments) == (round(AT_HOME / held.drift, 6), 1_500)
    assert held.trust < 1
    assert held.base_rate == pytest.approx((1816 + 1492 + 2315) / (78864 + 85150 + 89436))
    assert "drifted from those that trained" in held.sentence
    assert json.loads(found.table.schema.metadata[b"casedesk"])["trust"] == held.trust
    assert (few.held.trust, few.held.base_rate) == (1.0, None)
    assert "Fewer than 1,000 payments" in few.held.sentence

    row = max(found.table.to_pylist(), key=lambda one: one["score"])
    why, said = offline_modelling.explain(
        model=FOLDER, data=str(tmp_path / "all.parquet"), reading=Reading("USD"), transaction_id=row["transaction_id"]
    )
    assert (why.probability, said) == (pytest.approx(row["score"], abs=1e-12), held)
    assert fsum([why.start, *(one.part for one in why.contributions)]) == pytest.approx(why.raw, abs=1e-9)
    curve = offline_modelling.load(FOLDER).calibration
    outsider = Trust(held.trust, held.base_rate).held(curve.probabilities(np.array([why.raw])))
    assert outsider[0] == pytest.approx(row["score"], abs=1e-12)
    assert all(one["account_score"] >= one["score"] for one in found.table.to_pylist())


def test_single_payments_are_held_back_as_the_last_run_over_the_desk_was(desk: TestDesk, tmp_path: Path) -> None:
    desk.book(other_kind(1_500))
    before = _said(desk, ["T00007", "T00900"])
    assert {(one.trust, one.trust_run, one.base_rate) for one in before.values()} == {(1.0, "", None)}
    row = run(desk)
    with desk.reading() as uow:
        last = uow.models.last_run("")
        pq.write_table(uow.transactions.arrow(), tmp_path / "all.parquet")
    assert last is not None
    assert row.data["trust_millionths"] == round(trust_of(last) * 1_000_000) < 1_000_000
    offline = offline_modelling.score(
        model=FOLDER, data=str(tmp_path / "all.parquet"), reading=Reading("USD"), day=START.date()
    )
    expected = {one["transaction_id"]: one for one in offline.table.to_pylist()}
    for name, said in _said(desk, ["T00007", "T00900"]).items():
        assert (said.probability, said.band) == (
            pytest.approx(expected[name]["score"], abs=1e-12),
            expected[name]["band"],
        )
        assert (said.trust, said.trust_run, said.base_rate) == (
            offline.held.trust,
            last.model_run_id,
            offline.held.base_rate,
        )
        assert (said.raw, said.weights) == (before[name].raw, before[name].weights)
    assert verdict(desk) == (Verdict.VERIFIED, [])
    with desk.engine.begin() as connection:
        connection.execute(sa.update(model_runs).values(drift=json.dumps({"pair_n_90": 0.1})))
    assert verdict(desk) == (Verdict.TAMPERED, ["The drift is not what the scores were held back by."])


def test_the_scores_that_the_desk_keeps_are_held_back_as_those_of_files_are(desk: TestDesk, tmp_path: Path) -> None:
    desk.book(other_kind(1_500))
    desk.book(Move(f"t{n}", 60.0 * n, 9_500_00, to_account="K-1/1", from_account="A3") for n in range(4))
    row = run(desk)
    assert row.data["trust_millionths"] < 1_000_000
    with desk.reading() as uow:
        stored = {one.account_id: one.score for one in uow.models.scores(row.data["model_run_id"])}
        pq.write_table(uow.transactions.arrow(), tmp_path / "all.parquet")
    offline = offline_modelling.score(
        model=FOLDER, data=str(tmp_path / "all.parquet"), reading=Reading("USD"), day=START.date()
    )
    whole = {one["account"]: round(one["account_score"] * 1_000_000) for one in offline.table.to_pylist()}
    assert stored["K-1/1"] == whole["K-1/1"] > 0


def test_no_advice_goes_by_a_model_that_is_held_back(desk: TestDesk) -> None:
    desk.book(other_kind(1_500))
    desk.book(Move(f"t{n}", 60.0 * n, 9_500_00, to_account="K-1/1") for n in range(4))
    case_id = desk.open("K-1")
    propose(desk)
    approve(desk)
    run(desk)
    with desk.reading() as uow:
        facts = advising.consider(uow, uow.cases.get(case_id), desk.at(), "USD", advising.ON_DESK).facts
    assert (facts.model, facts.score) == ("", None)


def _said(desk: TestDesk, names: Sequence[str]) -> dict[str, Said]:
    found = payment_scores.of_payments(
        uow=desk.reading(), scorers=Scorers(), actor=desk.people["ann"], at=desk.at(), transaction_ids=names
    )
    return {name: one for name, one in found.items() if isinstance(one, Said)}
