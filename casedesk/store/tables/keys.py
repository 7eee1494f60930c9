"""Keys of the API."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.store.tables.metadata import ID, metadata
from casedesk.store.types import UtcDateTime, code, human

#: Who created or revoked a key may be the desk itself, which is no row of ``users``.
api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("key_id", code(ID), primary_key=True),
    sa.Column("label", human(100), nullable=False),
    sa.Column("user_id", code(ID), sa.ForeignKey("users.user_id"), nullable=True),  # NULL: the desk itself
    sa.Column("scopes", code(64), nullable=False),  # words, in order, with spaces between
    sa.Column("secret_sha256", code(64), nullable=False),
    sa.Column("created_by", code(ID), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("revoked_by", code(ID), nullable=True),
    sa.Column("revoked_at", UtcDateTime, nullable=True),
    sa.CheckConstraint("created_at < expires_at", name="life"),
)

#: When a key was last seen. Beside the keys, because a key's own row follows from events and this does not.
api_key_uses = sa.Table(
    "api_key_uses",
    metadata,
    sa.Column("key_id", code(ID), sa.ForeignKey("api_keys.key_id"), primary_key=True),
    sa.Column("used_at", UtcDateTime, nullable=False),
)
