"""Runs of the rules, what they found, and which rules are in force."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.proposals import ProposalState
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

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
    sa.Column("finished_at", UtcDateTime, nullable=True),  # NULL where nobody timed it
    sa.Index("ix_detection_runs_ordinal", "ordinal"),
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
    # its first and its last transaction; NULL where the run did not record it yet
    sa.Column("first_at", UtcDateTime, nullable=True),
    sa.Column("last_at", UtcDateTime, nullable=True),
    sa.Index("ix_detection_findings_gone_in", "gone_in"),
    sa.Index("ix_detection_findings_account_id", "account_id"),
    sa.Index("ix_detection_findings_rule", "rule"),
    sa.Index("ix_detection_findings_alert_id", "alert_id", "gone_in", "first_at", "last_at"),
)

#: A copy, in columns, of what the runs read: see ``run_copies.py``. It can be emptied at any time.
run_copies = sa.Table(
    "run_copies",
    metadata,
    sa.Column("what", code(16), primary_key=True),  # transactions, accounts or figures
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("upto", BIG, nullable=False),  # the newest arrival when it was written
    sa.Column("row_count", BIG, nullable=False),
    sa.Column("sha256", code(64), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # an Arrow stream
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
    sa.CheckConstraint(one_of("state", [state.value for state in ProposalState]), name="state"),
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
