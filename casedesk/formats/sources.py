"""Open a file or a folder for import: find out what it is, refuse it whole if it is wrong, read it in chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from casedesk.domain.money import MINOR_DIGITS, UnknownCurrency
from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats.batches import Batch
from casedesk.formats.csv_reader import CsvReader
from casedesk.formats.file_types import FileType, Opened, recognise
from casedesk.formats.headers import shown
from casedesk.formats.mapping import TRANSACTION_FIELDS, Mapping
from casedesk.formats.other_readers import ParquetReader, text_reader
from casedesk.formats.parties import ACCOUNT_FIELDS, CUSTOMER_FIELDS, account_batch, customer_batch, party_columns
from casedesk.formats.plans import (
    AMLWORLD,
    NATIVE,
    PATTERNS,
    Plan,
    amlworld_plan,
    is_amlworld,
    mapped_plan,
    native_plan,
)
from casedesk.formats.prescan import Scanned, scan
from casedesk.formats.records import Reader, Records, chunked
from casedesk.formats.times import zone_named
from casedesk.formats.transactions import TransactionValidator

#: Rows of a chunk. Fifty thousand rows of thirteen columns take about 30 MB while they are checked.
CHUNK_ROWS: Final = 50_000

FORMATS: Final = ("auto", NATIVE, AMLWORLD, PATTERNS)

_MakeBatch = Callable[[int, Records], Batch]


class SourceKind(StrEnum):
    """What the rows of a file are, in the order a folder is imported."""

    CUSTOMERS = "customers"
    ACCOUNTS = "accounts"
    TRANSACTIONS = "transactions"


class UnknownFormat(Invalid):
    """The header is none that the desk knows."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file that has been opened, scanned and recognised; nothing of it is stored yet.

    ``sha256`` names the file as it lies on disk. ``fingerprint`` names file, mapping, zone, rates, base currency and chunk
    size together: an import may only be resumed at a chunk of the same fingerprint. ``total_rows_hint`` counts lines
    (exact for Parquet), ``total_bytes`` the file on disk.
    """

    path: Path
    kind: SourceKind
    format: str
    sha256: str
    fingerprint: str
    total_bytes: int
    total_rows_hint: int
    chunk_rows: int
    _reader: Reader
    _wanted: tuple[int, ...]
    _start: Callable[[], _MakeBatch]
    _counts_rows: bool

    def batches(self, start_chunk: int = 0) -> Iterator[Batch]:
        """Read, check and convert chunk by chunk: ``TransactionBatch``, ``CustomerBatch`` or ``AccountBatch`` by ``kind``.

        Chunks before ``start_chunk`` are read over, and checked only where ids are derived (identical rows are counted
        from the first row on). Their rejects are not told again: start at 0 to have all of them.

        :raises BadQuoting: if a row is longer than any row can be.
        """
        make = self._start()
        for index, records in chunked(
            self._reader.blocks(self._wanted), size=self.chunk_rows, first_number=self._reader.first_number
        ):
            if index >= start_chunk:
                yield make(index, records)
            elif self._counts_rows:
                make(index, records)


def open_source(
    path: Path,
    *,
    rates: RateTable,
    base_currency: str = "USD",
    format: str = "auto",
    mapping: Mapping | None = None,
    zone: str | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> Source:
    """Recognise one file by its bytes and its header, and check what can be checked before its rows.

    ``zone`` is the zone of times that name none (an IANA name); AMLworld's are UTC unless it says otherwise.

    :raises NoSuchFile, EmptyFile, DamagedArchive, WrongFileType: if the file is not there or not readable.
    :raises NotUtf8: if a byte of a text file is not UTF-8; the sentence names line and offset.
    :raises TooManyColumns, RepeatedColumn, MissingColumns, UnknownFormat, BadHeader, BadQuoting: if the header is wrong.
    :raises UnknownZone, UnknownCurrency: if an option is.
    """
    if base_currency not in MINOR_DIGITS:
        raise UnknownCurrency(base_currency)
    if format not in FORMATS:
        raise UnknownFormat(f"“{format}” is not a format; choose one of {', '.join(FORMATS)}.")
    local = zone_named(zone) if zone else None
    opened = recognise(path)
    scanned = scan(opened)
    reader = _reader(opened, scanned, format)
    kind, plan, fields = _plan(path, reader, opened.type, format, mapping or Mapping(), local)
    start, wanted, form = _maker(kind, plan, fields, rates, base_currency)
    told = (scanned.sha256, kind, plan.digest if plan else repr(fields), rates.sha256, base_currency, chunk_rows)
    return Source(
        path=path,
        kind=kind,
        format=form,
        sha256=scanned.sha256,
        fingerprint=hashlib.sha256(repr(told).encode()).hexdigest(),
        total_bytes=scanned.total_bytes,
        total_rows_hint=reader.rows if isinstance(reader, ParquetReader) else scanned.newlines,
        chunk_rows=chunk_rows,
        _reader=reader,
        _wanted=wanted,
        _start=start,
        _counts_rows=bool(plan and plan.id_prefix),
    )


def open_sources(
    path: Path,
    *,
    rates: RateTable,
    base_currency: str = "USD",
    format: str = "auto",
    mapping: Mapping | None = None,
    zone: str | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> list[Source]:
    """Open a file, or the customers, accounts and transactions files of a folder in that order.

    In a folder, files are found by name (``customers.csv``, ``transactions.parquet``, ``accounts.csv.gz`` ...); others, such
    as labels, are left alone.

    :raises UnknownFormat: if a folder holds none of them, or two of one kind.
    """
    files = _files_of(path) if path.is_dir() else [path]
    return [
        open_source(
            file,
            rates=rates,
            base_currency=base_currency,
            format=format,
            # A mapping is for transactions; beside them in a folder lie files of the desk's own format.
            mapping=mapping if file == path or file.name.startswith(SourceKind.TRANSACTIONS) else None,
            zone=zone,
            chunk_rows=chunk_rows,
        )
        for file in files
    ]


def _files_of(folder: Path) -> list[Path]:
    found: list[Path] = []
    for kind in SourceKind:
        files = sorted(
            file
            for file in folder.iterdir()
            if file.is_file()
            and file.name.split(".")[0] == kind
            and not file.name.endswith(".rejects.csv")  # an import's own list, left beside what it lists
        )
        if len(files) > 1:
            names = " and ".join(file.name for file in files)
            raise UnknownFormat(f"{folder.name} holds {names}; keep one {kind} file.")
        found += files
    if not found:
        raise UnknownFormat(f"{folder.name} holds no customers, accounts or transactions file; name a file instead.")
    return found


def _reader(opened: Opened, scanned: Scanned, format: str) -> Reader:
    if format == PATTERNS and opened.type is FileType.CSV:
        return text_reader(Opened(opened.path, FileType.PATTERNS, opened.gzipped, opened.head))
    return CsvReader(opened, scanned.quotes) if opened.type is FileType.CSV else text_reader(opened)


def _plan(
    path: Path, reader: Reader, type: FileType, format: str, mapping: Mapping, zone: ZoneInfo | None
) -> tuple[SourceKind, Plan | None, dict[str, int]]:
    header = reader.header
    if type is FileType.PATTERNS or format == PATTERNS:
        return SourceKind.TRANSACTIONS, amlworld_plan(zone or ZoneInfo("UTC"), PATTERNS), {}
    if mapping:
        return SourceKind.TRANSACTIONS, mapped_plan(path, header, mapping, zone), {}
    if format != NATIVE and is_amlworld(header):
        return SourceKind.TRANSACTIONS, amlworld_plan(zone or ZoneInfo("UTC")), {}
    if format == AMLWORLD:
        raise UnknownFormat(f"{path.name} does not have AMLworld's columns. It has: {shown(header)}.")
    kind = _native_kind(path, header)
    if kind is SourceKind.CUSTOMERS:
        return kind, None, party_columns(path, header, CUSTOMER_FIELDS, "a customers file")
    if kind is SourceKind.ACCOUNTS:
        return kind, None, party_columns(path, header, ACCOUNT_FIELDS, "an accounts file")
    return kind, native_plan(path, header, zone), {}


def _native_kind(path: Path, header: Sequence[str]) -> SourceKind:
    """Choose the kind whose columns the header has most of; an id of its own or half of them is asked for."""
    names = {name.casefold() for name in header}
    fields = {
        SourceKind.TRANSACTIONS: TRANSACTION_FIELDS,
        SourceKind.ACCOUNTS: ACCOUNT_FIELDS,
        SourceKind.CUSTOMERS: CUSTOMER_FIELDS,
    }
    share = {kind: len(names.intersection(own)) / len(own) for kind, own in fields.items()}
    best = max(share, key=lambda kind: share[kind])
    if share[best] * len(fields[best]) < 3:
        raise UnknownFormat(
            f"The columns of {path.name} are none the desk knows. It has: {shown(header)}. "
            "For transactions, say which column is which with --map column=field, for example --map value=amount."
        )
    return best


def _maker(
    kind: SourceKind, plan: Plan | None, fields: dict[str, int], rates: RateTable, base: str
) -> tuple[Callable[[], _MakeBatch], tuple[int, ...], str]:
    if plan:
        return (lambda: TransactionValidator(plan, rates, base).batch), plan.wanted, plan.format
    names = list(fields)
    build = customer_batch if kind is SourceKind.CUSTOMERS else account_batch
    return (lambda: lambda index, records: build(index, records, names)), tuple(fields.values()), NATIVE
