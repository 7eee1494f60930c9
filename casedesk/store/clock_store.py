"""Clocks as rows: derived from the events of their cases whenever these move them, so that lists need not read events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.clocks import Kind
from casedesk.domain.deadlines import CASH_RULE, Deadline, Outcome, deadlines
from casedesk.domain.ledger import Recorded
from casedesk.domain.policy import Policy
from casedesk.store.alert_store import AlertReader
from casedesk.store.dialects import stored_time, stream_beside
from casedesk.store.ledger_store import LedgerReader
from casedesk.store.tables import alerts, cases, clocks, filings

#: Cases that are read together.
_TOGETHER: Final = 200


class ClockReader:
    """Derives the clocks of cases from their events, and reads them as they are stored."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def derived(self, case_ids: Iterable[str]) -> Iterator[tuple[str, tuple[Deadline, ...]]]:
        """Yield the cases among these that there are, each with what its events give."""
        wanted = list(case_ids)
        policy: Policy | None = None
        for start in range(0, len(wanted), _TOGETHER):
            ledger, chunk = LedgerReader(self._connection), wanted[start : start + _TOGETHER]
            policy = ledger.policy() if policy is None else policy
            rows = {row.case_id: row for row in self._connection.execute(_CASES, {"cases": chunk})}
            histories = ledger.of_each(rows)
            of_cash = AlertReader(self._connection).of_cases([one for one in rows if _has_cash(histories[one])])
            for case_id in filter(rows.__contains__, chunk):
                row, history = rows[case_id], histories[case_id]
                purged = ledger.purges().get(case_id, 0) if any(event.purged for event in history) else 0
                outcome = Outcome(row.closed_at, row.disposition, purged)
                yield case_id, deadlines(outcome, alerts=of_cash.get(case_id, ()), history=history, policy=policy)

    def involved(self) -> set[str]:
        """Return the cases that have a report, or an alert about the cash of a day: those with more than retention."""
        found = set(self._connection.execute(sa.select(filings.c.case_id).distinct()).scalars())
        cash = sa.select(alerts.c.case_id).where(alerts.c.rule == CASH_RULE, alerts.c.case_id.is_not(None)).distinct()
        return found | set(self._connection.execute(cash).scalars())

    def lacking(self) -> list[str]:
        """Return the cases that should have clocks, if not one is stored: the database comes from a desk that stored none."""
        if self._connection.execute(sa.select(clocks.c.case_id).limit(1)).first() is not None:
            return []
        closed = self._connection.execute(sa.select(cases.c.case_id).where(cases.c.closed_at.is_not(None))).scalars()
        return sorted({*closed, *self.involved()})

    def closed_without(self, kind: Kind, before: datetime) -> int:
        """Count the cases that were closed before a time and have no clock of a kind."""
        has = sa.exists().where(clocks.c.case_id == cases.c.case_id, clocks.c.kind == kind.value)
        query = sa.select(sa.func.count()).where(cases.c.closed_at < before, ~has)
        return self._connection.execute(query).scalar_one()

    def projections(self) -> Iterator[dict[str, str]]:
        """Yield every row as text, in the order of its key."""
        query = sa.select(clocks).order_by(*clocks.primary_key.columns)
        for row in stream_beside(self._connection, query):
            yield _as_text(dict(zip(_NAMES, row, strict=True)))


_NAMES: Final = tuple(clocks.columns.keys())


def expected(case_id: str, deadline: Deadline) -> dict[str, str]:
    """Return what the row of a deadline must say, as :meth:`ClockReader.projections` yields it."""
    return _as_text(_values(case_id, deadline))


def _as_text(values: Mapping[str, Any]) -> dict[str, str]:
    written = {name: str(value) for name, value in values.items()}
    stands = values["stands"]
    return {
        **written,
        "due_at": stored_time(values["due_at"]),
        "stands": str(int(stands)) if isinstance(stands, int) else str(stands),
    }


class ClockStore(ClockReader):
    """Keeps the rows as the events have it."""

    def follow(self, case_ids: Collection[str]) -> None:
        """Derive the clocks of these cases anew, from events that are written already."""
        derived = self.derived(sorted(case_ids))
        while found := list(islice(derived, _TOGETHER)):
            self._connection.execute(_FORGET, {"cases": [case_id for case_id, _ in found]})
            self._insert([_values(case_id, one) for case_id, theirs in found for one in theirs])

    def complete(self) -> None:
        """Derive the clocks of every case, where there should be some and none is stored."""
        for case_id, found in self.derived(self.lacking()):
            self._insert([_values(case_id, one) for one in found])

    def _insert(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._connection.execute(_INSERT, rows)


_CASES = sa.select(cases.c.case_id, cases.c.closed_at, cases.c.disposition).where(
    cases.c.case_id.in_(sa.bindparam("cases", expanding=True))
)
_FORGET = sa.delete(clocks).where(clocks.c.case_id.in_(sa.bindparam("cases", expanding=True)))
_INSERT = sa.insert(clocks)


def _has_cash(history: Sequence[Recorded]) -> bool:
    return any(event.action == "alert_attached" and event.data["rule"] == CASH_RULE for event in history)


def _values(case_id: str, deadline: Deadline) -> dict[str, Any]:
    clock = deadline.clock
    return {
        "case_id": case_id,
        "kind": clock.kind.value,
        "source_event": clock.source_event,
        "source": clock.source,
        "started_on": clock.started_on,
        "due_at": clock.due_at,
        "rule": clock.rule.name,
        "rule_version": clock.rule.version,
        "stands": deadline.stands,
    }
