"""Figures of the running desk, for whoever keeps it running: what came in, what was found, what waits. Reads only.

They are of the kind that may be told to anybody: a case is new or in review, whatever was decided on it meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casedesk.domain.people import Action, Person, require
from casedesk.store.import_store import Import
from casedesk.store.run_store import Run
from casedesk.store.unit_of_work import Reading

__all__ = ["Import", "Ingestion", "Queue", "Run", "ingestion", "queues"]


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


def queues(*, uow: Reading, at: datetime) -> tuple[Queue, ...]:
    """Return how many cases are open in each status, and the age of the oldest."""
    with uow:
        found = uow.queue.open_since()
    return tuple(
        Queue(status, n, max(0.0, (at - oldest).total_seconds())) for status, (n, oldest) in sorted(found.items())
    )


def _since(moment: datetime | None, at: datetime) -> float | None:
    return None if moment is None else max(0.0, (at - moment).total_seconds())
