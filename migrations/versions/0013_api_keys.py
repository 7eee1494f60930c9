"""Programs have keys.

A table of the keys with which programs speak to the desk.

Revision ID: 0013_api_keys
Revises: 0012_withdrawn_batches
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import code, human, instant

revision = "0013_api_keys"
down_revision = "0012_withdrawn_batches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", code(64), nullable=False),
        sa.Column("label", human(100), nullable=False),
        sa.Column("user_id", code(64), nullable=True),
        sa.Column("scopes", code(64), nullable=False),
        sa.Column("secret_sha256", code(64), nullable=False),
        sa.Column("created_by", code(64), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("expires_at", instant(), nullable=False),
        sa.Column("revoked_by", code(64), nullable=True),
        sa.Column("revoked_at", instant(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_api_keys_user_id_users"),
        sa.CheckConstraint("created_at < expires_at", name="ck_api_keys_life"),
    )


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the ledger first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM case_events WHERE action = 'api_key_created'")).scalar():
        raise CommandError("The ledger has API keys that the desk before knows nothing of; restore a backup instead.")
    op.drop_table("api_keys")
