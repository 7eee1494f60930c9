"""Files read for the rules alone: nothing is stored, and no database is needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from casedesk.domain.rates import RateTable
from casedesk.domain.transactions import Account
from casedesk.errors import Invalid
from casedesk.formats.batches import AccountBatch, Batch, CustomerBatch, TransactionBatch
from casedesk.formats.choosing import SourceKind, UnknownFormat
from casedesk.formats.identity import Counted, Ordinals
from casedesk.formats.known_rows import KnownRows
from casedesk.formats.mapping import Mapping
from casedesk.formats.rejects import RejectedRow
from casedesk.formats.sources import Source, open_sources

#: What the rules read of a transaction. No value is null.
OFFLINE_TRANSACTIONS: Final = pa.schema(
    [
        ("transaction_id", pa.string()),
        ("booked_at", pa.timestamp("us", "UTC")),
        ("from_account", pa.string()),
        ("to_account", pa.string()),
        ("base_minor", pa.int64()),
        ("channel", pa.string()),
        ("from_country", pa.string()),
        ("to_country", pa.string()),
        ("amount_minor", pa.int64()),
        ("currency", pa.string()),
    ]
)

#: What the rules read of an account: ``customer_id`` is empty for an account of another bank, the last two where unknown.
OFFLINE_ACCOUNTS: Final = pa.schema(
    [
        ("account_id", pa.string()),
        ("customer_id", pa.string()),
        ("opened_on", pa.string()),  # YYYY-MM-DD
        ("peer_group", pa.string()),
    ]
)

_DATA_ENDINGS: Final = (".csv", ".csv.gz", ".parquet", ".jsonl", ".jsonl.gz", ".xml", ".xml.gz", ".txt", ".txt.gz")


class UnreadableRow(Invalid):
    """A row breaks a rule, and no list was given that could take it."""

    def __init__(self, path: Path, row: RejectedRow) -> None:
        super().__init__(f"Row {row.row_number} of {path.name} cannot be read: {row.field} “{row.value}”. {row.reason}")


class NoTransactions(Invalid):
    """Among the files is none of transactions."""


def read_offline(
    paths: Sequence[Path],
    format: str | None = None,
    *,
    base_currency: str,
    rates: RateTable,
    zone: str | None = None,
    start: str | None = None,
    mapping: Mapping | None = None,
    rejects: list[RejectedRow] | None = None,
) -> tuple[pa.Table | pa.RecordBatchReader, pa.Table]:
    """Read files of any format the importer knows into the columns that the rules read.

    The rows get the ids an import gives them, and an id that stands in the files twice counts once. The files are parts of
    one set: rows without an id that are alike are as many transactions in one file as in several. An account that no accounts
    file names is held by ``H-<account_id>``, as after an import.

    :param paths: files, or folders; of a folder the files that the importer would take, or else every data file below it.
    :param format: as for :func:`casedesk.formats.sources.open_source`; ``None`` recognises each file by its header.
    :param zone: zone of times that name none; ``start`` is the instant of step 0 of a simulation.
    :param rejects: takes the rows that cannot be read; without it the first of them is an error.
    :return: transactions (``OFFLINE_TRANSACTIONS``; a table, or beyond two million rows a reader that can be read once)
        and accounts (``OFFLINE_ACCOUNTS``).
    :raises UnreadableRow: at the first row that cannot be read, unless ``rejects`` takes them.
    :raises NoTransactions: if no file holds transactions.
    :raises Invalid: what ``open_source`` raises.
    """
    sources = [
        source
        for path in paths
        for file in _files(path)
        for source in _open(file, format, base_currency, rates, zone, start, mapping)
    ]
    if not any(source.kind is SourceKind.TRANSACTIONS for source in sources):
        names = ", ".join(path.name for path in paths) or "nothing"
        raise NoTransactions(f"There are no transactions in {names}; name a transactions file beside it.")
    rows, parties = KnownRows(OFFLINE_TRANSACTIONS), _Parties()
    counted = Counted(Ordinals)
    for source in sources:
        for batch in source.batches(counted=counted):
            _take(batch, rows, parties)
            _refuse(source, batch.rejects, rejects)
    _refuse(sources[-1], rows.settle(), rejects)
    return rows.read(), parties.table()


def _open(
    file: Path,
    format: str | None,
    base: str,
    rates: RateTable,
    zone: str | None,
    start: str | None,
    mapping: Mapping | None,
) -> list[Source]:
    if file.name.split(".")[0] in (SourceKind.CUSTOMERS, SourceKind.ACCOUNTS):
        mapping = start = None  # they speak of transactions
    return open_sources(
        file, rates=rates, base_currency=base, format=format or "auto", mapping=mapping, zone=zone, start=start
    )


def _files(path: Path) -> list[Path]:
    """Give a folder itself where it holds what an import takes; else the data files at any depth, in a fixed order."""
    if not path.is_dir():
        return [path]
    if any(file.is_file() and file.name.split(".")[0] in tuple(SourceKind) for file in path.iterdir()):
        return [path]
    found = sorted(file for file in path.rglob("*") if file.is_file() and file.name.endswith(_DATA_ENDINGS))
    if not found:
        raise UnknownFormat(f"{path.name} holds no file of transactions; name a file instead.")
    return found


def _refuse(source: Source, rows: Sequence[RejectedRow], rejects: list[RejectedRow] | None) -> None:
    if rows and rejects is None:
        raise UnreadableRow(source.path, rows[0])
    if rejects is not None:
        rejects.extend(rows)


def _take(batch: Batch, rows: KnownRows, parties: _Parties) -> None:
    if isinstance(batch, TransactionBatch):
        parties.seen(batch)
        columns = [pc.cast(batch.table[field.name], field.type) for field in OFFLINE_TRANSACTIONS]
        rows.add(pa.table(columns, schema=OFFLINE_TRANSACTIONS), batch.numbers)
    elif isinstance(batch, AccountBatch):
        parties.accounts += batch.accounts
    elif isinstance(batch, CustomerBatch):
        parties.segments.update((customer.customer_id, customer.segment) for customer in batch.customers)


class _Parties:
    """Accounts that files describe, and accounts that transactions name."""

    def __init__(self) -> None:
        self.accounts: list[Account] = []
        self.segments: dict[str, str] = {}
        self._named: dict[str, None] = {}

    def seen(self, batch: TransactionBatch) -> None:
        self._named.update(dict.fromkeys(batch.accounts["account_id"].to_pylist()))

    def table(self) -> pa.Table:
        described = {account.account_id: account for account in reversed(self.accounts)}
        others = [name for name in self._named if name not in described]
        known = list(described.values())
        columns = [
            [*described, *others],
            [*(a.customer_id for a in known), *(f"H-{name}" for name in others)],
            [*(_day(a.opened_on) for a in known), *("" for _ in others)],
            [*(self.segments.get(a.customer_id, "") for a in known), *("" for _ in others)],
        ]
        return pa.table([pa.array(column, pa.string()) for column in columns], schema=OFFLINE_ACCOUNTS)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
