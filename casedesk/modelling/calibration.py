"""From a raw score to a probability: a curve fitted on a later span than the trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

METHODS: Final = ("platt", "isotonic")
#: What is nearer to 0 or 1 counts as this near: an isotonic curve says 0 and 1, whose log odds nothing could hold back.
_EDGE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising curve. Platt's is 1 / (1 + exp(-(slope · raw + shift))); isotonic runs straight between its points."""

    method: str
    slope: float = 1.0
    shift: float = 0.0
    raw: tuple[float, ...] = ()
    true: tuple[float, ...] = ()

    def probabilities(self, raw: Floats) -> Floats:
        """Return the probabilities of raw scores."""
        if self.method == "isotonic":
            return np.interp(raw, self.raw, self.true)
        return sigmoid(self.slope * raw + self.shift)

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "method": self.method,
            "slope": self.slope,
            "shift": self.shift,
            "raw": list(self.raw),
            "true": list(self.true),
        }

    @classmethod
    def read(cls, told: dict[str, Any]) -> Calibration:
        """Read what ``told`` gave.

        :raises KeyError, TypeError, ValueError: if that is no rising curve of numbers.
        """
        found = cls(told["method"], told["slope"], told["shift"], tuple(told["raw"]), tuple(told["true"]))
        if not found._rises():
            raise ValueError("no rising curve")
        return found

    def _rises(self) -> bool:
        if self.method == "isotonic":
            points = np.array([self.raw, self.true], np.float64)
            within = bool(points.size) and self.true[0] >= 0 and self.true[-1] <= 1
            return within and bool(np.isfinite(points).all() and (np.diff(points) >= 0).all())
        return self.method == "platt" and self.slope > 0 and bool(np.isfinite([self.slope, self.shift]).all())


@dataclass(frozen=True, slots=True)
class Trust:
    """How far probabilities are trusted on some payments (``domain.model_trust``).

    :ivar factor: the share of the distance from ``base`` that they keep, in log odds; 1 changes no bit.
    :ivar base: the share of payments that were labelled in the data that trained the model.
    """

    factor: float
    base: float

    def held(self, probabilities: Floats) -> Floats:
        """Draw probabilities, of payments or of accounts, towards the base rate; none comes before one that it came after."""
        if self.factor == 1:
            return probabilities
        base = np.log(self.base) - np.log1p(-self.base)
        near = np.clip(probabilities, _EDGE, 1 - _EDGE)
        return sigmoid(base + self.factor * (np.log(near) - np.log1p(-near) - base))


def sigmoid(values: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) without overflow."""
    near = np.exp(-np.abs(values))
    return np.where(values >= 0, 1 / (1 + near), near / (1 + near))


def fit(method: str, raw: Floats, guilty: npt.NDArray[np.bool_]) -> Calibration:
    """Fit a curve; where the span holds no or nothing but guilty ones, the trees' own probabilities stay."""
    if not guilty.any() or guilty.all():
        return Calibration("platt")
    return _isotonic(raw, guilty) if method == "isotonic" else _platt(raw, guilty)


def _platt(raw: Floats, guilty: npt.NDArray[np.bool_]) -> Calibration:
    """Newton's method on the log-likelihood, with Platt's smoothed targets (1999)."""
    count, positive = len(raw), int(guilty.sum())
    target = np.where(guilty, (positive + 1) / (positive + 2), 1 / (count - positive + 2))
    slope, shift = 1.0, 0.0
    for _ in range(100):
        said = sigmoid(slope * raw + shift)
        weight = np.maximum(said * (1 - said), 1e-12)
        gradient = np.array([np.sum((said - target) * raw), np.sum(said - target)])
        curve = np.array([[np.sum(weight * raw * raw), np.sum(weight * raw)], [np.sum(weight * raw), np.sum(weight)]])
        step = np.linalg.solve(curve + 1e-9 * np.eye(2), gradient)
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        slope, shift = slope - float(step[0]), shift - float(step[1])
        if np.abs(step).max() < 1e-10:
            break
    # a falling curve would turn the ranking round: then there is nothing to be learnt from this span
    return Calibration("platt", slope, shift) if slope > 0 else Calibration("platt")


def _isotonic(raw: Floats, guilty: npt.NDArray[np.bool_]) -> Calibration:
    """Pool adjacent violators, then run straight between the middles of the pools, so that few scores tie."""
    order = np.argsort(raw, kind="stable")
    pools: list[list[float]] = []  # sum of guilty, count, sum of raw
    for score, one in zip(raw[order], guilty[order].astype(float), strict=True):
        pools.append([one, 1.0, score])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    middles = tuple(pool[2] / pool[1] for pool in pools)
    return Calibration("isotonic", raw=middles, true=tuple(pool[0] / pool[1] for pool in pools))
