"""Reports on their way, and the batches that carry them."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.filings import FilingState
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

#: A file of reports, stored as it was written: what is handed out later is what the ledger has the hash of.
batches = sa.Table(
    "batches",
    metadata,
    sa.Column("batch_id", code(ID), primary_key=True),
    sa.Column("produced_by", code(ID), sa.ForeignKey("users.user_id"), nullable=False),
    sa.Column("produced_at", UtcDateTime, nullable=False),
    sa.Column("reports", sa.Integer, nullable=False),
    sa.Column("test", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("sha256", code(64), nullable=False),
    sa.Column("content", human(), nullable=False),
    sa.Column("tracking_id", code(ID), nullable=False),  # empty until somebody says that it was transmitted
    sa.Column("transmitted_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("transmitted_at", UtcDateTime, nullable=True),
    sa.Column("answer", human(), nullable=False),  # the acknowledgement as it came; empty until then
    sa.Column("answer_sha256", code(64), nullable=False),
    sa.Column("answered_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("answered_at", UtcDateTime, nullable=True),
    sa.CheckConstraint("reports > 0", name="reports"),
    sa.CheckConstraint("answered_at IS NULL OR transmitted_at IS NOT NULL", name="transmitted_first"),
    sa.Index(
        "ix_batches_tracking_id",
        "tracking_id",
        unique=True,
        sqlite_where=sa.text("tracking_id <> ''"),
        postgresql_where=sa.text("tracking_id <> ''"),
        mssql_where=sa.text("tracking_id <> ''"),
    ),
)

#: Batches that were taken back before they were sent.
withdrawn_batches = sa.Table(
    "withdrawn_batches",
    metadata,
    sa.Column("batch_id", code(ID), sa.ForeignKey("batches.batch_id"), primary_key=True),
    sa.Column("withdrawn_by", code(ID), sa.ForeignKey("users.user_id"), nullable=False),
    sa.Column("withdrawn_at", UtcDateTime, nullable=False),
    sa.Column("event", BIG, nullable=False),  # the first of the events that say so, with the reason
)

filings = sa.Table(
    "filings",
    metadata,
    sa.Column("filing_id", code(ID), primary_key=True),
    sa.Column("case_id", code(ID), sa.ForeignKey("cases.case_id"), nullable=False),
    sa.Column("state", code(16), nullable=False),
    sa.Column("state_event", BIG, nullable=False),  # the event that brought it into its state
    sa.Column("kind", code(ID), nullable=False),
    sa.Column("digest", code(64), nullable=False),
    sa.Column("content", human(), nullable=False),  # the canonical report, of which ``digest`` is the hash
    sa.Column("drafted_by", code(ID), sa.ForeignKey("users.user_id"), nullable=False),
    sa.Column("drafted_at", UtcDateTime, nullable=False),
    sa.Column("decision", BIG, nullable=False),  # the event whose narrative it goes with; 0 until it is approved
    sa.Column("approved_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("approved_at", UtcDateTime, nullable=True),
    sa.Column("batch_id", code(ID), sa.ForeignKey("batches.batch_id"), nullable=True),
    sa.Column("place", sa.Integer, nullable=False),  # within the batch, from 1; 0 in none
    sa.Column("tracking_id", code(ID), nullable=False),
    sa.Column("bsa_id", code(14), nullable=False),
    sa.Column("remarks", human(), nullable=False),  # JSON: level, code, element, path and sentence of each
    sa.CheckConstraint(one_of("state", [state.value for state in FilingState]), name="state"),
    sa.CheckConstraint("(batch_id IS NULL AND place = 0) OR place > 0", name="place"),
    sa.Index("ix_filings_case_id", "case_id"),
    sa.Index("ix_filings_state", "state"),
    sa.Index("ix_filings_batch_id_place", "batch_id", "place"),
    sa.Index(
        "ix_filings_bsa_id",
        "bsa_id",
        unique=True,
        sqlite_where=sa.text("bsa_id <> ''"),
        postgresql_where=sa.text("bsa_id <> ''"),
        mssql_where=sa.text("bsa_id <> ''"),
    ),
)
