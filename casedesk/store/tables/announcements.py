"""How far alerts were announced outside the desk."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.store.tables.metadata import ID, metadata
from casedesk.store.types import UtcDateTime, code

#: One row for each place where alerts are announced.
announcements = sa.Table(
    "announcements",
    metadata,
    sa.Column("place", code(260), primary_key=True),
    sa.Column("alert_id", code(ID), nullable=False),  # the last that was announced; empty before the first
    sa.Column("moved_at", UtcDateTime, nullable=False),
)
