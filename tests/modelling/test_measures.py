from __future__ import annotations

import numpy as np
import pytest

from casedesk.modelling import calibration, measures, splitting
from casedesk.modelling.together import together


def test_average_precision_takes_equal_scores_together() -> None:
    guilty = np.array([True, False, True, False])
    assert measures.average_precision(guilty, np.array([0.9, 0.8, 0.7, 0.1])) == pytest.approx((1 + 2 / 3) / 2)
    assert measures.average_precision(guilty, np.zeros(4)) == pytest.approx(0.5)
    assert measures.average_precision(np.zeros(4, bool), np.zeros(4)) == 0


def test_a_budget_that_cuts_a_tie_gets_its_share_of_it() -> None:
    guilty = np.array([True, True, False, False])
    assert measures.precision_at(guilty, np.array([1.0, 0.5, 0.5, 0.1]), 2) == pytest.approx(0.75)
    assert measures.recall_at(guilty, np.array([1.0, 0.5, 0.5, 0.1]), 0.5) == pytest.approx(0.75)


def test_stability_sees_a_moved_population_and_not_the_same_one() -> None:
    before = np.random.default_rng(1).normal(size=5_000)
    cuts = measures.edges(before)
    baseline = {"x": {"edges": cuts, "shares": measures.shares(before, cuts)}}
    assert measures.drift(baseline, {"x": before})["x"] == pytest.approx(0, abs=1e-12)
    assert measures.drift(baseline, {"x": before + 1})["x"] > 0.25
    assert measures.drift(baseline, {"x": np.where(before > 0, np.nan, before)})["x"] > 0.25


@pytest.mark.parametrize("method", calibration.METHODS)
def test_a_calibrated_score_means_what_it_says_and_keeps_the_order(method: str) -> None:
    dice = np.random.default_rng(2)
    raw = dice.normal(size=20_000) * 2 - 3
    guilty = dice.random(20_000) < calibration.sigmoid(0.5 * raw - 1)
    fitted = calibration.fit(method, raw, guilty)
    said = fitted.probabilities(raw)
    assert measures.calibration_error(measures.reliability(guilty, calibration.sigmoid(raw))) > 0.02
    assert measures.calibration_error(measures.reliability(guilty, said)) < 0.01
    assert (np.diff(said[np.argsort(raw)]) >= 0).all()
    assert calibration.Calibration.read(fitted.told()) == fitted


def test_a_split_by_time_parts_no_instant_and_orders_the_spans() -> None:
    at = np.repeat(np.arange(10), [50, 1, 1, 1, 1, 1, 30, 1, 1, 13]).astype(np.int64)
    split = splitting.by_time(at)
    assert (split.train | split.calibrate | split.test).all()
    assert at[split.train].max() < at[split.calibrate].min() <= at[split.calibrate].max() < at[split.test].min()
    with pytest.raises(splitting.TooShort, match="2 different times"):
        splitting.by_time(np.array([1, 1, 2]))


def test_rules_and_score_are_one_order_and_away_from_home_rules_come_first() -> None:
    scores, severities = np.array([0.9, 0.1, 0.8, 0.0]), np.array([0.0, 60.0, 0.0, 0.0])
    at_home, away = ([0.1, 0.2], [0.1, 0.9])
    assert np.argsort(-together(scores, severities, at_home)).tolist() == [0, 2, 1, 3]
    assert np.argsort(-together(scores, severities, away)).tolist() == [1, 0, 2, 3]
    assert (together(scores, severities, at_home) >= scores).all()
    named = np.array([0.0, 0.0, 0.2, 0.875])  # the other side of somebody's alert, whatever the score
    assert np.argsort(-together(scores, severities, away, named)).tolist() == [1, 3, 2, 0]
    twice = np.array([0.0, 60.0, 60.0, 0.0])  # whom alerts are about is told apart by the score
    assert np.argsort(-together(scores, twice, away, np.array([0.0, 0.8, 0.1, 0.2]))).tolist() == [2, 1, 3, 0]


def test_a_value_on_a_cut_lies_below_it_and_what_says_nothing_comes_last() -> None:
    values = np.array([1.0, 2.0, 2.0, 3.0, np.nan, np.inf, 4.0, 9.0])
    assert measures.shares(values, [2.0, 4.0]) == [3 / 8, 2 / 8, 1 / 8, 2 / 8]
    assert measures.shares(values[:0], [2.0]) == [0.0, 0.0, 0.0]
