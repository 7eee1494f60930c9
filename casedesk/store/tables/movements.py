"""What was imported, and at which rates it was converted."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.transactions import Channel
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

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
    sa.Index("ix_imports_started_at", "started_at"),
)

#: When the desk was given what has this number among the arrivals. A figure of operation: nothing else depends on it.
receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("arrival", BIG, primary_key=True, autoincrement=False),
    sa.Column("import_id", code(ID), sa.ForeignKey("imports.import_id"), nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
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
    sa.CheckConstraint(one_of("channel", [channel.value for channel in Channel]), name="channel"),
    sa.CheckConstraint("from_account <> '' OR to_account <> ''", name="sides"),
    sa.Index("ix_transactions_from_account_booked_at", "from_account", "booked_at"),
    sa.Index("ix_transactions_to_account_booked_at", "to_account", "booked_at"),
    sa.Index("ix_transactions_arrival", "arrival"),
)

exchange_rates = sa.Table(
    "exchange_rates",
    metadata,
    sa.Column("currency", code(3), primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    sa.Column("usd_per_unit", code(40), nullable=False),  # decimal text: SQLite would keep a NUMERIC as a float
    sa.Column("source", human(200), nullable=False),
)
