"""Webhooks, and what is on its way to them."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.deliveries import State
from casedesk.store.tables.metadata import ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("hook_id", code(ID), primary_key=True),
    sa.Column("label", human(100), nullable=False),
    sa.Column("url", code(500), nullable=False),
    sa.Column("rules", code(2000), nullable=False),  # names, in order, with spaces between; empty: all
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("secret_sha256", code(64), nullable=False),
    sa.Column("created_by", code(ID), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("disabled_by", code(ID), nullable=True),
    sa.Column("disabled_at", UtcDateTime, nullable=True),
    sa.Column("upto", code(ID), nullable=False),  # the last alert that was looked at for it; empty: none
    sa.CheckConstraint("severity BETWEEN 0 AND 100", name="severity"),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("delivery_id", code(ID), primary_key=True),
    sa.Column("hook_id", code(ID), sa.ForeignKey("webhooks.hook_id"), nullable=False),
    sa.Column("alert_id", code(ID), sa.ForeignKey("alerts.alert_id"), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("state", code(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime, nullable=True),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("problem", human(200), nullable=False),
    sa.Column("done_at", UtcDateTime, nullable=True),
    sa.Column("leased_by", code(ID), nullable=True),  # the process that is trying it
    sa.Column("leased_until", UtcDateTime, nullable=True),
    sa.UniqueConstraint("hook_id", "alert_id"),
    sa.CheckConstraint(one_of("state", [state.value for state in State]), name="state"),
    sa.Index("ix_webhook_deliveries_next_at", "next_at"),
)
