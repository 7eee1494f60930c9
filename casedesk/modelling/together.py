"""Rules and score together: one order of accounts, or of payments, out of the severities that rules gave and the score of the model.

It is for review, as of when the rules ran: an alert also names payments that were booked before it could be raised.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np

from casedesk.modelling.measures import Floats

#: The most that rules alone say of an account or a payment, and the sum of severities at which they say it.
RULES_SAY: Final = (0.5, 400.0)
#: Above this mean stability index the payments are not of the kind that trained the model.
AT_HOME: Final = 0.25
#: What a score weighs where rules come first; three payments make 0.875 of an account at most, so both stay below 1.
_LITTLE: Final = 0.001


def together(scores: Floats, severities: Floats, drift: Collection[float], named: Floats | None = None) -> Floats:
    """Return what orders accounts: 1 − (1 − score)(1 − r), where r rises with the sum of an account's severities to 0.5 at 400.

    Where the payments drifted from those that trained the model, rules come first: an account's own alerts, among equals those
    that name its payments, and the score only decides between what is left.

    :param severities: for each account the sum of its worst severities, one a rule.
    :param drift: the stability index of each feature.
    :param named: what each account makes of its payments by rules alone, below 1; an alert about one account is evidence of the
        other side, too. Nothing where None.
    """
    if drifted(drift):
        # a severity is a whole number: what is below 1 never puts a lower sum before a higher one
        return severities + (0 if named is None else named) + _LITTLE * scores
    return 1 - (1 - scores) * (1 - _said(severities))


def together_by_payment(probabilities: Floats, severities: Floats, drift: Collection[float]) -> Floats:
    """Return what orders payments, from 0 to 1, in the same way; what accounts make of it is ``scorer.account_scores``.

    :param severities: for each payment the sum of the worst severities of the alerts that name it, one a rule.
    :param drift: the stability index of each feature.
    """
    said = _said(severities)
    if drifted(drift):
        return said + _LITTLE * probabilities
    return 1 - (1 - probabilities) * (1 - said)


def drifted(drift: Collection[float]) -> bool:
    """Say whether payments are not of the kind that trained the model."""
    return bool(drift) and sum(drift) / len(drift) > AT_HOME


def _said(severities: Floats) -> Floats:
    most, full = RULES_SAY
    return most * np.minimum(severities, full) / full
