"""What a source hands to the store: chunks of validated rows beside the rows that were refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pyarrow as pa

from casedesk.domain.transactions import Account, Customer
from casedesk.formats.records import Ints
from casedesk.formats.rejects import RejectedRow

#: Columns of a transaction batch, in the order of its rows. No value is null: what a file leaves out is empty.
TRANSACTION_SCHEMA: Final = pa.schema(
    [
        ("transaction_id", pa.string()),
        ("booked_at", pa.int64()),  # microseconds since 1970-01-01T00:00:00Z
        ("from_account", pa.string()),
        ("to_account", pa.string()),
        ("amount_minor", pa.int64()),
        ("currency", pa.string()),
        ("received_minor", pa.int64()),
        ("received_currency", pa.string()),
        ("base_minor", pa.int64()),
        ("channel", pa.string()),
        ("from_country", pa.string()),
        ("to_country", pa.string()),
        ("branch", pa.string()),
        ("reference", pa.string()),
    ]
)


#: Columns of the accounts that a batch's transactions name.
ACCOUNT_SEEN_SCHEMA: Final = pa.schema(
    [("account_id", pa.string()), ("bank", pa.string()), ("currency", pa.string()), ("country", pa.string())]
)


class AccountSeen(NamedTuple):
    """An account that a transaction names; ``currency`` and ``country`` are those of the first row of the chunk with it."""

    account_id: str
    bank: str
    currency: str
    country: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One chunk of a file. ``read`` counts its rows, blank ones left out: it is what was stored plus ``rejects``.

    ``index`` numbers the chunk from 0 and is where to resume: ``source.batches(start_chunk=index + 1)``. ``bytes_read``
    is how far into the file on disk the reader is, for a progress bar.
    """

    index: int
    read: int
    rejects: tuple[RejectedRow, ...]
    bytes_read: int


@dataclass(frozen=True, slots=True)
class TransactionBatch(Batch):
    """Transactions of one chunk, as an Arrow table of ``TRANSACTION_SCHEMA``.

    ``accounts`` is an Arrow table of ``ACCOUNT_SEEN_SCHEMA``: each account the chunk names, once. ``rounded`` counts rows
    of which an amount lost decimals.
    """

    table: Any
    accounts: Any
    rounded: int
    numbers: Ints  # row numbers of the table's rows, as in ``RejectedRow``

    def lists(self) -> dict[str, list[Any]]:
        """Give each column as a Python list."""
        return {name: _values(column) for name, column in zip(self.table.column_names, self.table.columns, strict=True)}

    def rows(self) -> list[tuple[Any, ...]]:
        """Give the rows as tuples in the schema's order, ready for ``executemany``."""
        return list(zip(*self.lists().values(), strict=True))

    def accounts_seen(self, known: set[str]) -> list[AccountSeen]:
        """List the chunk's accounts that are not in ``known``, and add them to it.

        One set held over a whole import keeps this cheap: most chunks name few accounts that are new.
        """
        ids = self.accounts["account_id"].to_pylist()
        fresh = [i for i, account in enumerate(ids) if account not in known]
        known.update(ids)
        if len(fresh) == len(ids):
            return list(map(AccountSeen, *map(_values, self.accounts.columns)))
        return list(map(AccountSeen, *map(_values, self.accounts.take(pa.array(fresh, pa.int64())).columns)))


@dataclass(frozen=True, slots=True)
class CustomerBatch(Batch):
    """Customers of one chunk."""

    customers: tuple[Customer, ...]


@dataclass(frozen=True, slots=True)
class AccountBatch(Batch):
    """Accounts of one chunk."""

    accounts: tuple[Account, ...]
    numbers: tuple[int, ...]  # row numbers of the accounts, as in ``RejectedRow``


def _values(column: Any) -> list[Any]:
    # NumPy's list is several times faster than Arrow's for integers, and no slower for strings.
    values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
    return values
