"""Rules and score together: one order of accounts out of the severities that rules gave and the score of the model."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np

from casedesk.modelling.measures import Floats

#: The most that rules alone say of an account, and the sum of severities at which they say it.
RULES_SAY: Final = (0.5, 400.0)
#: Above this mean stability index the payments are not of the kind that trained the model.
AT_HOME: Final = 0.25


def together(scores: Floats, severities: Floats, drift: Collection[float]) -> Floats:
    """Return what orders accounts: 1 − (1 − score)(1 − r), where r rises with the sum of an account's severities to 0.5 at 400.

    Where the payments drifted from those that trained the model, rules come first, and the score only decides between equals.

    :param severities: for each account the sum of its worst severities, one a rule.
    :param drift: the stability index of each feature.
    """
    most, full = RULES_SAY
    said = most * np.minimum(severities, full) / full
    if len(drift) and sum(drift) / len(drift) > AT_HOME:
        # a severity is a whole number: a thousandth of one never puts a lower sum before a higher one
        return severities + scores / 1_000
    return 1 - (1 - scores) * (1 - said)
