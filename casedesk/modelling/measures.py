"""How good scores are: average precision, what the first ones hold, what an alert budget finds, calibration, drift."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

#: Shares of all that may be looked at.
BUDGETS: Final = (0.005, 0.01, 0.03)
#: How many of the first.
FIRST: Final = (50, 100, 500)


def average_precision(guilty: Flags, scores: Floats) -> float:
    """Return the area under precision over recall, as a sum over the thresholds; equal scores are one threshold.

    0 where nothing is guilty.
    """
    if not guilty.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(guilty[order])
    last = np.append(np.diff(scores[order]) != 0, True)
    found, looked = found[last], np.flatnonzero(last) + 1
    return float(np.sum(np.diff(np.append(0, found)) * found / looked) / found[-1])


def precision_at(guilty: Flags, scores: Floats, count: int) -> float:
    """Return the share of guilty among the ``count`` highest; at a tie the expected one."""
    return _among(guilty, scores, count) / max(min(count, len(guilty)), 1)


def recall_at(guilty: Flags, scores: Floats, share: float) -> float:
    """Return the share of the guilty among the highest ``share`` of all; at a tie the expected one."""
    return _among(guilty, scores, max(1, round(len(guilty) * share))) / max(int(guilty.sum()), 1)


def _among(guilty: Flags, scores: Floats, count: int) -> float:
    """Count the guilty among the highest; of those that tie at the edge, the share that fits."""
    count = min(count, len(scores))
    if not count:
        return 0.0
    edge = np.partition(scores, len(scores) - count)[len(scores) - count]
    above, at = scores > edge, scores == edge
    room = count - int(above.sum())
    return float(guilty[above].sum() + guilty[at].sum() * room / max(int(at.sum()), 1))


def reliability(guilty: Flags, probabilities: Floats, bins: int = 10) -> list[dict[str, float]]:
    """Return for each tenth of the scale how many fell there, what was said on average, and what came true."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    found = []
    for number in range(bins):
        here = place == number
        if here.any():
            said, true = float(probabilities[here].mean()), float(guilty[here].mean())
            found.append({"from": number / bins, "count": int(here.sum()), "said": said, "true": true})
    return found


def calibration_error(bins: list[dict[str, float]]) -> float:
    """Return the expected calibration error: the mean distance of said and true, by the count of each tenth."""
    total = sum(one["count"] for one in bins)
    return sum(one["count"] * abs(one["said"] - one["true"]) for one in bins) / total if total else 0.0


def measured(guilty: Flags, scores: Floats) -> dict[str, Any]:
    """Return every figure of the card for one list of scores."""
    return {
        "count": len(guilty),
        "guilty": int(guilty.sum()),
        "pr_auc": average_precision(guilty, scores),
        "precision_at": {str(count): precision_at(guilty, scores, count) for count in FIRST},
        "recall_at_budget": {str(share): recall_at(guilty, scores, share) for share in BUDGETS},
    }


def calibrated(guilty: Flags, probabilities: Floats) -> dict[str, Any]:
    """Return how true probabilities are: over all, and over those that matter, 0.05 and more."""
    bins = reliability(guilty, probabilities)
    high = probabilities >= 0.05
    return {
        "bins": bins,
        "error": calibration_error(bins),
        "error_of_the_suspicious": calibration_error(reliability(guilty[high], probabilities[high])),
        "suspicious": int(high.sum()),
        "brier": float(np.mean((probabilities - guilty) ** 2)) if len(guilty) else 0.0,
    }


def edges(values: Floats, bins: int = 10) -> list[float]:
    """Return the different quantiles between bins of a column, without those that say nothing."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return []
    return sorted({float(one) for one in np.quantile(finite, np.linspace(0, 1, bins + 1)[1:-1])})


def shares(values: Floats, cuts: list[float]) -> list[float]:
    """Return the share of values in each bin, and last of those that say nothing."""
    finite = values[np.isfinite(values)]
    # a comparison a cut reads the column from end to end; looking each value up is several times as slow
    above = [len(finite), *(int(np.count_nonzero(finite > cut)) for cut in cuts), 0]
    counts = np.append(-np.diff(above), len(values) - len(finite))
    return [float(one) for one in counts / max(len(values), 1)]


def stability(before: list[float], now: list[float]) -> float:
    """Return the population stability index: 0 for the same shares, above 0.25 for another population."""
    p, q = (np.maximum(np.asarray(one), 1e-4) for one in (before, now))
    return float(np.sum((q - p) * np.log(q / p)))


def drift(baseline: Mapping[str, Mapping[str, Any]], columns: Mapping[str, Floats]) -> dict[str, float]:
    """Return the stability index of each column that the baseline knows."""
    return {
        name: stability(one["shares"], shares(columns[name], one["edges"]))
        for name, one in baseline.items()
        if name in columns
    }
