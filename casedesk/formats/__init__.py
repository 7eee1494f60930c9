"""Files on their way in: recognised, checked row by row, converted; and the list of what was refused."""

from casedesk.formats.batches import (
    ACCOUNT_SEEN_SCHEMA,
    TRANSACTION_SCHEMA,
    AccountBatch,
    AccountSeen,
    Batch,
    CustomerBatch,
    TransactionBatch,
)
from casedesk.formats.choosing import FORMATS, SourceKind
from casedesk.formats.mapping import TRANSACTION_FIELDS, Mapping
from casedesk.formats.rate_files import DEFAULT_RATES, default_rates, read_rates
from casedesk.formats.rejects import RejectedRow, write_rejects
from casedesk.formats.sources import CHUNK_ROWS, Source, open_source, open_sources

__all__ = [
    "ACCOUNT_SEEN_SCHEMA",
    "CHUNK_ROWS",
    "DEFAULT_RATES",
    "FORMATS",
    "TRANSACTION_FIELDS",
    "TRANSACTION_SCHEMA",
    "AccountBatch",
    "AccountSeen",
    "Batch",
    "CustomerBatch",
    "Mapping",
    "RejectedRow",
    "Source",
    "SourceKind",
    "TransactionBatch",
    "default_rates",
    "open_source",
    "open_sources",
    "read_rates",
    "write_rejects",
]
