"""How probabilities were held back on payments that drifted from those that trained a model, so that anybody can do it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from casedesk.domain.model_trust import AT_HOME, FEWEST, factor, mean_drift
from casedesk.modelling.calibration import Trust
from casedesk.modelling.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Held:
    """What was measured of some payments, and how their probabilities were held back for it.

    :ivar drift: the mean stability index of the features.
    :ivar payments: of how many it was told; fewer than ``model_trust.FEWEST`` tell nothing.
    :ivar trust: the share of the distance from the base rate, in log odds, that was kept; 1 where nothing was held back.
    :ivar base_rate: the share of payments labelled in the data that trained the model; None where nothing was held back.
    """

    drift: float
    payments: int
    trust: float
    base_rate: float | None

    @property
    def sentence(self) -> str:
        """Say it, where there is something to be said; else an empty text."""
        if self.base_rate is None:
            few = self.payments < FEWEST
            return (
                f"Fewer than {FEWEST:,} payments tell no drift; these scores are as the model was calibrated."
                if few
                else ""
            )
        return (
            f"These payments drifted from those that trained the model (mean PSI {self.drift:.3f}, above {AT_HOME}), so their "
            f"probabilities keep {self.trust:.3f} of their distance, in log odds, from {self.base_rate:.4f}, the share that was "
            "labelled in training. Their order is the model's; train one on such payments."
        )


def trust_of(scorer: Scorer, drift: Mapping[str, float], payments: int) -> Trust:
    """Return how far a model is trusted on so many payments that drifted so.

    :raises UnusableModel: if they drifted far, and its card does not say what share of its payments was labelled.
    """
    return scorer.trusted(factor(drift.values(), payments))


def held_of(trust: Trust, drift: Mapping[str, float], payments: int) -> Held:
    """Tell what :func:`trust_of` made of the same payments."""
    return Held(mean_drift(drift.values()), payments, trust.factor, None if trust.factor == 1 else trust.base)
