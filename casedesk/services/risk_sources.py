"""Where advice has a model's score and a customer's exposure from: whoever computes them implements this interface."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final, Protocol

from casedesk.domain.advice_table import WHOLE
from casedesk.domain.cases import Case
from casedesk.store.unit_of_work import Reading, Writing


@dataclass(frozen=True, slots=True)
class ModelScore:
    """What a promoted model says of a case, and which version of it."""

    version: str
    score: float  # in [0, 1]


class RiskSource(Protocol):
    """Gives what is known of a case beyond its alerts. It is asked inside an open unit of work, and only reads."""

    def score(self, uow: Reading | Writing, case: Case) -> ModelScore | None:
        """Return the promoted model's score; None where no model is promoted."""

    def exposure(self, uow: Reading | Writing, case: Case) -> float | None:
        """Return the exposure of the case's customer to listed parties in [0, 1]; None where nobody computed it."""


class Nothing:
    """A desk without model and without exposure: advice goes by the alerts alone."""

    def score(self, uow: Reading | Writing, case: Case) -> ModelScore | None:
        return None

    def exposure(self, uow: Reading | Writing, case: Case) -> float | None:
        return None


NOTHING: Final = Nothing()


def ten_thousandths(value: float | None) -> int | None:
    """Round a share to the unit of advice; None for what is no share, such as the NaN of a broken model."""
    if value is None or not isfinite(value) or not 0.0 <= value <= 1.0:
        return None
    return round(value * WHOLE)
