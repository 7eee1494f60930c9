"""Versions of the model, their files, and what they scored."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.alerts import Risk
from casedesk.domain.proposals import ProposalState
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

_STANDING = sa.text("state IN ('proposed', 'in force')")

model_versions = sa.Table(
    "model_versions",
    metadata,
    sa.Column("version_id", code(ID), primary_key=True),
    sa.Column("state", code(16), nullable=False),
    sa.Column("base_id", code(ID), nullable=False),  # '' for the model that ships with the desk
    sa.Column("name", human(100), nullable=False),
    sa.Column("model_id", code(64), nullable=False),
    sa.Column("card_sha256", code(64), nullable=False),
    sa.Column("reason", human(), nullable=False),
    sa.Column("proposed_by", code(ID), sa.ForeignKey("users.user_id"), nullable=False),
    sa.Column("proposed_at", UtcDateTime, nullable=False),
    sa.Column("decided_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("decided_at", UtcDateTime, nullable=True),
    sa.Column("decision", human(), nullable=False),
    sa.CheckConstraint(one_of("state", [state.value for state in ProposalState]), name="state"),
    sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by OR state = 'withdrawn'", name="duties"),
    sa.Index(
        "ix_model_versions_state", "state", unique=True,
        sqlite_where=_STANDING, postgresql_where=_STANDING, mssql_where=_STANDING,
    ),
)  # fmt: skip

model_files = sa.Table(
    "model_files",
    metadata,
    sa.Column("version_id", code(ID), sa.ForeignKey("model_versions.version_id"), primary_key=True),
    sa.Column("name", code(64), primary_key=True),
    sa.Column("content", sa.LargeBinary(), nullable=False),
)

model_runs = sa.Table(
    "model_runs",
    metadata,
    sa.Column("model_run_id", code(ID), primary_key=True),
    sa.Column("version_id", code(ID), nullable=False),  # '' for the model that ships with the desk
    sa.Column("model_id", code(64), nullable=False),
    sa.Column("ran_at", UtcDateTime, nullable=False),
    sa.Column("transactions", BIG, nullable=False),
    sa.Column("accounts", BIG, nullable=False),
    sa.Column("drift", human(), nullable=False),  # JSON: the stability index of each feature
    sa.Column("scores_sha256", code(64), nullable=False),
)

model_scores = sa.Table(
    "model_scores",
    metadata,
    sa.Column("model_run_id", code(ID), sa.ForeignKey("model_runs.model_run_id"), primary_key=True),
    sa.Column("account_id", code(ID), primary_key=True),
    sa.Column("score", BIG, nullable=False),  # millionths, so that every database gives back what was hashed
    sa.Column("band", code(8), nullable=False),
    sa.Column("transaction_id", code(ID), nullable=False),  # its most suspicious payment
    sa.Column(
        "parts", human(), nullable=False
    ),  # JSON: what made that payment's raw score; '' where the calibrated score is minimal
    sa.CheckConstraint(one_of("band", [risk.value for risk in Risk]), name="band"),
    sa.CheckConstraint("score >= 0 AND score <= 1000000", name="score"),
)
