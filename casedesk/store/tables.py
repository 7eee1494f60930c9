"""The tables, with a name for every constraint and a CHECK for every closed list of values."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from casedesk.domain.cases import CaseStatus, Disposition, QaStatus
from casedesk.domain.line_yields import Placement
from casedesk.domain.people import PERSON_ROLES
from casedesk.domain.rule_sets import RuleSetState
from casedesk.domain.suppressions import State
from casedesk.domain.transactions import Channel, CustomerKind
from casedesk.store.types import UtcDateTime, code, human

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData(naming_convention=NAMING)

ID: Final = 64  # characters of an id
BIG: Final = sa.BigInteger()

#: Only an INTEGER key is SQLite's own row number; a BIGINT key would be a second index beside it.
EVENT_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _one_of(column: str, values: list[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


users = sa.Table(
    "users",
    metadata,
    sa.Column("user_id", code(ID), primary_key=True),
    sa.Column("name", human(200), nullable=False),
    sa.Column("role", code(16), nullable=False),
    sa.Column("active", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.true()),
    sa.Column("email", code(320), nullable=True),
    sa.CheckConstraint(_one_of("role", [role.value for role in PERSON_ROLES]), name="role"),
    # a filtered index, because SQL Server lets only one NULL into a unique constraint
    sa.Index(
        "ix_users_email",
        "email",
        unique=True,
        sqlite_where=sa.text("email IS NOT NULL"),
        postgresql_where=sa.text("email IS NOT NULL"),
        mssql_where=sa.text("email IS NOT NULL"),
    ),
)

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("customer_id", code(80), primary_key=True),
    sa.Column("name", human(200), nullable=False),
    sa.Column("kind", code(16), nullable=False),
    sa.Column("country", code(2), nullable=False),
    sa.Column("segment", human(64), nullable=False),
    sa.Column("occupation", human(120), nullable=False),
    sa.Column("since", sa.Date, nullable=True),
    sa.CheckConstraint(_one_of("kind", [kind.value for kind in CustomerKind]), name="kind"),
    sa.Index("ix_customers_name", "name"),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("account_id", code(ID), primary_key=True),
    # NULL: a counterparty's account at another bank, never the subject of an alert
    sa.Column("customer_id", code(80), sa.ForeignKey("customers.customer_id"), nullable=True),
    sa.Column("holder", human(200), nullable=False),
    sa.Column("bank", human(64), nullable=False),
    sa.Column("currency", code(3), nullable=False),
    sa.Column("country", code(2), nullable=False),
    sa.Column("opened_on", sa.Date, nullable=True),
    # places in the order in which the desk took things in; see run_data.py. 0: before it kept that order
    sa.Column("arrival", BIG, nullable=False, server_default=sa.text("0")),
    sa.Column("changed", BIG, nullable=False, server_default=sa.text("0")),  # the last change, its customer's included
    sa.Index("ix_accounts_customer_id", "customer_id"),
    sa.Index("ix_accounts_changed", "changed"),
)

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("import_id", code(ID), primary_key=True),
    sa.Column("kind", code(16), nullable=False),
    sa.Column("file_name", human(260), nullable=False),
    sa.Column("sha256", code(64), nullable=False),
    sa.Column("reading", code(64), nullable=False),  # digest of format, mapping and zone: how the file was read
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime, nullable=True),
    sa.Column("chunks", sa.Integer, nullable=False),  # stored whole so far; a killed import goes on after them
    sa.Column("rows_read", BIG, nullable=False),
    sa.Column("rows_stored", BIG, nullable=False),
    sa.Column("rows_duplicate", BIG, nullable=False),
    sa.Column("rows_rejected", BIG, nullable=False),
    sa.Index("ix_imports_sha256", "sha256"),
)

import_rejects = sa.Table(
    "import_rejects",
    metadata,
    sa.Column("import_id", code(ID), sa.ForeignKey("imports.import_id"), primary_key=True),
    sa.Column("row_number", BIG, primary_key=True, autoincrement=False),
    sa.Column("field", human(64), nullable=False),
    sa.Column("value", human(100), nullable=False),
    sa.Column("reason", human(400), nullable=False),
)

transactions = sa.Table(
    "transactions",
    metadata,
    sa.Column("transaction_id", code(ID), primary_key=True),
    sa.Column("booked_at", UtcDateTime, nullable=False),
    sa.Column("from_account", code(ID), nullable=False),  # '' on the cash side
    sa.Column("to_account", code(ID), nullable=False),
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
    sa.Column("arrival", BIG, nullable=False, server_default=sa.text("0")),  # as of accounts
    sa.CheckConstraint("amount_minor >= 0 AND received_minor >= 0 AND base_minor >= 0", name="amounts"),
    sa.CheckConstraint(_one_of("channel", [channel.value for channel in Channel]), name="channel"),
    sa.CheckConstraint("from_account <> '' OR to_account <> ''", name="sides"),
    sa.Index("ix_transactions_from_account_booked_at", "from_account", "booked_at"),
    sa.Index("ix_transactions_to_account_booked_at", "to_account", "booked_at"),
    sa.Index("ix_transactions_arrival", "arrival"),
)

detection_runs = sa.Table(
    "detection_runs",
    metadata,
    sa.Column("run_id", code(ID), primary_key=True),
    sa.Column("ran_at", UtcDateTime, nullable=False),
    sa.Column("until", UtcDateTime, nullable=True),  # only transactions booked before; NULL for all
    sa.Column("rule_set_hash", code(64), nullable=False),
    sa.Column("parameters", human(), nullable=False),
    sa.Column("data_fingerprint", code(128), nullable=False),
    sa.Column("engine", code(64), nullable=False),
    sa.Column("transactions", BIG, nullable=False),
    sa.Column("new_alerts", sa.Integer, nullable=False),
    sa.Column("grown_alerts", sa.Integer, nullable=False),
    # the run's own place among the arrivals; 0 for runs from before the desk kept that order
    sa.Column("ordinal", BIG, nullable=False, server_default=sa.text("0")),
    sa.Column("alerts_sha256", code(64), nullable=False, server_default=sa.text("''")),
    sa.Column("record", human(), nullable=False, server_default=sa.text("''")),  # canonical JSON, enough to run again
    sa.Index("ix_detection_runs_ordinal", "ordinal"),
)

#: Rule sets from their proposal on. At most one waits and at most one is in force.
rule_sets = sa.Table(
    "rule_sets",
    metadata,
    sa.Column("rule_set_id", code(ID), primary_key=True),
    sa.Column("state", code(16), nullable=False),
    sa.Column("base_id", code(ID), nullable=False),  # '' for the rules as shipped
    sa.Column("content", human(), nullable=False),  # canonical JSON: every rule that runs, with every value
    sa.Column("hash_before", code(64), nullable=False),
    sa.Column("hash_after", code(64), nullable=False),
    sa.Column("reason", human(), nullable=False),
    sa.Column("proposed_by", code(ID), sa.ForeignKey("users.user_id"), nullable=False),
    sa.Column("proposed_at", UtcDateTime, nullable=False),
    sa.Column("decided_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("decided_at", UtcDateTime, nullable=True),
    sa.Column("decision", human(), nullable=False),
    sa.Column("sheet", human(), nullable=False),  # canonical JSON, frozen with the proposal
    sa.Column("sheet_sha256", code(64), nullable=False),
    sa.CheckConstraint(_one_of("state", [state.value for state in RuleSetState]), name="state"),
    sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by OR state = 'withdrawn'", name="duties"),
    sa.Index(
        "ix_rule_sets_state",
        "state",
        unique=True,
        sqlite_where=sa.text("state IN ('proposed', 'in force')"),
        postgresql_where=sa.text("state IN ('proposed', 'in force')"),
        mssql_where=sa.text("state IN ('proposed', 'in force')"),
    ),
)

#: What each run found, by the digest of each alert. A run with an ordinal between the two columns found it, too.
detection_findings = sa.Table(
    "detection_findings",
    metadata,
    sa.Column("alert_id", code(ID), primary_key=True),
    sa.Column("digest", code(64), primary_key=True),
    sa.Column("found_in", BIG, primary_key=True, autoincrement=False),  # ordinal of the first run that found it
    sa.Column("gone_in", BIG, nullable=True),  # ordinal of the first run after it that did not
    sa.Column("rule", code(ID), nullable=False),
    sa.Column("account_id", code(ID), nullable=False),
    sa.Index("ix_detection_findings_gone_in", "gone_in"),
)

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
    sa.CheckConstraint(_one_of("status", [status.value for status in CaseStatus]), name="status"),
    sa.CheckConstraint(_one_of("disposition", [disposition.value for disposition in Disposition]), name="disposition"),
    sa.CheckConstraint(_one_of("qa_status", [status.value for status in QaStatus]), name="qa_status"),
    sa.CheckConstraint("status <> 'Closed' OR disposition IN ('No SAR', 'SAR')", name="closed_is_decided"),
    sa.CheckConstraint("status <> 'New' OR owner IS NULL", name="new_is_unowned"),
    sa.Index("ix_cases_customer_id_status", "customer_id", "status"),
    sa.Index("ix_cases_closed_at", "closed_at"),
    # one index for each order and each view of the queue; the last columns make keyset pages index-only to find
    sa.Index("ix_cases_queue", "is_open", "due_at", "risk_rank", "case_id"),
    sa.Index("ix_cases_queue_all", "due_at", "risk_rank", "case_id"),
    sa.Index("ix_cases_queue_owner", "owner", "is_open", "due_at", "risk_rank", "case_id"),
    sa.Index("ix_cases_queue_disposition", "disposition", "is_open", "due_at", "risk_rank", "case_id"),
    sa.Index("ix_cases_queue_risk", "is_open", "risk_rank", "due_at", "case_id"),
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
    sa.CheckConstraint("severity BETWEEN 0 AND 100", name="severity"),
    sa.Index("ix_alerts_case_id", "case_id"),
    sa.Index("ix_alerts_customer_id", "customer_id"),
    sa.Index("ix_alerts_account_id_rule", "account_id", "rule"),
)

alert_transactions = sa.Table(
    "alert_transactions",
    metadata,
    sa.Column("alert_id", code(ID), sa.ForeignKey("alerts.alert_id"), primary_key=True),
    sa.Column("transaction_id", code(ID), sa.ForeignKey("transactions.transaction_id"), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Index("ix_alert_transactions_transaction_id", "transaction_id"),
)

case_events = sa.Table(
    "case_events",
    metadata,
    sa.Column("event_id", EVENT_ID, primary_key=True, autoincrement=False),
    sa.Column("case_id", code(ID), nullable=False),  # no foreign key: the stream DESK is not a case
    sa.Column("case_seq", sa.Integer, nullable=False),
    sa.Column("ts", code(27), nullable=False),  # canonical text, because what is hashed is what is stored
    sa.Column("user", code(ID), nullable=False),
    sa.Column("action", code(ID), nullable=False),
    sa.Column("notes", human(), nullable=False),
    sa.Column("meta", human(), nullable=False),
    sa.Column("prev_hash", code(64), nullable=False),
    sa.Column("event_hash", code(64), nullable=False),
    sa.Column("nonce", code(32), nullable=False),
    sa.Column("format", code(32), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("case_id", "case_seq"),
    sa.UniqueConstraint("case_id", "prev_hash"),
    # the table has triggers, and SQL Server refuses OUTPUT without INTO on such a table
    implicit_returning=False,
)

ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("head_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", BIG, nullable=False),
    sa.Column("root", code(64), nullable=False),
    sa.Column("frontier", human(), nullable=False),
    sa.Column("locks", BIG, nullable=False),  # counted up by whoever takes the lock
    sa.CheckConstraint("head_id = 1", name="single_row"),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", code(ID), primary_key=True),
    sa.Column("value", BIG, nullable=False),
)

exchange_rates = sa.Table(
    "exchange_rates",
    metadata,
    sa.Column("currency", code(3), primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    sa.Column("usd_per_unit", code(40), nullable=False),  # decimal text: SQLite would keep a NUMERIC as a float
    sa.Column("source", human(200), nullable=False),
)

qa_draws = sa.Table(
    "qa_draws",
    metadata,
    sa.Column("draw_id", code(ID), primary_key=True),
    sa.Column("period_from", sa.Date, nullable=False),
    sa.Column("period_to", sa.Date, nullable=False),
    sa.Column("drawn_at", UtcDateTime, nullable=False),
    sa.Column("drawn_by", code(ID), nullable=False),
    sa.Column("population_size", sa.Integer, nullable=False),
    sa.Column("population_sha256", code(64), nullable=False),
    sa.Column("seed", code(64), nullable=False),
    sa.Column("record", human(), nullable=False),  # canonical JSON, enough to draw again
)

qa_picks = sa.Table(
    "qa_picks",
    metadata,
    sa.Column("draw_id", code(ID), sa.ForeignKey("qa_draws.draw_id"), primary_key=True),
    sa.Column("case_id", code(ID), sa.ForeignKey("cases.case_id"), primary_key=True),
    sa.Column("stratum", human(160), nullable=False),
    sa.Column("rank", code(64), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("outcome", code(8), nullable=False),  # '' until reviewed; of the first review in this draw
    sa.Column("reviewer", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("reviewed_at", UtcDateTime, nullable=True),
    sa.CheckConstraint(_one_of("outcome", [status.value for status in QaStatus]), name="outcome"),
    sa.Index("ix_qa_picks_case_id", "case_id"),
)

# samples below a line: revision 0005_line_samples

line_tests = sa.Table(
    "line_tests",
    metadata,
    sa.Column("test_id", code(ID), primary_key=True),
    sa.Column("rule", code(ID), nullable=False),
    sa.Column("drawn_at", UtcDateTime, nullable=False),
    sa.Column("drawn_by", code(ID), nullable=False),
    sa.Column("population_size", sa.Integer, nullable=False),
    sa.Column("data_fingerprint", code(128), nullable=False),
    sa.Column("seed", code(64), nullable=False),
    sa.Column("record", human(), nullable=False),  # canonical JSON, enough to draw again
)

#: Which alerts were drawn below a line. Nothing else in the database says so, because whoever judges them must not know.
line_test_picks = sa.Table(
    "line_test_picks",
    metadata,
    sa.Column("test_id", code(ID), sa.ForeignKey("line_tests.test_id"), primary_key=True),
    sa.Column("band", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("episode", code(ID), nullable=False),  # its id in the population
    sa.Column("alert_id", code(ID), sa.ForeignKey("alerts.alert_id"), nullable=False),  # another where one was known
    sa.Column("placement", code(8), nullable=False),
    sa.Column("rank", code(64), nullable=False),
    sa.CheckConstraint(_one_of("placement", [placement.value for placement in Placement]), name="placement"),
    sa.Index("ix_line_test_picks_alert_id", "alert_id"),
)

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
    sa.CheckConstraint(_one_of("state", [state.value for state in State]), name="state"),
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
