"""Cases with their alerts and the alerts' evidence."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.cases import CaseStatus, Disposition, QaStatus
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("case_id", code(ID), primary_key=True),
    sa.Column("customer_id", code(80), sa.ForeignKey("customers.customer_id"), nullable=False),
    sa.Column("status", code(16), nullable=False),
    sa.Column("owner", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("disposition", code(16), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("alerted_at", UtcDateTime, nullable=False),
    sa.Column("suspicion_at", UtcDateTime, nullable=False),
    sa.Column("suspicion_event", BIG, nullable=False),
    sa.Column("suspicion_moved", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("suspect_identified", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("decision_text", human(), nullable=False),
    sa.Column("decided_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("decided_at", UtcDateTime, nullable=True),
    sa.Column("approved_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("approved_at", UtcDateTime, nullable=True),
    sa.Column("closed_at", UtcDateTime, nullable=True),
    sa.Column("qa_status", code(8), nullable=False),
    sa.Column("qa_reviewer", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("qa_reviewed_at", UtcDateTime, nullable=True),
    sa.Column("qa_severity", code(16), nullable=False),
    sa.Column("qa_notes", human(), nullable=False),
    # what the queue sorts and filters by, written with the case
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("is_open", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("risk_rank", sa.SmallInteger, nullable=False),  # 0 for the worst band, so that one index sorts the queue
    sa.Column("typology", code(ID), nullable=False),
    sa.Column("alert_count", sa.Integer, nullable=False),
    sa.Column("transaction_count", BIG, nullable=False),
    sa.Column("amount_minor", BIG, nullable=False),
    sa.Column("value_rank", sa.Integer, nullable=False, server_default=sa.text("0")),  # the smallest is the worthiest
    sa.CheckConstraint(one_of("status", [status.value for status in CaseStatus]), name="status"),
    sa.CheckConstraint(one_of("disposition", [disposition.value for disposition in Disposition]), name="disposition"),
    sa.CheckConstraint(one_of("qa_status", [status.value for status in QaStatus]), name="qa_status"),
    sa.CheckConstraint("status <> 'Closed' OR disposition IN ('No SAR', 'SAR')", name="closed_is_decided"),
    sa.CheckConstraint("status <> 'New' OR owner IS NULL", name="new_is_unowned"),
    sa.Index("ix_cases_customer_id_status", "customer_id", "status"),
    sa.Index("ix_cases_closed_at", "closed_at"),
    # one index for each order and each view of the queue; the last columns make keyset pages index-only to find
    sa.Index("ix_cases_queue", "is_open", "due_at", "risk_rank", "case_id"),
    sa.Index("ix_cases_queue_all", "due_at", "risk_rank", "case_id"),
    # the disposition comes last so that the unassigned are counted without a look at their rows
    sa.Index("ix_cases_queue_owner", "owner", "is_open", "due_at", "risk_rank", "case_id", "disposition"),
    sa.Index("ix_cases_queue_disposition", "disposition", "is_open", "due_at", "risk_rank", "case_id"),
    sa.Index("ix_cases_queue_risk", "is_open", "risk_rank", "due_at", "case_id"),
    sa.Index("ix_cases_queue_value", "is_open", "value_rank", "due_at", "case_id"),
    sa.Index("ix_cases_queue_opened", "is_open", "opened_at", "case_id"),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("alert_id", code(ID), primary_key=True),
    sa.Column("rule", code(ID), nullable=False),
    sa.Column("rule_version", code(16), nullable=False),
    sa.Column("parameters", human(), nullable=False),
    sa.Column("customer_id", code(80), sa.ForeignKey("customers.customer_id"), nullable=False),
    sa.Column("account_id", code(ID), sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("window_start", UtcDateTime, nullable=False),
    sa.Column("window_end", UtcDateTime, nullable=False),
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("amount_minor", BIG, nullable=False),
    sa.Column("transaction_count", sa.Integer, nullable=False),
    sa.Column("sentence", human(1000), nullable=False),
    sa.Column("raised_at", UtcDateTime, nullable=False),
    sa.Column("run_id", code(ID), sa.ForeignKey("detection_runs.run_id"), nullable=False),
    sa.Column("case_id", code(ID), sa.ForeignKey("cases.case_id"), nullable=True),
    sa.Column("lapsed_in", code(ID), nullable=True),  # the run that no longer found it; NULL while it stands
    sa.CheckConstraint("severity BETWEEN 0 AND 100", name="severity"),
    sa.Index("ix_alerts_case_id", "case_id"),
    sa.Index("ix_alerts_customer_id", "customer_id"),
    sa.Index("ix_alerts_account_id_rule", "account_id", "rule"),
    sa.Index("ix_alerts_raised_at", "raised_at"),
    sa.Index("ix_alerts_rule", "rule"),
)

alert_transactions = sa.Table(
    "alert_transactions",
    metadata,
    sa.Column("alert_id", code(ID), sa.ForeignKey("alerts.alert_id"), primary_key=True),
    sa.Column("transaction_id", code(ID), sa.ForeignKey("transactions.transaction_id"), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Index("ix_alert_transactions_transaction_id", "transaction_id"),
)
