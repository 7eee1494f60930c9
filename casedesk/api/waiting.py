"""What the rules say of transactions right after they were stored: the same incremental run as on the command line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from casedesk.api.access import Call
from casedesk.domain.alerts import Alert, band
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


def looked_at(call: Call, transaction_ids: Collection[str]) -> Found:
    """Run the rules over what is new, and return what they say of these transactions.

    :raises AnotherRun: if other processes stored runs all the time; what was sent is stored all the same.
    """
    with call.served.detecting:
        for left in range(_TRIES - 1, -1, -1):
            try:
                with call.served.metrics.run_seconds.time():
                    detecting.detect(
                        look=call.desk.reading(), uow=call.desk.writing(), actor=call.actor, at=call.served.now(),
                        base_currency=call.desk.settings.base_currency, clock=call.served.now,
                    )  # fmt: skip
                break
            except detecting.AnotherRun:
                if not left:
                    raise
    return Found(alerts.raised_by(uow=call.desk.reading(), actor=call.actor, transaction_ids=list(transaction_ids)))
