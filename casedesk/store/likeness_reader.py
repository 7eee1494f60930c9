"""What closed cases have in common with another: rules, and counterparties of their evidence. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.store.tables import accounts, alert_transactions, alerts, cases, customers, transactions

#: SQL Server takes 2,100 parameters a statement.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class ClosedCase:
    """A closed case in one line."""

    case_id: str
    customer_id: str
    customer: str
    opened_at: datetime
    disposition: str


class LikenessReader:
    """Reads what cases have in common."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rules(self, case_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the rules of the alerts in each of these cases."""
        query = sa.select(alerts.c.case_id, alerts.c.rule).where(alerts.c.case_id.in_(case_ids)).distinct()
        return _grouped(self._connection.execute(query))

    def counterparties(self, case_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the accounts on the other side of each case's evidence; the customer's own are none."""
        found: dict[str, set[str]] = {}
        for side in (transactions.c.from_account, transactions.c.to_account):
            query = (
                sa.select(alerts.c.case_id, side)
                .join(alert_transactions, alert_transactions.c.alert_id == alerts.c.alert_id)
                .join(transactions, transactions.c.transaction_id == alert_transactions.c.transaction_id)
                .outerjoin(accounts, accounts.c.account_id == side)
                .where(
                    alerts.c.case_id.in_(case_ids),
                    side != "",
                    sa.or_(accounts.c.customer_id.is_(None), accounts.c.customer_id != alerts.c.customer_id),
                )
                .distinct()
            )
            for case_id, account in self._connection.execute(query):
                found.setdefault(case_id, set()).add(account)
        return {case_id: frozenset(some) for case_id, some in found.items()}

    def accounts(self, customer_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the accounts of each of these customers."""
        query = sa.select(accounts.c.customer_id, accounts.c.account_id).where(accounts.c.customer_id.in_(customer_ids))
        return _grouped(self._connection.execute(query))

    def with_rules(self, rules: Sequence[str], limit: int) -> tuple[str, ...]:
        """Return the closed cases with an alert of one of these rules, those opened last first."""
        having = sa.select(alerts.c.case_id).where(alerts.c.rule.in_(rules), alerts.c.case_id.is_not(None))
        return self._newest(having, limit)

    def with_counterparties(self, account_ids: Sequence[str], limit: int) -> tuple[str, ...]:
        """Return the closed cases whose evidence has one of these accounts on a side, those opened last first."""
        ids = account_ids[:CHUNK]
        sides = [side.in_(ids) for side in (transactions.c.from_account, transactions.c.to_account)]
        having = [
            sa.select(alerts.c.case_id)
            .join(alert_transactions, alert_transactions.c.alert_id == alerts.c.alert_id)
            .join(transactions, transactions.c.transaction_id == alert_transactions.c.transaction_id)
            .where(side, alerts.c.case_id.is_not(None))
            for side in sides
        ]
        return self._newest(sa.union(*having), limit)

    def _newest(self, having: sa.SelectBase, limit: int) -> tuple[str, ...]:
        query = (
            sa.select(cases.c.case_id)
            .where(cases.c.status == "Closed", cases.c.case_id.in_(having))
            .order_by(cases.c.opened_at.desc(), cases.c.case_id.desc())
            .limit(limit)
        )
        return tuple(self._connection.execute(query).scalars())

    def closed(self, case_ids: Sequence[str]) -> tuple[ClosedCase, ...]:
        """Return these cases, by id."""
        columns = (cases.c.case_id, cases.c.customer_id, customers.c.name, cases.c.opened_at, cases.c.disposition)
        query = sa.select(*columns).join(customers).where(cases.c.case_id.in_(case_ids)).order_by(cases.c.case_id)
        return tuple(ClosedCase(*row) for row in self._connection.execute(query))


def _grouped(rows: Iterable[Any]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for key, value in rows:
        found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}
