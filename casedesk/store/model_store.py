"""Versions of the model, their files, and what they scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from casedesk.domain.model_versions import ModelVersion
from casedesk.errors import NotFound
from casedesk.store.proposal_store import ProposalReader, ProposalStore
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


class ModelReader(ProposalReader[ModelVersion]):
    """Reads versions and scores."""

    TABLE = model_versions
    MISSING = NoSuchModel
    _made = ModelVersion

    def versions(self) -> tuple[ModelVersion, ...]:
        """Return all versions, the newest proposal first."""
        return self._newest_first(ModelVersion)

    def files(self, version_id: str) -> dict[str, bytes]:
        """Return the files of a version by name; none where they did not come with the desk."""
        query = sa.select(model_files.c.name, model_files.c.content).where(model_files.c.version_id == version_id)
        return {row.name: bytes(row.content) for row in self._connection.execute(query.order_by(model_files.c.name))}

    def last_run(self, version_id: str) -> ModelRun | None:
        """Return the last run of a version, or of the shipped model."""
        query = sa.select(model_runs).where(model_runs.c.version_id == version_id)
        query = query.order_by(model_runs.c.ran_at.desc(), model_runs.c.model_run_id.desc()).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else ModelRun(**row)

    def run(self, model_run_id: str) -> ModelRun | None:
        """Return a run; None where there is none of this id."""
        query = sa.select(model_runs).where(model_runs.c.model_run_id == model_run_id)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else ModelRun(**row)

    def scores(self, model_run_id: str, *, limit: int | None = None) -> tuple[AccountScore, ...]:
        """Return the scores of a run, the highest first."""
        query = sa.select(*(model_scores.c[name] for name in AccountScore.__slots__))
        query = query.where(model_scores.c.model_run_id == model_run_id)
        query = query.order_by(model_scores.c.score.desc(), model_scores.c.account_id).limit(limit)
        return tuple(AccountScore(*row) for row in self._connection.execute(query))

    def count(self, model_run_id: str, band: str) -> int:
        """Count the accounts of a run in a band."""
        query = sa.select(sa.func.count()).select_from(model_scores)
        own = model_scores.c.model_run_id == model_run_id, model_scores.c.band == band
        return int(self._connection.execute(query.where(*own)).scalar_one())

    def of_accounts(self, model_run_id: str, accounts: Sequence[str]) -> tuple[AccountScore, ...]:
        """Return what a run made of some accounts, the highest first."""
        query = sa.select(*(model_scores.c[name] for name in AccountScore.__slots__)).where(
            model_scores.c.model_run_id == model_run_id, model_scores.c.account_id.in_(list(accounts)[:500])
        )
        query = query.order_by(model_scores.c.score.desc(), model_scores.c.account_id)
        return tuple(AccountScore(*row) for row in self._connection.execute(query))


class ModelStore(ModelReader, ProposalStore[ModelVersion]):
    """Writes versions and scores."""

    PREFIX = "MV"

    def next_run_id(self) -> str:
        """Return the id of the next run. None is ever deleted."""
        count = self._connection.execute(sa.select(sa.func.count()).select_from(model_runs)).scalar_one()
        return f"MR-{count + 1:06}"

    def insert_files(self, version_id: str, files: Mapping[str, bytes]) -> None:
        """Store the files of a version."""
        rows = [{"version_id": version_id, "name": name, "content": files[name]} for name in sorted(files)]
        self._connection.execute(sa.insert(model_files), rows)

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
