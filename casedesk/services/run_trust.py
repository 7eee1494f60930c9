"""How far the probabilities of one of the desk's runs of a model are trusted: told by the drift that is stored with the run."""

from __future__ import annotations

import json

from casedesk.domain.model_trust import UNITS, factor
from casedesk.store.model_store import ModelRun


def trust_of(run: ModelRun) -> float:
    """Return the factor by which a run's probabilities are held back; 1 where the payments are such as trained the model."""
    return factor(json.loads(run.drift).values(), run.transactions)


def in_units(trust: float) -> int:
    """Return a factor in millionths, as events have it."""
    return round(trust * UNITS)
