"""Runs of the rules, and what each of them found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.errors import NotFound
from casedesk.store.arrivals import next_arrival
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
        order = (detection_runs.c.ordinal.desc(), detection_runs.c.ran_at.desc(), detection_runs.c.run_id.desc())
        query = sa.select(detection_runs).order_by(*order).limit(limit)
        return tuple(Run(**row) for row in self._connection.execute(query).mappings())

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
        values = {name: getattr(run, name) for name in Run.__slots__}
        self._connection.execute(sa.insert(detection_runs).values(values))

    def finish(self, run_id: str, at: datetime) -> None:
        """Note when a run was done, all that it found being stored."""
        there = detection_runs.c.run_id == run_id
        self._connection.execute(sa.update(detection_runs).where(there).values(finished_at=at))

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
