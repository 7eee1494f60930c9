"""What the engine takes: the columns of transactions and accounts, and the refusals for what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from casedesk.detection.paid import OWN_AMOUNT
from casedesk.errors import Invalid

#: An Arrow table is read in place; a RecordBatchReader is read once, batch by batch, and may be larger than memory; so
#: may be files.
Source: TypeAlias = "pa.Table | pa.RecordBatchReader | ParquetFiles"


@dataclass(frozen=True, slots=True)
class ParquetFiles:
    """Parquet files of one schema, in the rules' own columns; an engine that can reads them where they lie."""

    paths: tuple[Path, ...]
    schema: pa.Schema

    def reader(self) -> pa.RecordBatchReader:
        """Stream the columns, batch by batch."""
        files = ds.dataset([str(path) for path in self.paths], schema=self.schema, format="parquet")
        return files.scanner(columns=self.schema.names).to_reader()


class UnfitSource(Invalid):
    """A table lacks a column, or a column is of a type the rules cannot read."""


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value))


def _is_instant(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind)) and kind.unit != "ns"


_TEXT: Final = (_is_text, "text")
_DAY: Final = (_is_text, "text, YYYY-MM-DD or empty")
_COLUMNS: Final[dict[str, dict[str, tuple[Callable[[pa.DataType], bool], str]]]] = {
    "transactions": {
        "transaction_id": _TEXT,
        "booked_at": (_is_instant, "a timestamp in microseconds, UTC"),
        "from_account": _TEXT,
        "to_account": _TEXT,
        "base_minor": (lambda kind: bool(pa.types.is_int64(kind)), "int64, minor units of the base currency"),
        "channel": _TEXT,
        "from_country": _TEXT,
        "to_country": _TEXT,
        "amount_minor": (lambda kind: bool(pa.types.is_int64(kind)), "int64, minor units of its own currency"),
        "currency": _TEXT,
    },
    "accounts": {"account_id": _TEXT, "customer_id": _TEXT, "opened_on": _DAY, "peer_group": _TEXT},
}
#: Columns of the accounts that may be missing: then nothing is known of any account.
OPTIONAL: Final = ("opened_on", "peer_group")
#: What ``fitting`` adds to the accounts: midnight UTC of the first day, in microseconds since 1970; null when unknown.
OPENED_AT: Final = "opened_at"
TRANSACTION_COLUMNS: Final = tuple(name for name in _COLUMNS["transactions"] if name not in OWN_AMOUNT)
ACCOUNT_COLUMNS: Final = tuple(_COLUMNS["accounts"])


def fitting(name: str, source: Source) -> Source:
    """Return the source with just the columns the rules read, transactions with their place in the input as ``row``.

    Accounts come as a table of plain text and ``OPENED_AT``. A time without a zone counts as UTC; one with a zone is the instant it names. Transactions
    are not copied.

    :raises UnfitSource: if a column is missing or of another type.
    """
    if name == "accounts":
        source = source.reader() if isinstance(source, ParquetFiles) else source
        source = _completed(source if isinstance(source, pa.Table) else source.read_all())
    columns = {column: kind for column, kind in _COLUMNS[name].items() if _asked(column, source.schema.names)}
    for column, (fits, expected) in columns.items():
        if column not in source.schema.names:
            raise UnfitSource(f"The {name} have no column “{column}”; add it as {expected}.")
        kind = source.schema.field(column).type
        if not fits(kind):
            raise UnfitSource(f"Column “{column}” of the {name} is {kind}; give it as {expected}.")
    if isinstance(source, ParquetFiles):
        return ParquetFiles(source.paths, pa.schema([source.schema.field(column) for column in columns]))
    if not isinstance(source, pa.Table):
        return _numbered_stream(source)
    chosen = source.select(list(columns))
    return _numbered_table(chosen) if name == "transactions" else _dated(chosen)


def _asked(column: str, given: Sequence[str]) -> bool:
    """Say whether a column must be there: the amount as paid need not, but half of it is a mistake."""
    return column not in OWN_AMOUNT or any(one in given for one in OWN_AMOUNT)


def _completed(accounts: pa.Table) -> pa.Table:
    """Add the columns nothing is known of, empty."""
    for column in OPTIONAL:
        if column not in accounts.column_names:
            accounts = accounts.append_column(column, pa.repeat("", accounts.num_rows))
    return accounts


def _dated(accounts: pa.Table) -> pa.Table:
    """Read the days here, once, because engines differ in what they take for a day."""
    plain = accounts.cast(pa.schema([(name, pa.string()) for name in ACCOUNT_COLUMNS]))
    texts = plain["opened_on"]
    try:
        days = pc.cast(pc.if_else(pc.equal(texts, ""), None, texts), pa.date32())
    except pa.ArrowInvalid as error:
        raise UnfitSource(f"Column “opened_on” of the accounts is not a day: {error}; write YYYY-MM-DD.") from None
    return plain.append_column(OPENED_AT, pc.cast(pc.cast(days, pa.timestamp("us")), pa.int64()))


def _numbered_table(table: pa.Table) -> pa.Table:
    return table.append_column("row", pa.array(np.arange(table.num_rows, dtype=np.int64)))


def _numbered_stream(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    columns = [name for name in _COLUMNS["transactions"] if _asked(name, reader.schema.names)]
    fields = [reader.schema.field(name) for name in columns]
    schema = pa.schema([*fields, pa.field("row", pa.int64())])

    def batches() -> Iterator[pa.RecordBatch]:
        first = 0
        for batch in reader:
            rows = pa.array(np.arange(first, first + batch.num_rows, dtype=np.int64))
            first += batch.num_rows
            yield pa.RecordBatch.from_arrays([*(batch[name] for name in columns), rows], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())
