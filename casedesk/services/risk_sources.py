"""Where advice has a model's score and a customer's exposure from."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final, Protocol

from casedesk.domain.advice_table import WHOLE
from casedesk.domain.cases import Case
from casedesk.services.run_trust import trust_of
from casedesk.store.unit_of_work import Reading, Writing


@dataclass(frozen=True, slots=True)
class ModelScore:
    """What a promoted model says of a case, and which version of it."""

    version: str
    score: float  # in [0, 1]


#: Scores of models are stored in millionths.
MILLION: Final = 1_000_000


class RiskSource(Protocol):
    """Gives what is known of a case beyond its alerts. It is asked inside an open unit of work, and only reads."""

    def score(self, uow: Reading | Writing, case: Case) -> ModelScore | None:
        """Return the promoted model's score; None where no model is promoted."""

    def exposure(self, uow: Reading | Writing, case: Case) -> float | None:
        """Return the exposure of the case's customer to listed parties in [0, 1]; None where nobody computed it."""


class OnDesk:
    """What the desk's own runs say of the case's customer: of all accounts, the one with the highest value counts."""

    def score(self, uow: Reading | Writing, case: Case) -> ModelScore | None:
        """Return the score in the last run of the version in force; None where there is none, or it saw none of the accounts.

        None as well where that run's payments drifted so far that its probabilities were held back: what then says little of any
        payment would read as a reason to dismiss.
        """
        version = uow.models.in_force()
        run = None if version is None else uow.models.last_run(version.version_id)
        if version is None or run is None or trust_of(run) < 1:
            return None
        found = uow.models.of_accounts(run.model_run_id, _accounts(uow, case))
        return ModelScore(version.version_id, found[0].score / MILLION) if found else None

    def exposure(self, uow: Reading | Writing, case: Case) -> float | None:
        """Return the exposure in the newest run; None before the first."""
        run = uow.scores.last()
        if run is None:
            return None
        found = uow.scores.of(run.run_id, _accounts(uow, case))
        return max((one.exposure for one in found.values()), default=0.0)


ON_DESK: Final = OnDesk()


def _accounts(uow: Reading | Writing, case: Case) -> list[str]:
    return [account.account_id for account in uow.parties.accounts_of(case.customer_id)]


def ten_thousandths(value: float | None) -> int | None:
    """Round a share to the unit of advice; None for what is no share, such as the NaN of a broken model."""
    if value is None or not isfinite(value) or not 0.0 <= value <= 1.0:
        return None
    return round(value * WHOLE)
