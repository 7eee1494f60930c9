"""Versions of the model, their files, and what they scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.model_versions import ModelState, ModelVersion
from casedesk.domain.moments import canonical
from casedesk.errors import NotFound
from casedesk.store.tables import model_files, model_runs, model_scores, model_versions


class NoSuchModel(NotFound):
    """No version has this id."""

    def __init__(self, version_id: str) -> None:
        super().__init__(f"There is no model “{version_id}”; “casedesk model list” lists them.")


@dataclass(frozen=True, slots=True)
class ModelRun:
    """One scoring of all transactions; ``drift`` is JSON, ``version_id`` empty for the shipped model."""

    model_run_id: str
    version_id: str
    model_id: str
    ran_at: datetime
    transactions: int
    accounts: int
    drift: str
    scores_sha256: str


@dataclass(frozen=True, slots=True)
class AccountScore:
    """What a run made of an account: ``score`` in millionths, ``parts`` JSON or empty where nothing was explained."""

    account_id: str
    score: int
    band: str
    transaction_id: str
    parts: str


class ModelReader:
    """Reads versions and scores."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, version_id: str) -> ModelVersion:
        """Return a version.

        :raises NoSuchModel: if there is none.
        """
        found = self._one(model_versions.c.version_id == version_id)
        if found is None:
            raise NoSuchModel(version_id)
        return found

    def in_force(self) -> ModelVersion | None:
        """Return the champion; None while that is the shipped model."""
        return self._one(model_versions.c.state == ModelState.IN_FORCE.value)

    def waiting(self) -> ModelVersion | None:
        """Return the challenger that waits for its checker."""
        return self._one(model_versions.c.state == ModelState.PROPOSED.value)

    def versions(self) -> tuple[ModelVersion, ...]:
        """Return all versions, the newest proposal first."""
        query = sa.select(model_versions).order_by(
            model_versions.c.proposed_at.desc(), model_versions.c.version_id.desc()
        )
        return tuple(ModelVersion(**_read(row)) for row in self._connection.execute(query).mappings())

    def files(self, version_id: str) -> dict[str, bytes]:
        """Return the files of a version by name; none after a desk was loaded from files."""
        query = sa.select(model_files.c.name, model_files.c.content).where(model_files.c.version_id == version_id)
        return {row.name: bytes(row.content) for row in self._connection.execute(query.order_by(model_files.c.name))}

    def projections(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield the id and, as text, what the ledger says of a version."""
        for row in self._connection.execute(sa.select(model_versions).order_by(model_versions.c.version_id)).mappings():
            said = {name: canonical(v) if isinstance(v, datetime) else str(v or "") for name, v in row.items()}
            yield row["version_id"], said

    def last_run(self, version_id: str) -> ModelRun | None:
        """Return the last run of a version, or of the shipped model."""
        query = sa.select(model_runs).where(model_runs.c.version_id == version_id)
        query = query.order_by(model_runs.c.ran_at.desc(), model_runs.c.model_run_id.desc()).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else ModelRun(**row)

    def scores(self, model_run_id: str, *, limit: int | None = None) -> tuple[AccountScore, ...]:
        """Return the scores of a run, the highest first."""
        query = sa.select(*(model_scores.c[name] for name in AccountScore.__slots__))
        query = query.where(model_scores.c.model_run_id == model_run_id)
        query = query.order_by(model_scores.c.score.desc(), model_scores.c.account_id).limit(limit)
        return tuple(AccountScore(*row) for row in self._connection.execute(query))

    def of_accounts(self, model_run_id: str, accounts: Sequence[str]) -> tuple[AccountScore, ...]:
        """Return what a run made of some accounts, the highest first."""
        query = sa.select(*(model_scores.c[name] for name in AccountScore.__slots__)).where(
            model_scores.c.model_run_id == model_run_id, model_scores.c.account_id.in_(list(accounts)[:500])
        )
        query = query.order_by(model_scores.c.score.desc(), model_scores.c.account_id)
        return tuple(AccountScore(*row) for row in self._connection.execute(query))

    def _one(self, condition: sa.ColumnElement[bool]) -> ModelVersion | None:
        query = sa.select(model_versions).where(condition).order_by(model_versions.c.version_id).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else ModelVersion(**_read(row))


class ModelStore(ModelReader):
    """Writes versions and scores."""

    def next_id(self) -> str:
        """Return the id of the next version. None is ever deleted."""
        return f"MV-{self._count(model_versions) + 1:06}"

    def next_run_id(self) -> str:
        """Return the id of the next run. None is ever deleted."""
        return f"MR-{self._count(model_runs) + 1:06}"

    def insert(self, version: ModelVersion, files: Mapping[str, bytes]) -> None:
        """Store a proposal and its files."""
        values = {name: getattr(version, name) for name in ModelVersion.__slots__}
        self._connection.execute(
            sa.insert(model_versions).values(**values | {"decided_by": version.decided_by or None})
        )
        rows = [{"version_id": version.version_id, "name": name, "content": files[name]} for name in sorted(files)]
        self._connection.execute(sa.insert(model_files), rows)

    def decide(self, version_id: str, state: ModelState, by: str, at: datetime, decision: str) -> None:
        """Note how a proposal was decided."""
        self._update(version_id, state=state, decided_by=by, decided_at=at, decision=decision)

    def supersede(self, version_id: str) -> None:
        """Note that a version is in force no more. First: only one may be in force at a time."""
        self._update(version_id, state=ModelState.SUPERSEDED)

    def insert_run(self, run: ModelRun, scores: Sequence[AccountScore]) -> None:
        """Store a run and its scores."""
        values = {name: getattr(run, name) for name in ModelRun.__slots__}
        self._connection.execute(sa.insert(model_runs).values(**values))
        rows = [
            {"model_run_id": run.model_run_id} | {name: getattr(one, name) for name in AccountScore.__slots__}
            for one in scores
        ]
        for first in range(0, len(rows), 1_000):
            self._connection.execute(sa.insert(model_scores), rows[first : first + 1_000])

    def _update(self, version_id: str, **values: Any) -> None:
        query = sa.update(model_versions).where(model_versions.c.version_id == version_id)
        self._connection.execute(query.values(**values))

    def _count(self, table: sa.Table) -> int:
        return int(self._connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _read(row: sa.RowMapping) -> dict[str, Any]:
    return dict(row) | {"state": ModelState(row["state"]), "decided_by": row["decided_by"] or ""}
