"""CSV (RFC 4180, gzip allowed) in blocks of Arrow columns, every value as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from casedesk.domain.counts import counted
from casedesk.errors import Invalid
from casedesk.formats.file_types import EmptyFile, Opened
from casedesk.formats.headers import BadHeader, check_width, split_record
from casedesk.formats.records import Flags, Ints, Records
from casedesk.formats.rejects import RejectedRow, rejected

_BLOCK: Final = 4 << 20
_DELIMITERS: Final = (",", ";", "\t", "|")


class BadQuoting(Invalid):
    """A quote is opened and never closed."""


class CsvReader:
    """Read one CSV file.

    The header is the first line that is not blank; the delimiter is the one of comma, semicolon, tab and bar that splits
    it into most columns. ``quotes`` is how many quote characters the file holds: without any, a line is a record.

    :raises BadHeader: if the header cannot be read.
    :raises BadQuoting: if a quote is never closed; the whole file is read for that, but only when quotes are odd in number.
    """

    def __init__(self, opened: Opened, quotes: int) -> None:
        self._opened = opened
        self._quoted = quotes > 0
        self._header_end, self._header_row, record = _find_header(opened)
        self.delimiter = max(_DELIMITERS, key=lambda d: len(split_record(opened.path, record, d)))
        self._header = split_record(opened.path, record, self.delimiter)
        check_width(opened.path, len(self._header))
        if quotes % 2:
            self._refuse_open_quote()

    @property
    def header(self) -> list[str]:
        return self._header

    @property
    def first_number(self) -> int:
        return self._header_row + 1

    def blocks(self, wanted: Sequence[int]) -> Iterator[Records]:
        broken: list[RejectedRow] = []
        numbers = _Numbers(self.first_number)
        with self._opened.stream() as stream:
            for batch in self._parse(stream, list(wanted), broken, numbers):
                rows = numbers.next(batch.num_rows)
                columns = [batch.column(i) for i in range(batch.num_columns)]
                keep = ~_blank(columns, batch.num_rows)
                if not keep.all():
                    rows, columns = rows[keep], [column.filter(pa.array(keep)) for column in columns]
                fresh, broken[:] = tuple(broken), []
                yield Records(tuple(columns), rows, fresh, self._opened.position(stream))
            if broken:
                none = pa.array([], pa.string())
                yield Records(
                    tuple(none for _ in wanted), np.empty(0, np.int64), tuple(broken), self._opened.position(stream)
                )

    def _parse(
        self, stream: IO[bytes], wanted: list[int], broken: list[RejectedRow], numbers: _Numbers
    ) -> Iterator[Any]:
        stream.read(self._header_end)
        start = stream.read(1)
        if not start:
            return
        names = [f"c{i}" for i in range(len(self._header))]

        def skip(row: Any) -> str:
            number = row.number - 1 + self.first_number
            numbers.skip(number)
            reason = f"The row has {counted(row.actual_columns, 'column')} where the header has {row.expected_columns}."
            broken.append(rejected(number, "row", row.text, reason))
            return "skip"

        try:
            yield from pa.csv.open_csv(
                _Rest(start, stream),
                read_options=pa.csv.ReadOptions(use_threads=False, column_names=names, block_size=_BLOCK),
                parse_options=pa.csv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=self._quoted,
                    quote_char='"' if self._quoted else False,
                    ignore_empty_lines=False,
                    invalid_row_handler=skip,
                ),
                convert_options=pa.csv.ConvertOptions(
                    column_types={names[i]: pa.string() for i in wanted},
                    include_columns=[names[i] for i in wanted],
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            raise BadQuoting(
                f"{self._opened.path.name} cannot be split into rows: a quote is opened and not closed within "
                f"{_BLOCK >> 20} MB, or a row is longer than that ({error})."
            ) from None

    def _refuse_open_quote(self) -> None:
        # An open quote swallows every row below it into one value, so it must not pass as one bad row.
        with io.TextIOWrapper(self._opened.stream(), encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, delimiter=self.delimiter, strict=True)
            line = 1
            try:
                for _ in rows:
                    line = rows.line_num + 1
            except csv.Error as error:
                raise BadQuoting(
                    f"{self._opened.path.name} cannot be split into rows: the row that starts on line {line} has a quote "
                    f"that does not close as it should ({error}). Write a quote inside a value twice, or close it. "
                    "Nothing of the file was stored."
                ) from None


class _Numbers:
    """Row numbers of the rows that parsed: the count goes on over those that did not."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._skipped: list[int] = []

    def skip(self, number: int) -> None:
        self._skipped.append(number)

    def next(self, count: int) -> Ints:
        candidates = np.arange(self._next, self._next + count + len(self._skipped), dtype=np.int64)
        numbers = candidates[~np.isin(candidates, self._skipped)][:count] if self._skipped else candidates
        if count:
            self._next = int(numbers[-1]) + 1
            self._skipped = [number for number in self._skipped if number >= self._next]
        return numbers


class _Rest(io.RawIOBase):
    """The rest of a stream of which one byte was read ahead."""

    def __init__(self, start: bytes, stream: IO[bytes]) -> None:
        self._start, self._stream = start, stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        start, self._start = self._start, b""
        return start + self._stream.read(max(size - len(start), 0) if size >= 0 else -1)


def _blank(columns: Sequence[Any], rows: int) -> Flags:
    """Find rows without any value: blank lines, and the empty rows that spreadsheets append."""
    blank = np.ones(rows, dtype=np.bool_)
    for column in columns:
        blank &= pc.binary_length(column).to_numpy(zero_copy_only=False) == 0
        if not blank.any():
            break
    return blank


def _find_header(opened: Opened) -> tuple[int, int, str]:
    """Give the byte where the first data row starts, the row number of the header, and the header's text."""
    head = opened.head
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    row = 1
    while start < len(head):
        end, after = _record_end(head, start)
        if end < 0:
            raise BadHeader(f"The header row of {opened.path.name} does not end within {counted(len(head), 'byte')}.")
        record = head[start:end].decode("utf-8", errors="replace")
        if record.strip():
            return after, row, record
        start, row = after, row + 1
    raise EmptyFile(opened.path)


def _record_end(head: bytes, start: int) -> tuple[int, int]:
    """Find where a record ends and the next begins: the first line break outside quotes."""
    position = start
    while True:
        breaks = [at for at in (head.find(b"\n", position), head.find(b"\r", position)) if at >= 0]
        if not breaks:
            return (len(head), len(head)) if head.count(b'"', start) % 2 == 0 else (-1, -1)
        end = min(breaks)
        if head.count(b'"', start, end) % 2 == 0:
            return end, end + (2 if head[end : end + 2] == b"\r\n" else 1)
        position = end + 1
