"""A desk's tables as CSV: one file a table, in the same CSV as the audit file, each row with a check of its own.

RFC 4180, UTF-8, CRLF; spreadsheet formulas neutralised and restored as in :mod:`casedesk.exports.audit_csv`. The check
in the last column is the beginning of the SHA-256 over the row's cells: it does not protect, it tells which row differs.
What protects is the SHA-256 of the whole file, which the ledger records.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from casedesk.domain.counts import counted
from casedesk.domain.dataset import Shape, Value, from_cell, to_cell
from casedesk.errors import Invalid
from casedesk.exports.audit_csv import neutralise, restore

CHECK: Final = "row_check"
_CHECK_DIGITS: Final = 16
#: A batch of a thousand reports stands in one cell.
_LONGEST_CELL: Final = 128 * 1024 * 1024


class AlteredFile(Invalid):
    """A file is not what was exported. ``row`` counts the header as row 1; 0 and an empty column mean the whole file."""

    def __init__(self, file: str, row: int, column: str, expected: str, got: str) -> None:
        self.file, self.row, self.column, self.expected, self.got = file, row, column, expected, got
        place = "".join((f", row {row}" if row else "", f", column {column}" if column else ""))
        super().__init__(f"{file}{place}: expected {_cut(expected)}, got “{_cut(got)}”.")


def _cut(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written."""

    rows: int
    sha256: str


def write(shape: Shape, rows: Iterable[Sequence[Value]], out: BinaryIO) -> Written:
    """Write a table; one row at a time is in memory."""
    digest = hashlib.sha256()
    count = 0
    for cells in _lines(shape, rows):
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\r\n").writerow([neutralise(cell) for cell in cells])
        raw = line.getvalue().encode("utf-8")
        digest.update(raw)
        out.write(raw)
        count += 1
    return Written(count - 1, digest.hexdigest())


def _lines(shape: Shape, rows: Iterable[Sequence[Value]]) -> Iterator[list[str]]:
    yield [*(column.name for column in shape.columns), CHECK]
    for row in rows:
        cells = [to_cell(value) for value in row]
        yield [*cells, row_check(cells)]


def row_check(cells: Sequence[str]) -> str:
    """Return the check of a row: the beginning of SHA-256 over its length-prefixed cells, in hex."""
    parts = "".join(f"{len(cell)}:{cell}," for cell in cells)
    return hashlib.sha256(parts.encode("utf-8")).hexdigest()[:_CHECK_DIGITS]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read. ``rows[i]`` stood in row ``i + 2`` of the file; ``doubtful`` is the first bad row check."""

    shape: Shape
    rows: list[tuple[Value, ...]]
    sha256: str
    doubtful: AlteredFile | None

    def column(self, name: str) -> list[Value]:
        """Return one column's values."""
        at = [column.name for column in self.shape.columns].index(name)
        return [row[at] for row in self.rows]

    def records(self) -> Iterator[tuple[int, dict[str, Value]]]:
        """Yield each row with its number in the file."""
        names = [column.name for column in self.shape.columns]
        for number, row in enumerate(self.rows, start=2):
            yield number, dict(zip(names, row, strict=True))


def read(shape: Shape, file: str, content: bytes) -> Table:
    """Read a table back. A row whose check is wrong is kept aside, so that a plainer fault can be named before it.

    :raises AlteredFile: naming row and column of the first cell that cannot be one of ours.
    """
    lines = _cells(file, content)
    header = [*(column.name for column in shape.columns), CHECK]
    got = next(lines, [])
    if got != header:
        wrong = next(
            (i for i, (a, b) in enumerate(zip(header, got, strict=False)) if a != b), min(len(header), len(got))
        )
        raise AlteredFile(file, 1, "", f"the columns {', '.join(header)}", ", ".join(got[wrong:]) or "fewer")
    rows: list[tuple[Value, ...]] = []
    doubtful: AlteredFile | None = None
    for number, raw in enumerate(lines, start=2):
        if len(raw) != len(header):
            raise AlteredFile(file, number, "", counted(len(header), "cell"), counted(len(raw), "cell"))
        *cells, check = [restore(cell) for cell in raw]
        rows.append(_row(shape, file, number, cells))
        if doubtful is None and check != row_check(cells):
            doubtful = AlteredFile(file, number, CHECK, f"{row_check(cells)}, as the row's cells give", check)
    return Table(shape, rows, hashlib.sha256(content).hexdigest(), doubtful)


def _row(shape: Shape, file: str, number: int, cells: Sequence[str]) -> tuple[Value, ...]:
    values: list[Value] = []
    for column, cell in zip(shape.columns, cells, strict=True):
        try:
            values.append(from_cell(column, cell))
        except ValueError as expected:
            raise AlteredFile(file, number, column.name, str(expected), cell) from None
    return tuple(values)


def _cells(file: str, content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise AlteredFile(file, row, "", "UTF-8", f"the byte 0x{content[error.start]:02X}") from None
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise AlteredFile(file, reader.line_num, "", "well-formed CSV", str(error)) from None
