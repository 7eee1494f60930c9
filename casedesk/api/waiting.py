"""What rules and model say of transactions right after they were stored: the same incremental run as on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from casedesk import traces
from casedesk.api.access import Call
from casedesk.api.payment_scores import said_together
from casedesk.api.scoring_beside import Asked
from casedesk.domain.alerts import Alert, band
from casedesk.domain.people import Action, require
from casedesk.errors import CasedeskError
from casedesk.services import alerts, detecting

#: How often a run is started again because another process stored one meanwhile.
_TRIES: Final = 5


class Raised(BaseModel):
    """An alert that a transaction is evidence of, with the sentence that explains it."""

    alert_id: str
    rule: str
    severity: int
    band: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Looking:
    """One caller who waits, and for what."""

    call: Call
    transaction_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """The alerts, and what the model says, by transaction."""

    alerts: Mapping[str, tuple[Alert, ...]]
    model: Mapping[str, dict[str, Any]]

    def of(self, transaction_id: str) -> dict[str, Any]:
        """Tell of one transaction: the worst severity, its band, every alert, and what the model says."""
        found = self.alerts.get(transaction_id, ())
        worst = max((alert.severity for alert in found), default=0)
        said = {"score": worst, "band": band(worst).value, "alerts": [raised(alert) for alert in found]}
        return said | {"model": self.model.get(transaction_id)}


def raised(alert: Alert) -> dict[str, Any]:
    """Tell of an alert in short."""
    return {
        "alert_id": alert.alert_id, "rule": alert.rule, "severity": alert.severity, "band": alert.risk.value,
        "sentence": alert.sentence,
    }  # fmt: skip


def look_together(group: Sequence[Looking]) -> list[Found | Exception]:
    """Run the rules once for all who wait, and return to each what they, and the model, say of its transactions.

    :raises AnotherRun: if other processes stored runs all the time; what was sent is stored all the same.
    """
    answers: list[Found | Exception] = [_refusal(looking.call) or Found({}, {}) for looking in group]
    waiting = [looking for looking, answer in zip(group, answers, strict=True) if isinstance(answer, Found)]
    if not waiting:
        return answers
    first = waiting[0].call
    wanted = sorted(frozenset().union(*(looking.transaction_ids for looking in waiting)))
    # the model asks for what is stored, and not for what rules say of it
    with first.served.waited.under_way(), ThreadPoolExecutor(1, "scoring") as beside:
        scoring = beside.submit(copy_context().run, _scored, first, wanted)
        _run(first)
        found = alerts.raised_by(uow=first.desk.reading(), actor=first.actor, transaction_ids=wanted)
        scored = scoring.result()
    for place, looking in enumerate(group):
        if isinstance(answers[place], Found):
            own = looking.transaction_ids
            answers[place] = Found(
                {one: found[one] for one in found.keys() & own}, {one: scored[one] for one in scored.keys() & own}
            )
    return answers


def _refusal(call: Call) -> CasedeskError | None:
    try:
        for action in (Action.DETECT, Action.VIEW_SCORES):
            require(call.actor, action)
    except CasedeskError as refusal:
        return refusal
    return None


def _scored(call: Call, transaction_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    asked = Asked(actor=call.actor, at=call.served.now(), transaction_ids=list(transaction_ids))
    found = call.served.scoring_beside.scored(asked)
    return said_together(call.desk, asked) if found is None else found


def _run(call: Call) -> None:
    for left in range(_TRIES - 1, -1, -1):
        try:
            with call.served.metrics.run_seconds.time(), traces.span("run rules") as spanned:
                done = detecting.detect(
                    look=call.desk.reading(), uow=call.desk.writing(), actor=call.actor, at=call.served.now(),
                    base_currency=call.desk.settings.base_currency, warm=call.served.warm, clock=call.served.now,
                )  # fmt: skip
                spanned.note(transactions=done.transactions, alerts=done.new_alerts, grown=done.grown_alerts)
        except detecting.AnotherRun:
            if not left:
                raise
        else:
            if done.changed:
                call.served.following.notice()
            return
