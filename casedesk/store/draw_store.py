"""QA draws and their picks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.alerts import band
from casedesk.domain.sampling import Member, Pick
from casedesk.errors import NotFound
from casedesk.store.tables import cases, customers, qa_draws, qa_picks, users


class NoSuchDraw(NotFound):
    """No draw has this id."""

    def __init__(self, draw_id: str) -> None:
        super().__init__(f"There is no QA draw “{draw_id}”; a draw id looks like Q-2026-11-001.")


@dataclass(frozen=True, slots=True)
class StoredDraw:
    """A draw as stored. ``record`` is what :func:`casedesk.domain.sampling.from_record` reads."""

    draw_id: str
    period_from: date
    period_to: date
    drawn_at: datetime
    drawn_by: str
    population_size: int
    population_sha256: str
    seed: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PickRow:
    """One drawn case for a list. ``outcome`` is empty until somebody reviewed it."""

    draw_id: str
    case_id: str
    customer: str
    analyst: str
    disposition: str
    stratum: str
    status: str
    closed_at: datetime | None
    outcome: str
    reviewer: str
    reviewed_at: datetime | None
    version: int


class DrawReader:
    """Reads draws."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, draw_id: str) -> StoredDraw:
        """Return a draw.

        :raises NoSuchDraw: if there is none.
        """
        query = sa.select(qa_draws).where(qa_draws.c.draw_id == draw_id)
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NoSuchDraw(draw_id)
        return _draw(row)

    def all(self) -> tuple[StoredDraw, ...]:
        """Return all draws, newest first."""
        query = sa.select(qa_draws).order_by(qa_draws.c.drawn_at.desc(), qa_draws.c.draw_id.desc())
        return tuple(_draw(row) for row in self._connection.execute(query).mappings())

    def picks(self, draw_id: str) -> tuple[PickRow, ...]:
        """Return a draw's cases by stratum and place."""
        analyst = users.alias("analyst")
        query = (
            sa.select(
                qa_picks.c.draw_id,
                qa_picks.c.case_id,
                customers.c.name.label("customer"),
                sa.func.coalesce(analyst.c.name, "").label("analyst"),
                cases.c.disposition,
                qa_picks.c.stratum,
                cases.c.status,
                cases.c.closed_at,
                qa_picks.c.outcome,
                sa.func.coalesce(qa_picks.c.reviewer, "").label("reviewer"),
                qa_picks.c.reviewed_at,
                cases.c.version,
            )
            .join(cases, cases.c.case_id == qa_picks.c.case_id)
            .join(customers, customers.c.customer_id == cases.c.customer_id)
            .outerjoin(analyst, analyst.c.user_id == cases.c.decided_by)
            .where(qa_picks.c.draw_id == draw_id)
            .order_by(qa_picks.c.stratum, qa_picks.c.place)
        )
        return tuple(PickRow(**row) for row in self._connection.execute(query).mappings())

    def waiting_for(self, case_id: str) -> str:
        """Return the newest draw that picked the case and has no outcome yet, or the empty string."""
        query = (
            sa.select(qa_picks.c.draw_id)
            .join(qa_draws, qa_draws.c.draw_id == qa_picks.c.draw_id)
            .where(qa_picks.c.case_id == case_id, qa_picks.c.outcome == "")
            .order_by(qa_draws.c.drawn_at.desc())
            .limit(1)
        )
        return self._connection.execute(query).scalar_one_or_none() or ""

    def population(self, period_from: date, period_to: date, new_analyst_cases: int) -> tuple[Member, ...]:
        """Return the cases that stand closed and were closed in the period, both days included.

        An analyst is new while they have decided no more than ``new_analyst_cases`` closed cases in all.
        """
        start = datetime.combine(period_from, time(), UTC)
        end = datetime.combine(period_to + timedelta(days=1), time(), UTC)
        decided = {
            row.decided_by: row.n
            for row in self._connection.execute(
                sa.select(cases.c.decided_by, sa.func.count().label("n"))
                .where(cases.c.status == "Closed")
                .group_by(cases.c.decided_by)
            )
        }
        query = (
            sa.select(cases.c.case_id, cases.c.disposition, cases.c.severity, cases.c.decided_by)
            .where(cases.c.status == "Closed", cases.c.closed_at >= start, cases.c.closed_at < end)
            .order_by(cases.c.case_id)
        )
        return tuple(
            Member(
                row.case_id,
                row.disposition,
                band(row.severity).value,
                row.decided_by or "",
                decided.get(row.decided_by, 0) <= new_analyst_cases,
            )
            for row in self._connection.execute(query)
        )


class DrawStore(DrawReader):
    """Writes draws."""

    def insert(self, draw: StoredDraw, picks: Sequence[Pick]) -> None:
        """Store a draw and its picks."""
        values = {name: getattr(draw, name) for name in StoredDraw.__slots__}
        values["record"] = json.dumps(draw.record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        self._connection.execute(sa.insert(qa_draws).values(values))
        if picks:
            self._connection.execute(
                sa.insert(qa_picks),
                [
                    {
                        "draw_id": draw.draw_id,
                        "case_id": pick.case_id,
                        "stratum": pick.stratum,
                        "rank": pick.rank,
                        "place": pick.place,
                        "outcome": "",
                    }
                    for pick in picks
                ],
            )

    def set_outcome(self, draw_id: str, case_id: str, outcome: str, reviewer: str, at: datetime) -> None:
        """Note how a drawn case's review ended."""
        self._connection.execute(
            sa.update(qa_picks)
            .where(qa_picks.c.draw_id == draw_id, qa_picks.c.case_id == case_id)
            .values(outcome=outcome, reviewer=reviewer, reviewed_at=at)
        )


def _draw(row: sa.RowMapping) -> StoredDraw:
    return StoredDraw(**{**row, "record": _parsed(row["record"])})


def _parsed(text: str) -> dict[str, Any]:
    """Read a record. One that was damaged is given as an empty one: drawing again then says that it is none."""
    try:
        record = json.loads(text)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
