"""Runs of the rules, and what each of them found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.errors import NotFound
from casedesk.store.about_subjects import About
from casedesk.store.arrivals import next_arrival
from casedesk.store.dialects import stream
from casedesk.store.tables import detection_findings as findings
from casedesk.store.tables import detection_runs


class NoSuchRun(NotFound):
    """No run has this id."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"There is no run “{run_id}”; “casedesk detect runs” lists them.")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the rules, with all that is needed to run it again.

    ``ordinal`` is its place among the arrivals and 0 for a run from before the desk kept that order; ``record`` is
    canonical JSON and empty for such a run.
    """

    run_id: str
    ran_at: datetime
    until: datetime | None
    rule_set_hash: str
    parameters: str
    data_fingerprint: str
    engine: str
    transactions: int
    new_alerts: int
    grown_alerts: int
    ordinal: int = 0
    alerts_sha256: str = ""
    record: str = ""
    finished_at: datetime | None = None  # None where nobody timed it


@dataclass(frozen=True, slots=True)
class Finding:
    """One alert as a run found it: its id, the digest of what it says, whom it is about, and from when to when it reached.

    ``first_at`` and ``last_at`` are None where the run did not record them yet.
    """

    alert_id: str
    digest: str
    rule: str
    account_id: str
    first_at: datetime | None = None
    last_at: datetime | None = None


_NEWEST: Final = (
    sa.select(detection_runs)
    .order_by(detection_runs.c.ordinal.desc(), detection_runs.c.ran_at.desc(), detection_runs.c.run_id.desc())
    .limit(sa.bindparam("most"))
)
_FINISHED: Final = (
    sa.update(detection_runs)
    .where(detection_runs.c.run_id == sa.bindparam("run"))
    .values(finished_at=sa.bindparam("at"))
)
_ADDED: Final = sa.insert(detection_runs)
_STANDING: Final = About(findings, Finding.__slots__, findings.c.gone_in.is_(None))


class RunReader:
    """Reads runs and their findings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, run_id: str) -> Run:
        """Return a run.

        :raises NoSuchRun: if there is none.
        """
        query = sa.select(detection_runs).where(detection_runs.c.run_id == run_id)
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NoSuchRun(run_id)
        return Run(**row)

    def newest(self, limit: int = 50) -> tuple[Run, ...]:
        """Return the newest runs, newest first."""
        return tuple(Run(**row) for row in self._connection.execute(_NEWEST, {"most": limit}).mappings())

    def count(self) -> int:
        """Return how many runs there are."""
        return self._connection.execute(sa.select(sa.func.count()).select_from(detection_runs)).scalar_one()

    def last(self) -> Run | None:
        """Return the last run that can be built upon."""
        run = next(iter(self.newest(1)), None)
        return run if run is not None and run.ordinal else None

    def findings(self, ordinal: int) -> Iterator[Finding]:
        """Yield what the run with this ordinal found, by alert id."""
        there = sa.and_(
            findings.c.found_in <= ordinal, sa.or_(findings.c.gone_in.is_(None), findings.c.gone_in > ordinal)
        )
        return self._yield(there)

    def standing(self) -> Iterator[Finding]:
        """Yield what the newest run found, by alert id."""
        return self._yield(findings.c.gone_in.is_(None))

    def standing_about(self, account_ids: Collection[str], rules: Collection[str]) -> Iterator[Finding]:
        """Yield what the newest run found of these accounts, and by these rules of any, in no order."""
        for row in _STANDING.rows(self._connection, account_ids, rules):
            yield Finding(*row)

    def standing_digests(self) -> list[str]:
        """Return the digests of everything that the newest run found, in no order."""
        return [
            row[0] for row in stream(self._connection, sa.select(findings.c.digest).where(findings.c.gone_in.is_(None)))
        ]

    def _yield(self, condition: sa.ColumnElement[bool]) -> Iterator[Finding]:
        query = (
            sa.select(*(findings.c[name] for name in Finding.__slots__))
            .where(condition)
            .order_by(findings.c.alert_id, findings.c.digest)
        )
        for row in self._connection.execute(query):
            yield Finding(*row)


class RunStore(RunReader):
    """Writes runs and their findings."""

    def next_ordinal(self) -> int:
        """Take the next place among the arrivals."""
        return next_arrival(self._connection)

    def add(self, run: Run) -> None:
        """Record a run."""
        self._connection.execute(_ADDED, {name: getattr(run, name) for name in Run.__slots__})

    def finish(self, run_id: str, at: datetime) -> None:
        """Note when a run was done, all that it found being stored."""
        self._connection.execute(_FINISHED, {"run": run_id, "at": at})

    def record_findings(self, ordinal: int, *, gone: Iterable[Finding], found: Iterable[Finding]) -> None:
        """Close the findings this run no longer has and add those it has anew."""
        update = sa.update(findings).where(
            findings.c.alert_id == sa.bindparam("a"),
            findings.c.digest == sa.bindparam("d"),
            findings.c.gone_in.is_(None),
        )
        ended = [{"a": one.alert_id, "d": one.digest} for one in gone]
        if ended:
            self._connection.execute(update.values(gone_in=ordinal), ended)
        new = [
            {
                "alert_id": one.alert_id,
                "digest": one.digest,
                "rule": one.rule,
                "account_id": one.account_id,
                "first_at": one.first_at,
                "last_at": one.last_at,
                "found_in": ordinal,
            }
            for one in found
        ]
        if new:
            self._connection.execute(sa.insert(findings), new)
