"""What came in, how the ledger grew and which runs there were, over an hour, a day or a month. Reads only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from casedesk.domain.people import Action, Person, require
from casedesk.store.import_store import Import
from casedesk.store.run_store import Run
from casedesk.store.unit_of_work import Reading

__all__ = ["Import", "Piece", "Ran", "Span", "history", "imports", "runs"]


class Span(StrEnum):
    """How far back to look."""

    HOUR = "Last hour"
    DAY = "Last day"
    MONTH = "30 days"


#: How each is cut: into pieces of which length, and how many letters of an instant name one.
_CUT: Final[dict[Span, tuple[timedelta, int, int]]] = {
    Span.HOUR: (timedelta(minutes=1), 60, 16),
    Span.DAY: (timedelta(hours=1), 24, 13),
    Span.MONTH: (timedelta(days=1), 30, 10),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """What came in and how many events there were within one piece of time that begins at ``start``."""

    start: datetime
    stored: int
    duplicates: int
    rejected: int
    events: int


@dataclass(frozen=True, slots=True)
class Ran:
    """One run with what its record says. ``since`` is empty for a run over everything, ``subjects`` None then."""

    run: Run
    since: str
    subjects: int | None

    @property
    def took(self) -> timedelta | None:
        """How long it took; None where nobody timed it."""
        return None if self.run.finished_at is None else max(timedelta(), self.run.finished_at - self.run.ran_at)


def history(*, uow: Reading, actor: Person, at: datetime, span: Span) -> tuple[Piece, ...]:
    """Return what came in and how the ledger grew, piece by piece, the oldest first and the present one last.

    Rows belong to when their import began.
    """
    require(actor, Action.IMPORT)
    length, count, letters = _CUT[span]
    last = _whole(at, letters)
    starts = [last - length * n for n in range(count - 1, -1, -1)]
    with uow:
        found = uow.figures.imported(starts[0], letters)
        sizes = [uow.figures.size_at(start) for start in starts]
        sizes.append(uow.ledger.head().size)
    nothing = (0, 0, 0, 0)
    pieces = []
    for start, before, after in zip(starts, sizes, sizes[1:], strict=False):
        rows = found.get(f"{start:%Y-%m-%d %H:%M}"[:letters], nothing)
        pieces.append(Piece(start, *rows[1:], events=max(0, after - before)))
    return tuple(pieces)


def runs(*, uow: Reading, actor: Person, limit: int = 50) -> tuple[Ran, ...]:
    """Return the newest runs, newest first. Samples below a line are none."""
    require(actor, Action.IMPORT)
    with uow:
        found = [run for run in uow.runs.newest(limit) if run.ordinal]
    records = [json.loads(run.record) if run.record else {} for run in found]
    return tuple(
        Ran(run, record.get("since", ""), record.get("subjects")) for run, record in zip(found, records, strict=True)
    )


def imports(*, uow: Reading, actor: Person, limit: int = 100) -> tuple[Import, ...]:
    """Return the newest imports, newest first."""
    require(actor, Action.IMPORT)
    with uow:
        return uow.imports.newest(limit)


def _whole(at: datetime, letters: int) -> datetime:
    """Cut an instant to its minute, hour or day in UTC."""
    at = at.astimezone(UTC).replace(second=0, microsecond=0)
    return at if letters == 16 else at.replace(minute=0) if letters == 13 else at.replace(minute=0, hour=0)
