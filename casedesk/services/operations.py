"""Figures of the running desk, for whoever keeps it running: what came in, what was found, what waits. Reads only.

They are of the kind that may be told to anybody: a case is new or in review, whatever was decided on it meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from casedesk.domain.people import Action, Person, require
from casedesk.store.import_store import Import
from casedesk.store.run_store import Run
from casedesk.store.unit_of_work import Reading

__all__ = ["Delays", "Import", "Ingestion", "Queue", "Run", "Standing", "Totals", "delays", "ingestion", "newest_run", "queues", "standing", "totals"]  # fmt: skip

#: The most alerts that one look takes the time to: their evidence is read.
MOST_DELAYS = 1_000


@dataclass(frozen=True, slots=True)
class Ingestion:
    """What came in so far. The counts are of rows of every import, ``imports`` and ``runs`` are the newest first."""

    transactions: int
    read: int
    stored: int
    duplicates: int
    rejected: int
    imports: tuple[Import, ...]
    runs: tuple[Run, ...]
    seconds_since_import: float | None
    seconds_since_run: float | None
    unseen: int  # arrivals that no run has looked at yet


@dataclass(frozen=True, slots=True)
class Queue:
    """The open cases of a status."""

    status: str
    cases: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the desk stands at this moment. Every figure is found by an index."""

    events: int
    unseen_rows: int  # transactions that no run has looked at yet
    last_import: float | None  # seconds since it began, None before the first
    last_run: float | None
    queues: tuple[Queue, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """What there is in all. Whole tables are read for it, so whoever asks often keeps it for a while."""

    rows: Mapping[str, tuple[int, int, int, int]]  # by way in: read, stored, known already, rejected
    alerts: Mapping[str, int]  # by rule
    runs: int


@dataclass(frozen=True, slots=True)
class Delays:
    """The seconds from the receipt of an alert's last transaction to the end of the run that raised it.

    ``alerts`` is of how many they were looked for: what came before receipts were noted has none. ``upto`` is the place
    of the newest run, from which the next look goes on.
    """

    seconds: tuple[float, ...]
    alerts: int
    upto: int

    def percentile(self, percent: int) -> float | None:
        """Return what so many per cent of the delays do not exceed (nearest rank), None where there is none."""
        ordered = sorted(self.seconds)
        return ordered[max(1, -(-len(ordered) * percent // 100)) - 1] if ordered else None


def ingestion(*, uow: Reading, actor: Person, at: datetime, limit: int = 10) -> Ingestion:
    """Return what came in, and how far the rules are."""
    require(actor, Action.IMPORT)
    with uow:
        imports, runs = uow.imports.newest(limit), uow.runs.newest(limit)
        last, newest = uow.runs.last(), uow.run_data.newest()
        totals = uow.imports.totals()
        count = uow.transactions.count()
    return Ingestion(
        count,
        *totals,
        imports=imports,
        runs=runs,
        seconds_since_import=_since(imports[0].started_at if imports else None, at),
        seconds_since_run=_since(runs[0].ran_at if runs else None, at),
        unseen=max(0, newest - (last.ordinal if last else 0)),
    )


def standing(*, uow: Reading, at: datetime) -> Standing:
    """Return where the desk stands."""
    with uow:
        last, imported = uow.runs.last(), uow.imports.newest(1)
        return Standing(
            events=uow.ledger.head().size,
            unseen_rows=uow.figures.arrived_after(_seen(last)),
            last_import=_since(imported[0].started_at if imported else None, at),
            last_run=_since(last.ran_at if last else None, at),
            queues=_queues(uow, at),
        )


def totals(*, uow: Reading) -> Totals:
    """Return what there is in all."""
    with uow:
        return Totals(uow.figures.by_way(), uow.figures.by_rule(), uow.runs.count())


def delays(*, uow: Reading, after: int = 0) -> Delays:
    """Return how long it took from receipt to alert, of the newest thousand alerts at most.

    :param after: only of runs with a later place than that.
    """
    with uow:
        last = uow.runs.last()
        found, alerts = uow.figures.delays(after=after, limit=MOST_DELAYS)
    return Delays(found, alerts, last.ordinal if last else after)


def newest_run(*, uow: Reading) -> int:
    """Return the place of the newest run among the arrivals, 0 before the first."""
    with uow:
        last = uow.runs.last()
    return last.ordinal if last else 0


def queues(*, uow: Reading, at: datetime) -> tuple[Queue, ...]:
    """Return how many cases are open in each status, and the age of the oldest."""
    with uow:
        return _queues(uow, at)


def _queues(uow: Reading, at: datetime) -> tuple[Queue, ...]:
    found = uow.queue.open_since()
    return tuple(
        Queue(status, n, max(0.0, (at - oldest).total_seconds())) for status, (n, oldest) in sorted(found.items())
    )


def _seen(last: Run | None) -> int:
    """Return the newest arrival that a run saw: it took its own place when it stored what it found, and looked before."""
    return 0 if last is None else int(json.loads(last.record)["arrival"]) if last.record else last.ordinal


def _since(moment: datetime | None, at: datetime) -> float | None:
    return None if moment is None else max(0.0, (at - moment).total_seconds())
