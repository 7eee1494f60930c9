"""Draws that come out the same on every machine: one stream per part, nothing but ``random()`` and exact arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, TypeVar

T = TypeVar("T")

#: Quantiles of a typical skewed amount, per mille of its median. A table instead of a log-normal: exp and log differ in
#: the last bit between C libraries, and a cent that differs is a file that differs.
_SKEW: Final = (290, 410, 500, 580, 660, 740, 820, 910, 1000, 1100, 1210, 1340, 1500, 1720, 2080, 2800, 4200)


class Dice:
    """One stream of draws, named by its key; two streams never disturb each other.

    ``Random(str)`` seeds from the SHA-512 of the text, so neither ``PYTHONHASHSEED`` nor the platform matters, and
    ``random()`` is the one method whose sequence Python promises to keep.
    """

    def __init__(self, *key: object) -> None:
        self.unit = Random("/".join(str(part) for part in key)).random

    def below(self, count: int) -> int:
        """Draw a whole number from 0 to ``count - 1``."""
        return int(self.unit() * count)

    def between(self, low: int, high: int) -> int:
        """Draw a whole number from ``low`` to ``high``, both included."""
        return low + int(self.unit() * (high - low + 1))

    def happens(self, share: float) -> bool:
        """Say yes in ``share`` of all draws."""
        return self.unit() < share

    def pick(self, choices: Sequence[T]) -> T:
        """Draw one of the choices."""
        return choices[int(self.unit() * len(choices))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in a drawn order."""
        deck = list(items)
        for last in range(len(deck) - 1, 0, -1):
            other = int(self.unit() * (last + 1))
            deck[last], deck[other] = deck[other], deck[last]
        return deck

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Draw ``count`` different items, or all of them when there are fewer."""
        return self.shuffled(items)[:count]

    def about(self, median: int) -> int:
        """Draw a skewed amount around its median, in the same unit: most near it, a few several times as large."""
        place = self.unit() * (len(_SKEW) - 1)
        step = int(place)
        mille = _SKEW[step] + (place - step) * (_SKEW[step + 1] - _SKEW[step])
        return max(1, int(median * mille / 1000))

    def times(self, rate: float) -> int:
        """Draw how often something happens whose average is ``rate``: never far from it."""
        return int(rate * (0.5 + self.unit()) + self.unit())
