"""Advice on cases and the steps of the cascade behind it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.advice import Step, as_json
from casedesk.domain.events import AlertAttached, AlertGrown
from casedesk.store.dialects import stream_beside
from casedesk.store.tables import advice, cascade_steps, case_events, cases


@dataclass(frozen=True, slots=True)
class Advised:
    """One piece of advice, as a row; its reasons stand in the ledger's event of this number."""

    event_id: int
    case_id: str
    case_version: int
    advised_at: datetime
    verdict: str
    priority: int
    report: bool
    score: int
    level: int
    facts_sha256: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many cases with the same last advice before their decision were decided alike."""

    verdict: str
    report: bool
    level: int
    disposition: str
    cases: int


_ADVICE = tuple(advice.columns.keys())
_STEP = tuple(cascade_steps.columns.keys())


_CHANGED: Final = sa.or_(advice.c.case_version.is_(None), advice.c.case_version != cases.c.version)


def _undecided() -> sa.Select[Any]:
    """Select the cases that people still work on, each beside its last advice, by id."""
    last = (
        sa.select(advice.c.case_id, sa.func.max(advice.c.event_id).label("event_id"))
        .group_by(advice.c.case_id)
        .subquery()
    )
    return (
        sa.select(cases.c.case_id)
        .outerjoin(last, last.c.case_id == cases.c.case_id)
        .outerjoin(advice, advice.c.event_id == last.c.event_id)
        .where(cases.c.is_open == sa.true(), cases.c.disposition.in_(("", "Escalate")))
        .order_by(cases.c.case_id)
    )


class AdviceReader:
    """Reads ``advice`` and ``cascade_steps``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self, case_id: str) -> Advised | None:
        """Return the last advice on a case, or None."""
        query = sa.select(advice).where(advice.c.case_id == case_id).order_by(advice.c.event_id.desc()).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else Advised(**row)

    def waiting(self, *, every: bool = False) -> tuple[str, ...]:
        """Return the cases that people still work on and that changed since they were advised on, by id.

        :param every: those that did not change as well.
        """
        query = _undecided() if every else _undecided().where(_CHANGED)
        return tuple(self._connection.execute(query).scalars())

    def alerted(self) -> tuple[str, ...]:
        """Return those of :meth:`waiting` that got an alert, or of which one grew, since they were advised on, by id."""
        came = sa.select(case_events.c.event_id).where(
            case_events.c.case_id == cases.c.case_id,
            case_events.c.action.in_((AlertAttached.action, AlertGrown.action)),
            case_events.c.event_id > sa.func.coalesce(advice.c.event_id, 0),
        )
        return tuple(self._connection.execute(_undecided().where(_CHANGED, came.exists())).scalars())

    def steps(self, event_id: int) -> tuple[Step, ...]:
        """Return what the levels made of the case, the first level first."""
        query = sa.select(cascade_steps).where(cascade_steps.c.event_id == event_id).order_by(cascade_steps.c.level)
        return tuple(_step(row) for row in self._connection.execute(query))

    def everything(self) -> Iterator[tuple[dict[str, Any], tuple[dict[str, Any], ...]]]:
        """Yield every row of advice with its steps as they are stored, by event."""
        ordered = sa.select(cascade_steps).order_by(cascade_steps.c.event_id, cascade_steps.c.level)
        steps = groupby(stream_beside(self._connection, ordered), key=itemgetter(0))
        number, of_event = next(steps, (0, iter(())))
        for row in stream_beside(self._connection, sa.select(advice).order_by(advice.c.event_id)):
            found: list[dict[str, Any]] = []
            if number == row[0]:
                found = [dict(zip(_STEP, step, strict=True)) for step in of_event]
                number, of_event = next(steps, (0, iter(())))
            yield dict(zip(_ADVICE, row, strict=True)), tuple(found)

    def outcomes(self) -> tuple[Outcome, ...]:
        """Count the decided cases by the last advice before their decision, and by what was decided."""
        last = (
            sa.select(cases.c.case_id, cases.c.disposition, sa.func.max(advice.c.event_id).label("event_id"))
            .join(advice, advice.c.case_id == cases.c.case_id)
            .where(cases.c.disposition != "", advice.c.advised_at <= cases.c.decided_at)
            .group_by(cases.c.case_id, cases.c.disposition)
            .subquery()
        )
        kinds = (advice.c.verdict, advice.c.report, advice.c.level, last.c.disposition)
        query = (
            sa.select(*kinds, sa.func.count())
            .join(last, last.c.event_id == advice.c.event_id)
            .group_by(*kinds)
            .order_by(*kinds)
        )
        return tuple(Outcome(*row) for row in self._connection.execute(query))


class AdviceStore(AdviceReader):
    """Writes ``advice`` and ``cascade_steps``, in the transaction of the event."""

    def add(self, given: Advised, steps: Sequence[Step]) -> None:
        """Store advice with its steps."""
        self._connection.execute(
            sa.insert(advice), {name: getattr(given, name) for name in Advised.__slots__}
        )  # fmt: skip
        self._connection.execute(sa.insert(cascade_steps), list(_rows(given.event_id, steps)))


def _rows(event_id: int, steps: Iterable[Step]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield {
            "event_id": event_id,
            "level": step.level,
            "version": step.version,
            "inputs": as_json(step.inputs),
            "output": as_json(step.output),
            "cost_micros": step.cost_micros,
        }


def _step(row: sa.Row[*tuple[Any, ...]]) -> Step:
    return Step(row.level, row.version, json.loads(row.inputs), json.loads(row.output), row.cost_micros)
