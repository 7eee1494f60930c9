"""Exact binomial intervals, and the sample that “none found” needs. Pure functions.

Source: Clopper and Pearson, “The use of confidence or fiducial limits illustrated in the case of the binomial”, Biometrika 26
(1934). Normal approximations are not used: they say that nothing can be there when nothing was found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import exp, fsum, lgamma, log, log1p
from typing import Final

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Proportion:
    """``hits`` of ``of``, with the exact interval of the share behind them; 0 to 1 while there is nothing to judge by."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        return self.hits / self.of if self.of else None

    def __str__(self) -> str:
        if not self.of:
            return "none decided"
        return f"{self.hits:,} of {self.of:,} ({_percent(self.low)} to {_percent(self.high)})"


def proportion(hits: int, of: int, confidence: float = CONFIDENCE) -> Proportion:
    """Return a share with its exact central interval.

    :raises ValueError: unless 0 <= hits <= of.
    """
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no share")
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _at_most(hits - 1, of, p), tail)
    high = 1.0 if hits == of else _solve(lambda p: -_at_most(hits, of, p), -tail)
    return Proportion(hits, of, low, high)


def none_found_size(share: Fraction, confidence: Fraction = Fraction(95, 100)) -> int:
    """Return how many must be drawn without a hit to say that fewer than ``share`` are hits: 59 for 5 %, 149 for 2 %.

    :raises ValueError: unless both lie between 0 and 1.
    """
    if not (0 < share < 1 and 0 < confidence < 1):
        raise ValueError("a share and a confidence lie between 0 and 1")
    size = max(1, int(log(1 - confidence) / log(1 - share)) - 1)
    while (1 - share) ** size > 1 - confidence:  # exact: a float would be off by one where the two sides meet
        size += 1
    return size


def _at_most(hits: int, of: int, p: float) -> float:
    """Return the chance of at most ``hits`` of ``of`` at chance ``p`` each, which rises as ``p`` falls."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return 0.0 if hits < of else 1.0
    every = lgamma(of + 1)
    return fsum(
        exp(every - lgamma(k + 1) - lgamma(of - k + 1) + k * log(p) + (of - k) * log1p(-p)) for k in range(hits + 1)
    )


def _solve(rising: Callable[[float], float], target: float) -> float:
    """Return where a rising function of a share reaches ``target``, by halving: 60 steps are more than a float holds."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if rising(middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
