"""Score everything that the desk holds by the champion or the challenger, and keep what each account got and why."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import numpy as np

from casedesk.domain import events
from casedesk.domain.events import DESK
from casedesk.domain.ledger import Recorded
from casedesk.domain.model_versions import SHIPPED, ModelVersion, scores_digest
from casedesk.domain.people import Action, Person, require
from casedesk.domain.score_bands import cut_offs
from casedesk.errors import Invalid
from casedesk.modelling.building import Features, build
from casedesk.modelling.calibration import Trust
from casedesk.modelling.measures import Floats
from casedesk.modelling.payments import OUTSIDE, Payments
from casedesk.modelling.scorer import Scorer, account_scores
from casedesk.services.held_scores import trust_of
from casedesk.services.models import files_of
from casedesk.services.offline_modelling import drift_of
from casedesk.services.run_trust import in_units
from casedesk.services.steps import present
from casedesk.store.model_store import AccountScore, ModelRun
from casedesk.store.unit_of_work import Reading, Writing

#: Accounts of at least this score, in millionths and as calibrated, are explained, and at most so many of them.
_EXPLAINED: Final = (50_000, 2_000)
#: So many features are told by name; the others as one sum.
_TOLD: Final = 10


class NothingToScore(Invalid):
    """The desk holds no transaction."""

    def __init__(self) -> None:
        super().__init__("The desk holds no transaction to score; import some first.")


def run(*, look: Reading, uow: Writing, actor: Person, at: datetime, version_id: str | None = None) -> Recorded:
    """Score every transaction of the desk, and store a score for each of its own accounts.

    :param look: the unit that reads; the model works without a lock on the desk.
    :param version_id: a version that is in force or waits; None for the one in force, or the shipped model.
    :raises NothingToScore: if there is no transaction.
    :raises NoModelExtra: if the extra is not installed.
    """
    require(actor, Action.DETECT)
    with look:
        version = look.models.in_force() if version_id is None else look.models.get(version_id)
        files = files_of(look, version)
        upto = look.run_data.newest()
        table, accounts = look.run_data.transactions(upto), look.run_data.accounts(upto)
    if not table.num_rows:
        raise NothingToScore
    holders = zip(accounts["account_id"].to_pylist(), accounts["customer_id"].to_pylist(), strict=True)
    own = {account for account, customer in holders if customer}
    scorer, payments = Scorer(files), Payments.of(table)
    features = build(payments)
    drift = drift_of(scorer, features)
    trust = trust_of(scorer, drift, len(payments.ids))
    scores = _scores(scorer, payments, features, own, at, trust)
    return _stored(uow, actor, at, version, files.model_id, len(payments.ids), drift, trust.factor, scores)


def _scores(
    scorer: Scorer, payments: Payments, features: Features, own: set[str], at: datetime, trust: Trust
) -> list[AccountScore]:
    said = scorer.probabilities(features.matrix)
    calibrated = account_scores(payments, said)
    by_account = trust.held(calibrated)
    worst = _worst(payments, said)
    cuts = cut_offs(at.date())
    found: list[AccountScore] = []
    for number in np.argsort(-by_account, kind="stable").tolist():
        account = payments.accounts[number].as_py()
        if account not in own:
            continue
        score = round(float(by_account[number]) * 1_000_000)
        told = round(float(calibrated[number]) * 1_000_000) >= _EXPLAINED[0] and len(found) < _EXPLAINED[1]
        parts = _parts(scorer, features, worst[number]) if told else ""
        name = payments.ids[worst[number]].as_py()
        found.append(AccountScore(account, score, cuts.band(score / 1_000_000).value, name, parts))
    return found


def _worst(payments: Payments, said: Floats) -> list[int]:
    """Return for each account the place of its most suspicious payment; of equal ones the first."""
    accounts = np.concatenate([payments.table[side].to_numpy() for side in ("payer", "payee")])
    places = np.tile(np.arange(len(said)), 2)
    order = np.lexsort((places, -said[places], accounts))
    named, first = np.unique(accounts[order], return_index=True)
    found: list[int] = places[order][first][named != OUTSIDE].tolist()
    return found


def _parts(scorer: Scorer, features: Features, place: int) -> str:
    told = scorer.explain(features, place)
    first = [(one.feature, one.value, round(one.part, 6)) for one in told.contributions[:_TOLD]]
    rest = round(told.raw - told.start - sum(part for _, _, part in first), 6)
    said: dict[str, Any] = {"raw": round(told.raw, 6), "start": round(told.start, 6), "parts": first, "others": rest}
    return json.dumps(said)


def _stored(
    uow: Writing,
    actor: Person,
    at: datetime,
    version: ModelVersion | None,
    model_id: str,
    count: int,
    drift: dict[str, float],
    trust: float,
    scores: list[AccountScore],
) -> Recorded:
    digest = scores_digest((one.account_id, one.score, one.band, one.transaction_id, one.parts) for one in scores)
    with uow:
        actor = present(uow, actor)
        require(actor, Action.DETECT)
        made = ModelRun(
            uow.models.next_run_id(), version.version_id if version else SHIPPED, model_id, at, count, len(scores),
            json.dumps({name: round(value, 6) for name, value in sorted(drift.items())}), digest,
        )  # fmt: skip
        uow.models.insert_run(made, scores)
        event = events.ModelScored(
            model_run_id=made.model_run_id,
            version_id=made.version_id,
            model_id=model_id,
            transactions=count,
            accounts=len(scores),
            scores_sha256=digest,
            trust_millionths=in_units(trust),
        )
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return row
