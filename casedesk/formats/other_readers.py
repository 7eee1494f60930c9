"""JSON lines, Parquet, and AMLworld's patterns file, in the same blocks of columns that CSV gives."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from casedesk.domain.counts import counted
from casedesk.errors import Invalid
from casedesk.formats.file_types import FileType, Opened, WrongFileType
from casedesk.formats.headers import check_width
from casedesk.formats.records import Records
from casedesk.formats.rejects import RejectedRow, rejected

_BLOCK_ROWS: Final = 20_000
_BEGIN: Final = "BEGIN LAUNDERING ATTEMPT"
_END: Final = "END LAUNDERING ATTEMPT"


class NestedColumn(Invalid):
    """A column holds lists or records instead of plain values."""

    def __init__(self, path: Path, name: str, kind: object) -> None:
        super().__init__(f"The column “{name}” of {path.name} holds {kind} values; the desk reads plain values only.")


class JsonLinesReader:
    """Read one JSON object a line; the header is the union of the keys of the first 20,000 lines.

    Numbers keep the digits they are written with. A line that is not an object is a broken row, not a broken file.
    """

    first_number = 1

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._bytes = 0
        keys: dict[str, None] = {}
        for _, parsed in islice(self._lines(), _BLOCK_ROWS):
            if isinstance(parsed, dict):
                keys.update(dict.fromkeys(parsed))
                check_width(opened.path, len(keys))
        self._keys = list(keys)
        self.header = [key.strip() for key in keys]

    def blocks(self, wanted: Sequence[int]) -> Iterator[Records]:
        keys = [self._keys[i] for i in wanted]
        lines = self._lines()
        while block := list(islice(lines, _BLOCK_ROWS)):
            values: list[list[str]] = [[] for _ in keys]
            numbers: list[int] = []
            broken: list[RejectedRow] = []
            for number, parsed in block:
                row = parsed if isinstance(parsed, RejectedRow) else plain_row(number, parsed, keys)
                if isinstance(row, RejectedRow):
                    broken.append(row)
                    continue
                numbers.append(number)
                for column, value in zip(values, row, strict=True):
                    column.append(value)
            columns = tuple(pa.array(column, pa.string()) for column in values)
            yield Records(columns, np.array(numbers, dtype=np.int64), tuple(broken), self._bytes)

    def _lines(self) -> Iterator[tuple[int, dict[str, Any] | RejectedRow]]:
        with self._opened.stream() as stream:
            for number, line in enumerate(stream, start=1):
                self._bytes = self._opened.position(stream)
                text = line.decode("utf-8").removeprefix("\ufeff").strip()
                if text:
                    yield number, _object(number, text)


def _object(number: int, text: str) -> dict[str, Any] | RejectedRow:
    try:
        parsed = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        return rejected(number, "row", text, f"The line is not JSON: {error}.")
    if not isinstance(parsed, dict):
        return rejected(number, "row", text, "The line is not a JSON object; write {“field”: value, ...}.")
    return parsed


def plain_row(number: int, parsed: dict[str, Any], keys: Sequence[str]) -> list[str] | RejectedRow:
    """Return an object's values under these keys as text, empty where it has none; or why it cannot be a row."""
    values = []
    for key in keys:
        value = parsed.get(key)
        if isinstance(value, dict | list):
            return rejected(number, key, json.dumps(value), "The value is a list or an object; write plain values.")
        text = "" if value is None else str(value)
        if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
            return rejected(number, key, text.encode("ascii", "backslashreplace").decode(), "The text is not Unicode.")
        values.append(text)
    return values


class ParquetReader:
    """Read Parquet; numbers become text, times stay times.

    :raises WrongFileType: if the footer cannot be read.
    """

    first_number = 1

    def __init__(self, opened: Opened) -> None:
        self._path = opened.path
        try:
            with pq.ParquetFile(opened.path) as file:
                self._names: list[str] = list(file.schema_arrow.names)
                self.rows: int = file.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            raise WrongFileType(opened.path, f"it starts as Parquet, but cannot be read ({error})") from None
        check_width(opened.path, len(self._names))
        self.header = [name.strip() for name in self._names]

    def blocks(self, wanted: Sequence[int]) -> Iterator[Records]:
        first = self.first_number
        with pq.ParquetFile(self._path) as file:
            names = [self._names[i] for i in wanted]
            for batch in file.iter_batches(
                batch_size=_BLOCK_ROWS, columns=list(dict.fromkeys(names)), use_threads=False
            ):
                columns = tuple(self._text(name, batch.column(name)) for name in names)
                numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
                first += batch.num_rows
                yield Records(columns, numbers, (), self._path.stat().st_size * (first - 1) // max(self.rows, 1))

    def _text(self, name: str, column: Any) -> Any:
        if pa.types.is_timestamp(column.type):
            return column
        if pa.types.is_nested(column.type):
            raise NestedColumn(self._path, name, column.type)
        try:
            return column.cast(pa.string()).fill_null("")
        except pa.ArrowException:
            raise NestedColumn(self._path, name, column.type) from None


class PatternsReader:
    """Read AMLworld's list of laundering attempts: rows without a header between BEGIN and END lines.

    The lines that name the attempt are labels: the last two columns have its number and typology, and only an evaluation
    asks for them. Row numbers are the file's line numbers.
    """

    first_number = 1
    header: Final = (
        "Timestamp", "From Bank", "Account", "To Bank", "Account", "Amount Received", "Receiving Currency",
        "Amount Paid", "Payment Currency", "Payment Format", "Is Laundering", "Attempt", "Typology",
    )  # fmt: skip
    _printed: Final = len(header) - 2

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def blocks(self, wanted: Sequence[int]) -> Iterator[Records]:
        with self._opened.stream() as stream:
            lines = enumerate(stream, start=1)
            attempt, typology = 0, ""
            while block := list(islice(lines, _BLOCK_ROWS)):
                rows: list[list[str]] = []
                numbers: list[int] = []
                broken: list[RejectedRow] = []
                for number, line in block:
                    text = line.decode("utf-8").removeprefix("\ufeff").strip()
                    if text.startswith(_BEGIN):
                        attempt, typology = attempt + 1, text.removeprefix(_BEGIN).partition(":")[0].strip(" -")
                    if not text or text.startswith((_BEGIN, _END)):
                        continue
                    values = _split(text)
                    if len(values) not in (self._printed, self._printed - 1):
                        reason = (
                            f"The line has {counted(len(values), 'value')} where an AMLworld row has {self._printed}."
                        )
                        broken.append(rejected(number, "row", text, reason))
                        continue
                    label = values[self._printed - 1] if len(values) == self._printed else ""
                    rows.append([*values[: self._printed - 1], label, str(attempt), typology])
                    numbers.append(number)
                columns = tuple(pa.array([row[i] for row in rows], pa.string()) for i in wanted)
                yield Records(columns, np.array(numbers, dtype=np.int64), tuple(broken), self._opened.position(stream))


def _split(text: str) -> list[str]:
    try:
        return next(csv.reader([text]))
    except csv.Error:
        return [text]


def text_reader(opened: Opened) -> JsonLinesReader | ParquetReader | PatternsReader:
    """Open a file that is not CSV with the reader of its type."""
    if opened.type is FileType.PARQUET:
        return ParquetReader(opened)
    return JsonLinesReader(opened) if opened.type is FileType.JSON_LINES else PatternsReader(opened)
