"""The desk opens.

All tables of the first slice, the ledger's empty head, and the triggers that guard the ledger.

Revision ID: 0001_the_desk_opens
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.append_only import guard, unguard
from migrations.columns import BIG, EVENT_ID, code, day, human, instant

revision = "0001_the_desk_opens"
down_revision = None
branch_labels = None
depends_on = None

#: SHA-256 of nothing: the RFC 6962 root of an empty tree.
_EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#: In the order in which they are made; each refers only to those before it.
_TABLES = (
    "users",
    "customers",
    "accounts",
    "imports",
    "import_rejects",
    "transactions",
    "exchange_rates",
    "cases",
    "detection_runs",
    "alerts",
    "alert_transactions",
    "case_events",
    "ledger_head",
    "counters",
    "qa_draws",
    "qa_picks",
)


def upgrade() -> None:
    _people_and_parties()
    _transactions()
    _cases_and_alerts()
    _ledger()
    _quality()
    for statement in guard(op.get_context().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    context = op.get_context()
    if context.as_sql:
        raise CommandError("This downgrade looks at the ledger first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM case_events")).scalar():
        raise CommandError("The ledger holds events, and an audit trail is not dropped; restore a backup instead.")
    for statement in unguard(context.dialect.name):
        op.execute(statement)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _people_and_parties() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", code(64), nullable=False),
        sa.Column("name", human(200), nullable=False),
        sa.Column("role", code(16), nullable=False),
        sa.Column("active", sa.Boolean, server_default=sa.true(), nullable=False),
        sa.Column("email", code(320), nullable=True),
        sa.CheckConstraint("role IN ('Analyst', 'QA', 'Manager', 'Auditor')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
    )
    op.create_index(
        "ix_users_email",
        "users",
        ["email"],
        unique=True,
        sqlite_where=sa.text("email IS NOT NULL"),
        postgresql_where=sa.text("email IS NOT NULL"),
        mssql_where=sa.text("email IS NOT NULL"),
    )
    op.create_table(
        "customers",
        sa.Column("customer_id", code(80), nullable=False),
        sa.Column("name", human(200), nullable=False),
        sa.Column("kind", code(16), nullable=False),
        sa.Column("country", code(2), nullable=False),
        sa.Column("segment", human(64), nullable=False),
        sa.Column("occupation", human(120), nullable=False),
        sa.Column("since", day(), nullable=True),
        sa.CheckConstraint("kind IN ('Person', 'Business', 'Unknown')", name=op.f("ck_customers_kind")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customers")),
    )
    op.create_index("ix_customers_name", "customers", ["name"])
    op.create_table(
        "accounts",
        sa.Column("account_id", code(64), nullable=False),
        sa.Column("customer_id", code(80), nullable=True),
        sa.Column("holder", human(200), nullable=False),
        sa.Column("bank", human(64), nullable=False),
        sa.Column("currency", code(3), nullable=False),
        sa.Column("country", code(2), nullable=False),
        sa.Column("opened_on", day(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_accounts_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
    )
    op.create_index("ix_accounts_customer_id", "accounts", ["customer_id"])


def _transactions() -> None:
    op.create_table(
        "imports",
        sa.Column("import_id", code(64), nullable=False),
        sa.Column("kind", code(16), nullable=False),
        sa.Column("file_name", human(260), nullable=False),
        sa.Column("sha256", code(64), nullable=False),
        sa.Column("reading", code(64), nullable=False),
        sa.Column("started_at", instant(), nullable=False),
        sa.Column("finished_at", instant(), nullable=True),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("rows_read", BIG, nullable=False),
        sa.Column("rows_stored", BIG, nullable=False),
        sa.Column("rows_duplicate", BIG, nullable=False),
        sa.Column("rows_rejected", BIG, nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_sha256", "imports", ["sha256"])
    op.create_table(
        "import_rejects",
        sa.Column("import_id", code(64), nullable=False),
        sa.Column("row_number", BIG, autoincrement=False, nullable=False),
        sa.Column("field", human(64), nullable=False),
        sa.Column("value", human(100), nullable=False),
        sa.Column("reason", human(400), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_import_rejects_import_id_imports")),
        sa.PrimaryKeyConstraint("import_id", "row_number", name=op.f("pk_import_rejects")),
    )
    op.create_table(
        "transactions",
        sa.Column("transaction_id", code(64), nullable=False),
        sa.Column("booked_at", instant(), nullable=False),
        sa.Column("from_account", code(64), nullable=False),
        sa.Column("to_account", code(64), nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("currency", code(3), nullable=False),
        sa.Column("received_minor", BIG, nullable=False),
        sa.Column("received_currency", code(3), nullable=False),
        sa.Column("base_minor", BIG, nullable=False),
        sa.Column("channel", code(8), nullable=False),
        sa.Column("from_country", code(2), nullable=False),
        sa.Column("to_country", code(2), nullable=False),
        sa.Column("branch", human(64), nullable=False),
        sa.Column("reference", human(140), nullable=False),
        sa.CheckConstraint(
            "channel IN ('CASH', 'ACH', 'WIRE', 'CARD', 'CHEQUE', 'CRYPTO', 'INTERNAL', 'OTHER')",
            name=op.f("ck_transactions_channel"),
        ),
        sa.CheckConstraint("from_account <> '' OR to_account <> ''", name=op.f("ck_transactions_sides")),
        sa.CheckConstraint(
            "amount_minor >= 0 AND received_minor >= 0 AND base_minor >= 0", name=op.f("ck_transactions_amounts")
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_transactions")),
    )
    op.create_index("ix_transactions_from_account_booked_at", "transactions", ["from_account", "booked_at"])
    op.create_index("ix_transactions_to_account_booked_at", "transactions", ["to_account", "booked_at"])
    op.create_table(
        "exchange_rates",
        sa.Column("currency", code(3), nullable=False),
        sa.Column("valid_from", day(), nullable=False),
        sa.Column("usd_per_unit", code(40), nullable=False),
        sa.Column("source", human(200), nullable=False),
        sa.PrimaryKeyConstraint("currency", "valid_from", name=op.f("pk_exchange_rates")),
    )


def _cases_and_alerts() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", code(64), nullable=False),
        sa.Column("customer_id", code(80), nullable=False),
        sa.Column("status", code(16), nullable=False),
        sa.Column("owner", code(64), nullable=True),
        sa.Column("disposition", code(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("opened_at", instant(), nullable=False),
        sa.Column("alerted_at", instant(), nullable=False),
        sa.Column("suspicion_at", instant(), nullable=False),
        sa.Column("suspicion_event", BIG, nullable=False),
        sa.Column("suspicion_moved", sa.Boolean, nullable=False),
        sa.Column("suspect_identified", sa.Boolean, nullable=False),
        sa.Column("decision_text", human(), nullable=False),
        sa.Column("decided_by", code(64), nullable=True),
        sa.Column("decided_at", instant(), nullable=True),
        sa.Column("approved_by", code(64), nullable=True),
        sa.Column("approved_at", instant(), nullable=True),
        sa.Column("closed_at", instant(), nullable=True),
        sa.Column("qa_status", code(8), nullable=False),
        sa.Column("qa_reviewer", code(64), nullable=True),
        sa.Column("qa_reviewed_at", instant(), nullable=True),
        sa.Column("qa_severity", code(16), nullable=False),
        sa.Column("qa_notes", human(), nullable=False),
        sa.Column("due_at", instant(), nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("risk_rank", sa.SmallInteger, nullable=False),
        sa.Column("typology", code(64), nullable=False),
        sa.Column("alert_count", sa.Integer, nullable=False),
        sa.Column("transaction_count", BIG, nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.CheckConstraint("disposition IN ('', 'No SAR', 'SAR', 'Escalate')", name=op.f("ck_cases_disposition")),
        sa.CheckConstraint("qa_status IN ('', 'Pass', 'Fail')", name=op.f("ck_cases_qa_status")),
        sa.CheckConstraint(
            "status <> 'Closed' OR disposition IN ('No SAR', 'SAR')", name=op.f("ck_cases_closed_is_decided")
        ),
        sa.CheckConstraint("status <> 'New' OR owner IS NULL", name=op.f("ck_cases_new_is_unowned")),
        sa.CheckConstraint("status IN ('New', 'In Review', 'Closed')", name=op.f("ck_cases_status")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.user_id"], name=op.f("fk_cases_approved_by_users")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_cases_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["users.user_id"], name=op.f("fk_cases_decided_by_users")),
        sa.ForeignKeyConstraint(["owner"], ["users.user_id"], name=op.f("fk_cases_owner_users")),
        sa.ForeignKeyConstraint(["qa_reviewer"], ["users.user_id"], name=op.f("fk_cases_qa_reviewer_users")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_closed_at", "cases", ["closed_at"])
    op.create_index("ix_cases_customer_id_status", "cases", ["customer_id", "status"])
    op.create_index("ix_cases_queue", "cases", ["is_open", "due_at", "risk_rank", "case_id"])
    op.create_index("ix_cases_queue_all", "cases", ["due_at", "risk_rank", "case_id"])
    op.create_index("ix_cases_queue_disposition", "cases", ["disposition", "is_open", "due_at", "risk_rank", "case_id"])
    op.create_index("ix_cases_queue_opened", "cases", ["is_open", "opened_at", "case_id"])
    op.create_index("ix_cases_queue_owner", "cases", ["owner", "is_open", "due_at", "risk_rank", "case_id"])
    op.create_index("ix_cases_queue_risk", "cases", ["is_open", "risk_rank", "due_at", "case_id"])
    op.create_table(
        "detection_runs",
        sa.Column("run_id", code(64), nullable=False),
        sa.Column("ran_at", instant(), nullable=False),
        sa.Column("until", instant(), nullable=True),
        sa.Column("rule_set_hash", code(64), nullable=False),
        sa.Column("parameters", human(), nullable=False),
        sa.Column("data_fingerprint", code(128), nullable=False),
        sa.Column("engine", code(64), nullable=False),
        sa.Column("transactions", BIG, nullable=False),
        sa.Column("new_alerts", sa.Integer, nullable=False),
        sa.Column("grown_alerts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_detection_runs")),
    )
    op.create_table(
        "alerts",
        sa.Column("alert_id", code(64), nullable=False),
        sa.Column("rule", code(64), nullable=False),
        sa.Column("rule_version", code(16), nullable=False),
        sa.Column("parameters", human(), nullable=False),
        sa.Column("customer_id", code(80), nullable=False),
        sa.Column("account_id", code(64), nullable=False),
        sa.Column("window_start", instant(), nullable=False),
        sa.Column("window_end", instant(), nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("transaction_count", sa.Integer, nullable=False),
        sa.Column("sentence", human(1000), nullable=False),
        sa.Column("raised_at", instant(), nullable=False),
        sa.Column("run_id", code(64), nullable=False),
        sa.Column("case_id", code(64), nullable=True),
        sa.CheckConstraint("severity BETWEEN 0 AND 100", name=op.f("ck_alerts_severity")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_alerts_account_id_accounts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_alerts_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_alerts_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["detection_runs.run_id"], name=op.f("fk_alerts_run_id_detection_runs")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_account_id_rule", "alerts", ["account_id", "rule"])
    op.create_index("ix_alerts_case_id", "alerts", ["case_id"])
    op.create_index("ix_alerts_customer_id", "alerts", ["customer_id"])
    op.create_table(
        "alert_transactions",
        sa.Column("alert_id", code(64), nullable=False),
        sa.Column("transaction_id", code(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_alert_transactions_alert_id_alerts")),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transactions.transaction_id"],
            name=op.f("fk_alert_transactions_transaction_id_transactions"),
        ),
        sa.PrimaryKeyConstraint("alert_id", "transaction_id", name=op.f("pk_alert_transactions")),
    )
    op.create_index("ix_alert_transactions_transaction_id", "alert_transactions", ["transaction_id"])


def _ledger() -> None:
    op.create_table(
        "case_events",
        sa.Column("event_id", EVENT_ID, autoincrement=False, nullable=False),
        sa.Column("case_id", code(64), nullable=False),
        sa.Column("case_seq", sa.Integer, nullable=False),
        sa.Column("ts", code(27), nullable=False),
        sa.Column("user", code(64), nullable=False),
        sa.Column("action", code(64), nullable=False),
        sa.Column("notes", human(), nullable=False),
        sa.Column("meta", human(), nullable=False),
        sa.Column("prev_hash", code(64), nullable=False),
        sa.Column("event_hash", code(64), nullable=False),
        sa.Column("nonce", code(32), nullable=False),
        sa.Column("format", code(32), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_case_events")),
        sa.UniqueConstraint("case_id", "case_seq", name=op.f("uq_case_events_case_id_case_seq")),
        sa.UniqueConstraint("case_id", "prev_hash", name=op.f("uq_case_events_case_id_prev_hash")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("head_id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("root", code(64), nullable=False),
        sa.Column("frontier", human(), nullable=False),
        sa.Column("locks", BIG, nullable=False),
        sa.CheckConstraint("head_id = 1", name=op.f("ck_ledger_head_single_row")),
        sa.PrimaryKeyConstraint("head_id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "counters",
        sa.Column("name", code(64), nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    head = sa.table(
        "ledger_head",
        sa.column("head_id", sa.Integer),
        sa.column("size", BIG),
        sa.column("root", code(64)),
        sa.column("frontier", human()),
        sa.column("locks", BIG),
    )
    op.execute(sa.insert(head).values(head_id=1, size=0, root=_EMPTY_ROOT, frontier="", locks=0))


def _quality() -> None:
    op.create_table(
        "qa_draws",
        sa.Column("draw_id", code(64), nullable=False),
        sa.Column("period_from", day(), nullable=False),
        sa.Column("period_to", day(), nullable=False),
        sa.Column("drawn_at", instant(), nullable=False),
        sa.Column("drawn_by", code(64), nullable=False),
        sa.Column("population_size", sa.Integer, nullable=False),
        sa.Column("population_sha256", code(64), nullable=False),
        sa.Column("seed", code(64), nullable=False),
        sa.Column("record", human(), nullable=False),
        sa.PrimaryKeyConstraint("draw_id", name=op.f("pk_qa_draws")),
    )
    op.create_table(
        "qa_picks",
        sa.Column("draw_id", code(64), nullable=False),
        sa.Column("case_id", code(64), nullable=False),
        sa.Column("stratum", human(160), nullable=False),
        sa.Column("rank", code(64), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("outcome", code(8), nullable=False),
        sa.Column("reviewer", code(64), nullable=True),
        sa.Column("reviewed_at", instant(), nullable=True),
        sa.CheckConstraint("outcome IN ('', 'Pass', 'Fail')", name=op.f("ck_qa_picks_outcome")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_qa_picks_case_id_cases")),
        sa.ForeignKeyConstraint(["draw_id"], ["qa_draws.draw_id"], name=op.f("fk_qa_picks_draw_id_qa_draws")),
        sa.ForeignKeyConstraint(["reviewer"], ["users.user_id"], name=op.f("fk_qa_picks_reviewer_users")),
        sa.PrimaryKeyConstraint("draw_id", "case_id", name=op.f("pk_qa_picks")),
    )
    op.create_index("ix_qa_picks_case_id", "qa_picks", ["case_id"])
