"""How far a model's probabilities are trusted on payments, by how far those drifted from the ones that trained it.

Needs no label. Which payment is the more suspicious of two is never changed by it.
"""

from __future__ import annotations

from collections.abc import Collection
from math import fsum
from typing import Final

#: Above this mean stability index the payments are not of the kind that trained the model; the common mark of a major shift.
AT_HOME: Final = 0.25
#: Fewer payments tell no drift. Of 1,000 drawn by chance the index comes out 0.007 higher than of all of them, of 100 higher by
#: 0.09, of 30 by 0.38 (s11 and s12), so that fewer would look drifted because they are few.
FEWEST: Final = 1_000
#: A factor has so many units, so that whoever has it in whole units has the one that was used.
UNITS: Final = 1_000_000


def mean_drift(drift: Collection[float]) -> float:
    """Return the mean stability index of the features, each to a millionth as runs store it; 0 where there is none."""
    return fsum(round(one, 6) for one in drift) / len(drift) if drift else 0.0


def factor(drift: Collection[float], payments: int) -> float:
    """Return the share of the distance from the base rate, in log odds, that a probability keeps.

    1 up to the mark, and where fewer than ``FEWEST`` payments tell no drift; beyond it, the mark divided by the mean drift, to a
    millionth and at least one: the same at the mark, and the less the further.

    :param drift: the stability index of each feature.
    :param payments: of how many it was told.
    """
    mean = mean_drift(drift)
    if payments < FEWEST or mean <= AT_HOME:
        return 1.0
    return max(1, round(AT_HOME / mean * UNITS)) / UNITS
