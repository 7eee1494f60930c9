"""Rules and score together: one order of accounts, or of payments, out of the severities that rules gave and the score of the model.

It is for review, as of when the rules ran: an alert also names payments that were booked before it could be raised.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np

from casedesk.domain.model_trust import AT_HOME
from casedesk.modelling.measures import Floats

#: The most that rules alone say of an account or a payment, and the sum of severities at which they say it.
RULES_SAY: Final = (0.5, 400.0)
#: What the one weighs where the other comes first; three payments make 0.875 of an account at most, so both stay below 1.
_LITTLE: Final = 0.001


def together(scores: Floats, severities: Floats, drift: Collection[float], named: Floats | None = None) -> Floats:
    """Return what orders accounts: 1 − (1 − score)(1 − r), where r rises with the sum of an account's severities to 0.5 at 400.

    Where the payments drifted from those that trained the model, rules come first: the severities of an account's own alerts; of
    accounts that no alert is about, those whose payments one names. The score only decides between equals.

    :param severities: for each account the sum of its worst severities, one a rule.
    :param drift: the stability index of each feature.
    :param named: what each account makes of its payments by rules alone, below 1: the other side of somebody's alert. Nothing where
        None.
    """
    if drifted(drift):
        # a severity is a whole number: what is below 1 never puts a lower sum before a higher one
        other = 0.0 if named is None else np.where(severities > 0, 0.0, named)
        return severities + other + _LITTLE * scores
    return 1 - (1 - scores) * (1 - _said(severities))


def together_by_payment(probabilities: Floats, severities: Floats, drift: Collection[float]) -> Floats:
    """Return what orders payments, from 0 to 1; what accounts make of it is ``scorer.account_scores``.

    Where the payments drifted, rules come first and the score decides between equals. At home the score comes first and rules decide
    between nearly equal ones: there the model learnt from labels, and an alert names many payments that are innocent.

    :param severities: for each payment the sum of the worst severities of the alerts that name it, one a rule.
    :param drift: the stability index of each feature.
    """
    first, then = (_said(severities), probabilities) if drifted(drift) else (probabilities, _said(severities))
    return (1 - _LITTLE) * first + _LITTLE * then


def drifted(drift: Collection[float]) -> bool:
    """Say whether payments are not of the kind that trained the model."""
    return bool(drift) and sum(drift) / len(drift) > AT_HOME


def _said(severities: Floats) -> Floats:
    most, full = RULES_SAY
    return most * np.minimum(severities, full) / full
