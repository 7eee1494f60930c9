"""Open a file or a folder for import: find out what it is, refuse it whole if it is wrong, read it in chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from casedesk.domain.money import MINOR_DIGITS, UnknownCurrency
from casedesk.domain.rates import RateTable
from casedesk.formats.batches import Batch
from casedesk.formats.choosing import FORMATS, Layout, MakeBatch, SourceKind, UnknownFormat, layouts_of
from casedesk.formats.csv_reader import CsvReader
from casedesk.formats.file_types import FileType, Opened, recognise
from casedesk.formats.identity import Counted, Ordinals
from casedesk.formats.mapping import Mapping
from casedesk.formats.other_readers import ParquetReader, text_reader
from casedesk.formats.plans import PATTERNS
from casedesk.formats.prescan import Scanned, scan
from casedesk.formats.preset_plans import Options
from casedesk.formats.records import Column, Reader, Records, chunked
from casedesk.formats.times import zone_named
from casedesk.formats.xml_messages import XmlReader
from casedesk.formats.xml_plans import MESSAGES

#: Rows of a chunk. Fifty thousand rows of thirteen columns take about 30 MB while they are checked.
CHUNK_ROWS: Final = 50_000


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
    _layout: Layout
    _begin: Callable[[Counted], MakeBatch]

    def batches(self, start_chunk: int = 0, counted: Counted | None = None) -> Iterator[Batch]:
        """Read, check and convert chunk by chunk: ``TransactionBatch``, ``CustomerBatch`` or ``AccountBatch`` by ``kind``.

        Chunks before ``start_chunk`` are read over, and checked only where ids are derived (identical rows are counted
        from the first row on). Their rejects are not told again: start at 0 to have all of them.

        :param counted: the identical rows of other files before this one, where they are parts of one set.
        :raises BadQuoting: if a row is longer than any row can be.
        """
        make = self._begin(Counted(Ordinals) if counted is None else counted)
        for index, records in self._chunks(self._layout.wanted):
            if index >= start_chunk:
                yield make(index, records)
            elif self._layout.counts_rows:
                make(index, records)

    @property
    def labels(self) -> tuple[str, ...]:
        """Name the label columns, which no batch has."""
        return tuple(self._layout.labels)

    def labelled(self) -> Iterator[tuple[Batch, dict[str, Column]]]:
        """Read the batches, each with its chunk's row numbers (under ``""``) and label columns. For evaluation only."""
        make, layout = self._begin(Counted(Ordinals)), self._layout
        width = len(layout.wanted)
        for index, records in self._chunks((*layout.wanted, *layout.labels.values())):
            if not records.columns:  # all of its rows were broken
                continue
            labels = dict(zip(layout.labels, records.columns[width:], strict=True))
            yield make(index, replace(records, columns=records.columns[:width])), {"": records.numbers, **labels}

    def _chunks(self, wanted: tuple[int, ...]) -> Iterator[tuple[int, Records]]:
        first = self._reader.first_number
        return chunked(self._reader.blocks(wanted), size=self.chunk_rows, first_number=first)


def open_source(
    path: Path,
    *,
    rates: RateTable,
    base_currency: str = "USD",
    format: str = "auto",
    mapping: Mapping | None = None,
    zone: str | None = None,
    start: str | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> Source:
    """Recognise one file by its bytes and its header, and check what can be checked before its rows.

    ``zone`` is the zone of times that name none (an IANA name); those of published data sets and of statements are UTC
    unless it says otherwise. ``start`` is the instant of step 0 (ISO 8601 with a zone) where times are steps.

    Of an accounts file that also names the holders, this is the accounts; :func:`open_sources` gives both.

    :raises NoSuchFile, EmptyFile, DamagedArchive, WrongFileType: if the file is not there or not readable.
    :raises NotUtf8: if a byte of a text file is not UTF-8; the sentence names line and offset.
    :raises TooManyColumns, RepeatedColumn, MissingColumns, UnknownFormat, BadHeader, BadQuoting: if the header is wrong.
    :raises UnsafeXml, BrokenXml, OtherXml: if XML is not a message the desk reads.
    :raises UnknownZone, UnknownCurrency, BadStart, BadMapping: if an option is.
    """
    return _sources_of(path, rates, base_currency, format, mapping, zone, start, chunk_rows)[-1]


def open_sources(
    path: Path,
    *,
    rates: RateTable,
    base_currency: str = "USD",
    format: str = "auto",
    mapping: Mapping | None = None,
    zone: str | None = None,
    start: str | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> list[Source]:
    """Open a file, or the customers, accounts and transactions files of a folder in that order.

    An accounts file of a data set that has no customers file is opened twice: for its holders, then for its accounts.

    In a folder, files are found by name (``customers.csv``, ``transactions.parquet``, ``accounts.csv.gz`` ...); others, such
    as labels, are left alone.

    :raises UnknownFormat: if a folder holds none of them, or two of one kind.
    """
    files = _files_of(path) if path.is_dir() else [path]
    opened: list[Source] = []
    for file in files:
        # A mapping and a start are for transactions; beside them in a folder lie files of accounts and customers.
        for_it = file == path or file.name.startswith(SourceKind.TRANSACTIONS)
        opened += _sources_of(
            file, rates, base_currency, format, mapping if for_it else None, zone, start if for_it else None, chunk_rows
        )
    return opened


def _sources_of(
    path: Path,
    rates: RateTable,
    base_currency: str,
    format: str,
    mapping: Mapping | None,
    zone: str | None,
    start: str | None,
    chunk_rows: int,
) -> list[Source]:
    if base_currency not in MINOR_DIGITS:
        raise UnknownCurrency(base_currency)
    if format not in FORMATS:
        raise UnknownFormat(f"“{format}” is not a format; choose one of {', '.join(FORMATS)}.")
    options = Options(base_currency, zone_named(zone) if zone else None, start, mapping or Mapping())
    opened = recognise(path)
    scanned = scan(opened)
    reader = _reader(opened, scanned, format)
    hint = reader.rows if isinstance(reader, ParquetReader | XmlReader) else scanned.newlines
    sources: list[Source] = []
    for layout in layouts_of(path, reader, opened, format, options):
        told = (scanned.sha256, layout.kind, layout.digest, rates.sha256, base_currency, chunk_rows)
        sources.append(
            Source(
                path=path,
                kind=layout.kind,
                format=layout.format,
                sha256=scanned.sha256,
                fingerprint=hashlib.sha256(repr(told).encode()).hexdigest(),
                total_bytes=scanned.total_bytes,
                total_rows_hint=hint,
                chunk_rows=chunk_rows,
                _reader=reader,
                _layout=layout,
                _begin=partial(layout.start, rates, base_currency),
            )
        )
    return sources


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
    if opened.type is FileType.XML:
        return XmlReader(opened, MESSAGES)
    return CsvReader(opened, scanned.quotes) if opened.type is FileType.CSV else text_reader(opened)
