"""Figures of the running desk: what came in, how long it took, what is new. Each is found by an index, or says otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.moments import canonical
from casedesk.store.dialects import up_to
from casedesk.store.tables import (
    alert_transactions,
    alerts,
    case_events,
    detection_runs,
    imports,
    ledger_head,
    receipts,
    transactions,
)

#: SQL Server takes 2,100 parameters a statement.
_CHUNK = 500
_ROWS = ("rows_read", "rows_stored", "rows_duplicate", "rows_rejected")


class FigureReader:
    """Reads figures of operation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def arrived_after(self, arrival: int) -> int:
        """Return how many transactions arrived after a number."""
        query = sa.select(sa.func.count()).where(transactions.c.arrival > arrival)
        return self._connection.execute(query).scalar_one()

    def happened(self, actions: Collection[str], *, after: int, upto: int) -> dict[str, int]:
        """Count the events of some kinds behind ``after``, up to and with ``upto``; a kind without one is left out."""
        query = (
            sa.select(case_events.c.action, sa.func.count())
            .where(case_events.c.event_id > after, case_events.c.event_id <= upto, case_events.c.action.in_(actions))
            .group_by(case_events.c.action)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def imported(self, since: datetime, letters: int) -> dict[str, tuple[int, int, int, int]]:
        """Return the rows read, stored, known already and rejected, by when their import began.

        :param letters: how much of the instant is kept: a day is 10, an hour 13, a minute 16.
        """
        slot = up_to(self._connection.dialect.name, imports.c.started_at, letters).label("slot")
        rows = sa.select(slot, *(imports.c[name] for name in _ROWS)).where(imports.c.started_at >= since).subquery()
        query = sa.select(rows.c.slot, *(sa.func.sum(rows.c[name]) for name in _ROWS)).group_by(rows.c.slot)
        return {row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in self._connection.execute(query)}

    def size_at(self, moment: datetime) -> int:
        """Return how many events the ledger had at a moment, by halving: some twenty look-ups in a million events."""
        text = canonical(moment)
        low = 0
        high = self._connection.execute(sa.select(ledger_head.c.size)).scalar_one_or_none() or 0
        while low < high:
            middle = (low + high + 1) // 2
            query = sa.select(case_events.c.ts).where(case_events.c.event_id == middle)
            if self._connection.execute(query).scalar_one() <= text:
                low = middle
            else:
                high = middle - 1
        return low

    def delays(self, *, after: int = 0, limit: int) -> tuple[tuple[float, ...], int]:
        """Return the seconds from receipt to alert, newest runs first, and of how many alerts they were looked for.

        An alert was received when the last transaction came that its run had before it, and is there when the run is done.
        Runs that nobody timed are left out, and so are samples below a line; what was stored before receipts were noted has
        none.

        :param after: only runs with a later place among the arrivals.
        """
        run = detection_runs.alias("run")
        query = (
            sa.select(alerts.c.alert_id, run.c.ordinal, run.c.finished_at)
            .join(run, sa.and_(alerts.c.raised_at == run.c.ran_at, alerts.c.run_id == run.c.run_id))
            .where(run.c.ordinal > after, run.c.new_alerts > 0, run.c.finished_at.is_not(None))
            .order_by(run.c.ordinal.desc(), alerts.c.alert_id)
            .limit(limit)
        )
        raised = self._connection.execute(query).all()
        arrivals = self._arrivals([row[0] for row in raised])
        last = {
            alert_id: max((one for one in arrivals[alert_id] if one < ordinal), default=0)
            for alert_id, ordinal, _ in raised
        }
        received = self._received(sorted(set(last.values())))
        found = tuple(
            max(0.0, (there - received[last[alert_id]]).total_seconds())
            for alert_id, _, there in raised
            if last[alert_id] in received
        )
        return found, len(raised)

    def by_rule(self) -> dict[str, int]:
        """Count the alerts by rule. Reads every alert."""
        query = sa.select(alerts.c.rule, sa.func.count()).group_by(alerts.c.rule)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def by_way(self) -> dict[str, tuple[int, int, int, int]]:
        """Sum the rows of every import by what its name begins with, up to a colon: ``api`` for what was posted.

        Reads every import.
        """
        way = sa.case(
            (imports.c.file_name.like("api:K-%"), "api"), (imports.c.file_name.like("kafka:%"), "kafka"), else_="file"
        )
        rows = sa.select(way.label("way"), *(imports.c[name] for name in _ROWS)).subquery()
        query = sa.select(rows.c.way, *(sa.func.sum(rows.c[name]) for name in _ROWS)).group_by(rows.c.way)
        return {row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in self._connection.execute(query)}

    def _arrivals(self, alert_ids: Sequence[str]) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for start in range(0, len(alert_ids), _CHUNK):
            query = (
                sa.select(alert_transactions.c.alert_id, transactions.c.arrival)
                .join(transactions, transactions.c.transaction_id == alert_transactions.c.transaction_id)
                .where(alert_transactions.c.alert_id.in_(alert_ids[start : start + _CHUNK]))
                .distinct()
            )
            for alert_id, arrival in self._connection.execute(query):
                found[alert_id].add(arrival)
        return found

    def _received(self, arrivals: Sequence[int]) -> dict[int, datetime]:
        found: dict[int, datetime] = {}
        for start in range(0, len(arrivals), _CHUNK):
            query = sa.select(receipts.c.arrival, receipts.c.received_at)
            part = receipts.c.arrival.in_(arrivals[start : start + _CHUNK])
            found |= {row[0]: row[1] for row in self._connection.execute(query.where(part))}
        return found
