"""What became of alerts: in which case each stands, and how the case ended. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.line_yields import Placement
from casedesk.store.tables import alert_transactions, alerts, cases, customers, line_test_picks


@dataclass(frozen=True, slots=True)
class AlertOutcome:
    """One alert and its case. ``disposition`` is empty while the case is open or the alert has none."""

    alert_id: str
    rule: str
    customer_id: str
    raised_at: datetime
    case_id: str
    opened_at: datetime | None
    closed_at: datetime | None
    disposition: str


@dataclass(frozen=True, slots=True)
class DecidedEvidence:
    """One transaction of an alert in a closed case."""

    case_id: str
    disposition: str
    rule: str
    account_id: str
    transaction_id: str


class OutcomeReader:
    """Reads how alerts ended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def alerts(self) -> Iterator[AlertOutcome]:
        """Yield every alert that a rule in force raised, by the time it was raised.

        What was drawn below a rule's thresholds says nothing of the rule in force.
        """
        drawn = sa.select(line_test_picks.c.alert_id).where(line_test_picks.c.placement != Placement.KNOWN.value)
        decided = sa.case((cases.c.is_open == sa.false(), cases.c.disposition), else_="")
        query = (
            sa.select(
                alerts.c.alert_id,
                alerts.c.rule,
                alerts.c.customer_id,
                alerts.c.raised_at,
                sa.func.coalesce(alerts.c.case_id, ""),
                cases.c.opened_at,
                cases.c.closed_at,
                sa.func.coalesce(decided, ""),
            )
            .select_from(alerts.outerjoin(cases, cases.c.case_id == alerts.c.case_id))
            .where(alerts.c.alert_id.not_in(drawn))
            .order_by(alerts.c.raised_at, alerts.c.alert_id)
        )
        for row in self._connection.execute(query):
            yield AlertOutcome(*row)

    def decided_evidence(self) -> Iterator[DecidedEvidence]:
        """Yield the evidence of every alert in a closed case, by case."""
        query = (
            sa.select(
                cases.c.case_id,
                cases.c.disposition,
                alerts.c.rule,
                alerts.c.account_id,
                alert_transactions.c.transaction_id,
            )
            .join(alerts, alerts.c.case_id == cases.c.case_id)
            .join(alert_transactions, alert_transactions.c.alert_id == alerts.c.alert_id)
            .where(cases.c.is_open == sa.false())
            .order_by(cases.c.case_id, alerts.c.alert_id, alert_transactions.c.position)
        )
        for row in self._connection.execute(query):
            yield DecidedEvidence(*row)

    def customers(self) -> int:
        """Count the customers."""
        return self._connection.execute(sa.select(sa.func.count()).select_from(customers)).scalar_one()
