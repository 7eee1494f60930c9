"""The desk advises.

Advice on cases, what each level of the cascade made of them, and the calls to a language model with what they cost.

Revision ID: 0018_advice
Revises: 0017_lists_and_scores
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import BIG, code, day, human, instant

revision = "0018_advice"
down_revision = "0017_lists_and_scores"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advice",
        sa.Column("event_id", BIG, autoincrement=False, nullable=False),
        sa.Column("case_id", code(64), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("advised_at", instant(), nullable=False),
        sa.Column("verdict", code(16), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("report", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("facts_sha256", code(64), nullable=False),
        sa.CheckConstraint("verdict IN ('ESCALATE', 'REVIEW', 'DISMISS')", name=op.f("ck_advice_verdict")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_advice_case_id_cases")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_advice")),
    )
    op.create_index("ix_advice_case_id_event_id", "advice", ["case_id", "event_id"])
    op.create_table(
        "cascade_steps",
        sa.Column("event_id", BIG, autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", code(160), nullable=False),
        sa.Column("inputs", human(), nullable=False),
        sa.Column("output", human(), nullable=False),
        sa.Column("cost_micros", BIG, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["advice.event_id"], name=op.f("fk_cascade_steps_event_id_advice")),
        sa.PrimaryKeyConstraint("event_id", "level", name=op.f("pk_cascade_steps")),
    )
    op.create_table(
        "language_calls",
        sa.Column("call_id", code(64), nullable=False),
        sa.Column("day", day(), nullable=False),
        sa.Column("model", human(160), nullable=False),
        sa.Column("prompt_sha256", code(64), nullable=False),
        sa.Column("state", code(16), nullable=False),
        sa.Column("cost_micros", BIG, nullable=False),
        sa.Column("reserved_at", instant(), nullable=False),
        sa.Column("settled_at", instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('reserved', 'answered', 'discarded', 'failed')", name=op.f("ck_language_calls_state")
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_language_calls")),
    )
    op.create_index("ix_language_calls_day", "language_calls", ["day", "cost_micros"])


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the ledger first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM case_events WHERE action = 'advice_given'")).scalar():
        raise CommandError("The ledger has advice that the desk before knows nothing of; restore a backup instead.")
    op.drop_table("language_calls")
    op.drop_table("cascade_steps")
    op.drop_table("advice")
