"""What the rules say of transactions right after they were stored: the same incremental run as on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from casedesk.api.access import Call
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
    """The alerts by transaction."""

    alerts: Mapping[str, tuple[Alert, ...]]

    def of(self, transaction_id: str) -> dict[str, Any]:
        """Tell of one transaction: the worst severity, its band, every alert."""
        found = self.alerts.get(transaction_id, ())
        worst = max((alert.severity for alert in found), default=0)
        return {"score": worst, "band": band(worst).value, "alerts": [raised(alert) for alert in found]}


def raised(alert: Alert) -> dict[str, Any]:
    """Tell of an alert in short."""
    return {
        "alert_id": alert.alert_id, "rule": alert.rule, "severity": alert.severity, "band": alert.risk.value,
        "sentence": alert.sentence,
    }  # fmt: skip


def look_together(group: Sequence[Looking]) -> list[Found | Exception]:
    """Run the rules once for all who wait, and return to each what they say of its transactions.

    :raises AnotherRun: if other processes stored runs all the time; what was sent is stored all the same.
    """
    told: list[Found | Exception] = [_refusal(looking.call) or Found({}) for looking in group]
    waiting = [looking for looking, answer in zip(group, told, strict=True) if isinstance(answer, Found)]
    if not waiting:
        return told
    first = waiting[0].call
    _run(first)
    wanted = sorted(frozenset().union(*(looking.transaction_ids for looking in waiting)))
    found = alerts.raised_by(uow=first.desk.reading(), actor=first.actor, transaction_ids=wanted)
    for place, looking in enumerate(group):
        if isinstance(told[place], Found):
            own = found.keys() & looking.transaction_ids
            told[place] = Found({transaction_id: found[transaction_id] for transaction_id in own})
    return told


def _refusal(call: Call) -> CasedeskError | None:
    try:
        require(call.actor, Action.DETECT)
    except CasedeskError as refusal:
        return refusal
    return None


def _run(call: Call) -> None:
    for left in range(_TRIES - 1, -1, -1):
        try:
            with call.served.metrics.run_seconds.time():
                done = detecting.detect(
                    look=call.desk.reading(), uow=call.desk.writing(), actor=call.actor, at=call.served.now(),
                    base_currency=call.desk.settings.base_currency, warm=call.served.warm, clock=call.served.now,
                )  # fmt: skip
        except detecting.AnotherRun:
            if not left:
                raise
        else:
            if done.changed:
                call.served.following.notice()
            return
