"""Runs of scoring, and the scores that each of them found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.scores import RiskScore, ScoringRun
from casedesk.errors import NotFound
from casedesk.store.tables import accounts, risk_scores, scoring_runs

CHUNK = 500
#: Rows of one statement that writes.
_PART: Final = 5_000
_STREAMED: Final = {"yield_per": _PART}


class NoSuchScoring(NotFound):
    """No run of scoring has this id."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"There is no run of scoring “{run_id}”; “casedesk score runs” lists them.")


class ScoreReader:
    """Reads runs and scores."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, run_id: str) -> ScoringRun:
        """Return a run.

        :raises NoSuchScoring: if there is none.
        """
        query = sa.select(scoring_runs).where(scoring_runs.c.run_id == run_id)
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NoSuchScoring(run_id)
        return ScoringRun(**row)

    def runs(self, limit: int = 50) -> tuple[ScoringRun, ...]:
        """Return the newest runs, newest first."""
        query = (
            sa.select(scoring_runs).order_by(scoring_runs.c.ran_at.desc(), scoring_runs.c.run_id.desc()).limit(limit)
        )
        return tuple(ScoringRun(**row) for row in self._connection.execute(query).mappings())

    def last(self) -> ScoringRun | None:
        """Return the newest run."""
        return next(iter(self.runs(1)), None)

    def of(self, run_id: str, account_ids: Sequence[str]) -> dict[str, RiskScore]:
        """Return the scores of some accounts, by account; those with none are left out."""
        found: dict[str, RiskScore] = {}
        ids = sorted(set(account_ids))
        for start in range(0, len(ids), CHUNK):
            own = risk_scores.c.account_id.in_(ids[start : start + CHUNK])
            query = sa.select(*_COLUMNS).where(risk_scores.c.run_id == run_id, own)
            found |= {row.account_id: RiskScore.read(*row) for row in self._connection.execute(query)}
        return found

    def top(self, run_id: str, limit: int, *, own: bool = False) -> tuple[RiskScore, ...]:
        """Return the highest scores but for listed accounts; equal ones by account.

        :param own: of customers' accounts only.
        """
        wanted = [risk_scores.c.run_id == run_id, risk_scores.c.listed == sa.false()]
        if own:
            held = sa.select(accounts.c.account_id).where(accounts.c.customer_id.is_not(None))
            wanted.append(risk_scores.c.account_id.in_(held))
        query = (
            sa.select(*_COLUMNS)
            .where(*wanted)
            .order_by(risk_scores.c.score.desc(), risk_scores.c.account_id)
            .limit(limit)
        )
        return tuple(RiskScore.read(*row) for row in self._connection.execute(query))

    def listed(self, run_id: str) -> frozenset[str]:
        """Return the listed accounts of a run."""
        query = sa.select(risk_scores.c.account_id).where(
            risk_scores.c.run_id == run_id, risk_scores.c.listed == sa.true()
        )
        return frozenset(self._connection.execute(query).scalars())

    def everything(self, run_id: str) -> Iterator[RiskScore]:
        """Yield a run's scores by account."""
        return (RiskScore.read(*row) for row in self.raw(run_id))

    def raw(self, run_id: str) -> Iterator[tuple[str, int, bool, str]]:
        """Yield account, score, whether it is listed, and parts as they are stored, by account."""
        query = sa.select(*_COLUMNS).where(risk_scores.c.run_id == run_id).order_by(risk_scores.c.account_id)
        for account_id, score, listed, components in self._connection.execute(query, execution_options=_STREAMED):
            yield account_id, int(score), bool(listed), components

    def bands(self, run_id: str, bounds: Sequence[int]) -> list[int]:
        """Count the scores of accounts that are not listed between each bound and the next, the last bound included."""
        cases = [(risk_scores.c.score < bound, place) for place, bound in enumerate(bounds[1:-1])]
        band = sa.case(*cases, else_=len(bounds) - 2) if cases else sa.literal(0)
        inner = (
            sa.select(band.label("band"))
            .where(risk_scores.c.run_id == run_id, risk_scores.c.listed == sa.false())
            .subquery()
        )
        query = sa.select(inner.c.band, sa.func.count().label("n")).group_by(inner.c.band)
        counted = {row.band: row.n for row in self._connection.execute(query)}
        return [counted.get(place, 0) for place in range(len(bounds) - 1)]

    def moved(self, before: str, after: str, limit: int) -> tuple[tuple[str, int | None, int | None], ...]:
        """Return the accounts whose scores differ most between two runs: account, score before, score after.

        A run that stored no score of an account has None there, which is compared as 0.
        """
        scores = risk_scores.c
        rows = sa.union_all(
            *(
                sa.select(scores.account_id, scores.score, sa.literal(later).label("later")).where(scores.run_id == run)
                for later, run in enumerate((before, after))
            )
        ).subquery()
        sides = [sa.func.sum(sa.case((rows.c.later == later, rows.c.score))) for later in (0, 1)]
        was, is_now = (sa.func.coalesce(side, 0) for side in sides)
        query = (
            sa.select(rows.c.account_id, *sides)
            .group_by(rows.c.account_id)
            .having(was != is_now)
            .order_by(sa.func.abs(is_now - was).desc(), rows.c.account_id)
            .limit(limit)
        )
        return tuple(
            (account_id, *(None if one is None else int(one) for one in scored))
            for account_id, *scored in self._connection.execute(query)
        )

    def holders(self, account_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return customer and holder of those of the accounts that the desk knows."""
        found: dict[str, tuple[str, str]] = {}
        for start in range(0, len(account_ids), CHUNK):
            query = sa.select(accounts.c.account_id, accounts.c.customer_id, accounts.c.holder).where(
                accounts.c.account_id.in_(account_ids[start : start + CHUNK])
            )
            found |= {row.account_id: (row.customer_id or "", row.holder) for row in self._connection.execute(query)}
        return found


_COLUMNS = (risk_scores.c.account_id, risk_scores.c.score, risk_scores.c.listed, risk_scores.c.components)


class ScoreStore(ScoreReader):
    """Writes runs and scores."""

    def add(self, run: ScoringRun, scores: Iterable[RiskScore]) -> None:
        """Record a run and its scores."""
        self._connection.execute(sa.insert(scoring_runs).values(asdict(run)))
        rows = ({"run_id": run.run_id, **_values(one)} for one in scores)
        while part := list(islice(rows, _PART)):
            self._connection.execute(sa.insert(risk_scores), part)


def _values(one: RiskScore) -> dict[str, Any]:
    return {
        "account_id": one.account_id, "score": one.score, "listed": one.listed, "components": one.components,
    }  # fmt: skip
