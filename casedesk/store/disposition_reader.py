"""What people decided, for a model to learn from and to be measured by. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.cases import CaseStatus
from casedesk.store.tables import accounts, alert_transactions, alerts, cases, model_runs, model_scores


@dataclass(frozen=True, slots=True)
class Judged:
    """One transaction of a case's evidence, and how the case stands; ``closed`` only while its decision stands."""

    case_id: str
    closed: bool
    disposition: str
    qa_status: str
    transaction_id: str


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A closed case, and an account of its customer as a model scored it before; ``score`` and ``band`` None where it did not."""

    case_id: str
    disposition: str
    score: int | None
    band: str | None


class DispositionReader:
    """Reads how cases ended, by transaction and by account."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def evidence(self) -> Iterator[Judged]:
        """Yield each transaction of each case once, by case and transaction."""
        query = (
            sa.select(cases.c.case_id, cases.c.status, cases.c.disposition, cases.c.qa_status)
            .add_columns(alert_transactions.c.transaction_id)
            .join(alerts, alerts.c.case_id == cases.c.case_id)
            .join(alert_transactions, alert_transactions.c.alert_id == alerts.c.alert_id)
            .distinct()
            .order_by(cases.c.case_id, alert_transactions.c.transaction_id)
        )
        for case_id, status, disposition, qa_status, transaction_id in self._connection.execute(query):
            yield Judged(case_id, status == CaseStatus.CLOSED, disposition, qa_status, transaction_id)

    def foreseen(self, version_id: str) -> Iterator[Foreseen]:
        """Yield the closed cases that a version of the model scored before they were closed, by the last run before that.

        :param version_id: empty for the model that ships with the desk.
        """
        runs = model_runs.c.version_id == version_id, model_runs.c.ran_at < cases.c.closed_at
        last = sa.select(model_runs.c.model_run_id).where(*runs).correlate(cases)
        last = last.order_by(model_runs.c.ran_at.desc(), model_runs.c.model_run_id.desc()).limit(1)
        closed = (
            sa.select(cases.c.case_id, cases.c.customer_id, cases.c.disposition, last.scalar_subquery().label("run"))
            .where(cases.c.status == CaseStatus.CLOSED.value)
            .subquery()
        )
        scored = sa.and_(
            model_scores.c.model_run_id == closed.c.run, model_scores.c.account_id == accounts.c.account_id
        )
        query = (
            sa.select(closed.c.case_id, closed.c.disposition, model_scores.c.score, model_scores.c.band)
            .outerjoin(accounts, accounts.c.customer_id == closed.c.customer_id)
            .outerjoin(model_scores, scored)
            .where(closed.c.run.is_not(None))
            .order_by(closed.c.case_id, accounts.c.account_id)
        )
        for row in self._connection.execute(query):
            yield Foreseen(*row)
