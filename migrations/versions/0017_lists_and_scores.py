"""Lists and scores.

Lists of parties with their versions, names that are alike with what people decided, runs of scoring and their scores.

Revision ID: 0017_lists_and_scores
Revises: 0016_figures_of_operation
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import BIG, code, day, human, instant

revision = "0017_lists_and_scores"
down_revision = "0016_figures_of_operation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "party_lists",
        sa.Column("list_id", code(64), nullable=False),
        sa.Column("source", human(80), nullable=False),
        sa.Column("version", human(80), nullable=False),
        sa.Column("listed_on", day(), nullable=False),
        sa.Column("sha256", code(64), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("entries_sha256", code(64), nullable=False),
        sa.Column("loaded_by", code(64), nullable=False),
        sa.Column("loaded_at", instant(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_party_lists")),
    )
    op.create_table(
        "party_list_entries",
        sa.Column("list_id", code(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("kind", code(16), nullable=False),
        sa.Column("party", human(400), nullable=False),
        sa.Column("reason", human(400), nullable=False),
        sa.Column("ref", code(80), nullable=False),
        sa.Column("about", human(40), nullable=False),
        sa.CheckConstraint(
            "kind IN ('account', 'customer', 'wallet', 'name')", name=op.f("ck_party_list_entries_kind")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["party_lists.list_id"], name=op.f("fk_party_list_entries_list_id_party_lists")
        ),
        sa.PrimaryKeyConstraint("list_id", "number", name=op.f("pk_party_list_entries")),
    )
    _matches()
    _scores()


def _matches() -> None:
    op.create_table(
        "name_matches",
        sa.Column("match_id", code(64), nullable=False),
        sa.Column("customer_id", code(80), nullable=False),
        sa.Column("customer_name", human(200), nullable=False),
        sa.Column("source", human(80), nullable=False),
        sa.Column("ref", code(80), nullable=False),
        sa.Column("listed_name", human(400), nullable=False),
        sa.Column("reason", human(400), nullable=False),
        sa.Column("likeness", sa.Integer(), nullable=False),
        sa.Column("list_id", code(64), nullable=False),
        sa.Column("found_at", instant(), nullable=False),
        sa.Column("state", code(16), nullable=False),
        sa.Column("decided_by", code(64), nullable=True),
        sa.Column("decided_at", instant(), nullable=True),
        sa.Column("state_event", BIG, nullable=False),
        sa.Column("decision", human(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'confirmed', 'refused')", name=op.f("ck_name_matches_state")),
        sa.CheckConstraint(
            "state = 'waiting' OR decided_by IS NOT NULL", name=op.f("ck_name_matches_decided_by_a_person")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_name_matches_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["list_id"], ["party_lists.list_id"], name=op.f("fk_name_matches_list_id_party_lists")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.user_id"], name=op.f("fk_name_matches_decided_by_users")),
        sa.PrimaryKeyConstraint("match_id", name=op.f("pk_name_matches")),
    )
    op.create_index("ix_name_matches_state", "name_matches", ["state", "likeness", "match_id"])


def _scores() -> None:
    op.create_table(
        "scoring_runs",
        sa.Column("run_id", code(64), nullable=False),
        sa.Column("ran_at", instant(), nullable=False),
        sa.Column("ran_by", code(64), nullable=False),
        sa.Column("as_of", instant(), nullable=False),
        sa.Column("parameters", human(), nullable=False),
        sa.Column("data_fingerprint", code(128), nullable=False),
        sa.Column("list_sha256", code(64), nullable=False),
        sa.Column("payments", BIG, nullable=False),
        sa.Column("accounts", BIG, nullable=False),
        sa.Column("listed", BIG, nullable=False),
        sa.Column("scored", BIG, nullable=False),
        sa.Column("scores_sha256", code(64), nullable=False),
        sa.Column("record", human(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_scoring_runs")),
    )
    op.create_table(
        "risk_scores",
        sa.Column("run_id", code(64), nullable=False),
        sa.Column("account_id", code(64), nullable=False),
        sa.Column("score", BIG, nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("components", human(400), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["scoring_runs.run_id"], name=op.f("fk_risk_scores_run_id_scoring_runs")),
        sa.PrimaryKeyConstraint("run_id", "account_id", name=op.f("pk_risk_scores")),
    )
    op.create_index("ix_risk_scores_run_id_score", "risk_scores", ["run_id", "listed", "score", "account_id"])


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the ledger first, so it cannot be written out as SQL.")
    told = "SELECT count(*) FROM case_events WHERE action IN ('party_list_loaded', 'names_screened', 'exposure_scored')"
    if op.get_bind().execute(sa.text(told)).scalar():
        raise CommandError(
            "The ledger has lists or scores that the desk before knows nothing of; restore a backup instead."
        )
    for table in ("risk_scores", "scoring_runs", "name_matches", "party_list_entries", "party_lists"):
        op.drop_table(table)
