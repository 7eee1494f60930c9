"""Rows that were not taken, and the file that tells why."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

#: Columns of the rejects file.
REJECT_COLUMNS: Final = ("row", "field", "value", "reason")

#: How much of a refused value is kept: enough to find it, too little to fill a disk.
VALUE_LENGTH: Final = 80

#: First characters that spreadsheets take for a formula (OWASP, "CSV injection").
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, order=True)
class RejectedRow:
    """One row that was not taken: the first field that broke a rule, in the order the rules are checked.

    ``row_number`` is what a person sees in an editor that shows records: the header of a CSV is row 1, and a quoted value
    with line breaks does not count twice. In JSON lines and patterns files it is the line; in Parquet the first row is 1.
    """

    row_number: int
    field: str
    value: str
    reason: str


def rejected(row_number: int, field: str, value: str, reason: str) -> RejectedRow:
    """Build a rejected row, its value cut to 80 characters and its control characters written out."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value[:VALUE_LENGTH])
    return RejectedRow(row_number, field, shown[:VALUE_LENGTH], reason)


def write_rejects(path: Path, rejects: Iterable[RejectedRow]) -> int:
    """Write rejected rows as RFC 4180 CSV and return how many there were.

    The file appears whole or not at all. A value that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            count = _write(out, rejects)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return count


def rejects_file(rejects: Iterable[RejectedRow]) -> bytes:
    """Write rejected rows as the file of :func:`write_rejects`, in memory."""
    out = io.StringIO(newline="")
    _write(out, rejects)
    return out.getvalue().encode("utf-8")


def _write(out: TextIO, rejects: Iterable[RejectedRow]) -> int:
    count = 0
    writer = csv.writer(out)
    writer.writerow(REJECT_COLUMNS)
    for row in rejects:
        writer.writerow((row.row_number, row.field, _neutral(row.value), _neutral(row.reason)))
        count += 1
    return count


def _neutral(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
