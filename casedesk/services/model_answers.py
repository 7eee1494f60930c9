"""What the last run of the model in force made of some accounts, with the parts that add up to each raw score."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from casedesk.domain.model_versions import SHIPPED
from casedesk.domain.people import Action, Person, require
from casedesk.modelling.features import catalogue
from casedesk.services.risk_sources import MILLION
from casedesk.store.model_store import AccountScore, ModelRun
from casedesk.store.unit_of_work import Reading


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says of an account: that of its most suspicious payment.

    ``parts`` are the features that weighed most, as (what it says, part); with ``start`` and ``others`` they add up to ``raw``, the
    log odds before calibration, to a millionth each. All of them are empty where the probability is too low to be explained.
    """

    account_id: str
    probability: float
    band: str
    transaction_id: str
    start: float
    parts: tuple[tuple[str, float], ...]
    others: float
    raw: float


def of_accounts(
    *, uow: Reading, actor: Person, account_ids: Sequence[str]
) -> tuple[ModelRun | None, tuple[Answer, ...]]:
    """Return the last run of the model in force, the shipped one where none is, and its answers, the highest first.

    The run is None where that model has scored nothing yet.
    """
    require(actor, Action.VIEW_SCORES)
    with uow:
        champion = uow.models.in_force()
        run = uow.models.last_run(champion.version_id if champion else SHIPPED)
        found = () if run is None else uow.models.of_accounts(run.model_run_id, account_ids)
    return run, tuple(map(_read, found))


def _read(one: AccountScore) -> Answer:
    told: dict[str, Any] = (
        json.loads(one.parts) if one.parts else {"start": 0.0, "parts": [], "others": 0.0, "raw": 0.0}
    )
    parts = tuple((meaning(name), float(part)) for name, _, part in told["parts"])
    return Answer(
        one.account_id,
        one.score / MILLION,
        one.band,
        one.transaction_id,
        told["start"],
        parts,
        told["others"],
        told["raw"],
    )


def meaning(feature: str) -> str:
    """Say what a feature says; its name where this desk has no such feature any more."""
    return _means().get(feature, feature)


@cache
def _means() -> dict[str, str]:
    return {feature.name: feature.means for feature in catalogue()}
