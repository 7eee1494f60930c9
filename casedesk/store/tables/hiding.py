"""Suppressions, and what they hide."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.suppressions import State
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("suppression_id", code(ID), primary_key=True),
    sa.Column("rule", code(ID), nullable=False),
    sa.Column("customer_id", code(80), sa.ForeignKey("customers.customer_id"), nullable=False),
    sa.Column("account_id", code(ID), sa.ForeignKey("accounts.account_id"), nullable=True),  # NULL: all the customer's
    sa.Column("reason", human(), nullable=False),
    sa.Column("covers_from", sa.Date, nullable=False),
    sa.Column("covers_until", sa.Date, nullable=False),  # exclusive
    sa.Column("state", code(16), nullable=False),
    sa.Column("severity_cap", sa.Integer, nullable=False),  # 0 until it is approved
    sa.Column("state_event", BIG, nullable=False),  # the event that brought it into its state
    sa.Column("proposed_by", code(ID), sa.ForeignKey("users.user_id"), nullable=False),
    sa.Column("proposed_at", UtcDateTime, nullable=False),
    sa.Column("decided_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("decided_at", UtcDateTime, nullable=True),
    sa.Column("decision_note", human(), nullable=False),
    sa.Column("ended_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("ended_at", UtcDateTime, nullable=True),
    sa.Column("end_reason", human(), nullable=False),
    sa.CheckConstraint(one_of("state", [state.value for state in State]), name="state"),
    sa.CheckConstraint("covers_from < covers_until", name="days"),
    sa.CheckConstraint("decided_by <> proposed_by", name="two_people"),
    sa.Index("ix_suppressions_customer_id", "customer_id"),
)

#: Alerts that were found and not raised, because a suppression hid them. Only a run writes here.
suppressed_alerts = sa.Table(
    "suppressed_alerts",
    metadata,
    sa.Column("suppression_id", code(ID), sa.ForeignKey("suppressions.suppression_id"), primary_key=True),
    sa.Column("alert_id", code(ID), primary_key=True),
    sa.Column("rule", code(ID), nullable=False),
    sa.Column("customer_id", code(80), sa.ForeignKey("customers.customer_id"), nullable=False),
    sa.Column("account_id", code(ID), sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("window_start", UtcDateTime, nullable=False),
    sa.Column("window_end", UtcDateTime, nullable=False),
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("amount_minor", BIG, nullable=False),
    sa.Column("transaction_count", sa.Integer, nullable=False),
    sa.Column("transaction_ids", human(), nullable=False),  # JSON, in order of booking
    sa.Column("sentence", human(1000), nullable=False),
    sa.Column("run_id", code(ID), sa.ForeignKey("detection_runs.run_id"), nullable=False),
    sa.Column("hidden_at", UtcDateTime, nullable=False),
    # the run that raised it, or left it to another suppression; NULL while it is hidden
    sa.Column("released_in", code(ID), sa.ForeignKey("detection_runs.run_id"), nullable=True),
    sa.Index("ix_suppressed_alerts_customer_id", "customer_id"),
)
