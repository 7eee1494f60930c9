"""Events as CSV: every column and the canonical body, readable by a spreadsheet, verifiable to the last byte.

RFC 4180, UTF-8, CRLF. A cell that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV
Injection); reading takes exactly that apostrophe off again, so nothing that is hashed ever changes.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from casedesk.domain.counts import counted
from casedesk.domain.ledger import Recorded, committed
from casedesk.errors import Invalid

COLUMNS: Final = (
    "event_id", "case_id", "case_seq", "ts", "user", "action", "notes", "meta", "prev_hash", "event_hash", "nonce",
    "format", "salt", "body",
)  # fmt: skip
#: The columns of a file that a desk before wrote, when no text could be removed.
_BEFORE: Final = tuple(name for name in COLUMNS if name != "salt")

#: What a spreadsheet may run: the ASCII signs, white space it skips, and the full-width signs of East Asian locales.
_SIGNS: Final = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_FORMULA: Final = re.compile("'*" + _SIGNS)
_NEUTRALISED: Final = re.compile("'+" + _SIGNS)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


class NotAnAuditFile(Invalid):
    """The bytes are no audit CSV of a format this desk knows, so nothing can be said about them."""


class BrokenRow(Invalid):
    """A row of an audit CSV has been damaged. ``row`` is the row in the file, the header being row 1."""

    def __init__(self, row: int, column: str, expected: str, got: str) -> None:
        self.row, self.column, self.expected, self.got = row, column, expected, got
        super().__init__(f"Row {row}, column {column}: expected {expected}, got “{got[:80]}”.")


def neutralise(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return "'" + text if _FORMULA.match(text) else text


def restore(text: str) -> str:
    """Take the apostrophe of :func:`neutralise` off again."""
    return text[1:] if _NEUTRALISED.match(text) else text


def write(events: Iterable[Recorded]) -> bytes:
    """Write events as an audit CSV."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for event in events:
        cells = [str(getattr(event, name)) for name in COLUMNS[:-1]] + [event.body.decode("utf-8")]
        writer.writerow([neutralise(cell) for cell in cells])
    return out.getvalue().encode("utf-8")


@dataclass(frozen=True, slots=True)
class Row:
    """An event and the row it stood in."""

    number: int
    event: Recorded


def read(content: bytes) -> Iterator[Row]:
    """Read an audit CSV, row by row.

    A byte-order mark, which spreadsheets add, and other line ends (LF, CRLF) are accepted; nothing else may differ.

    :raises NotAnAuditFile: if the bytes are not UTF-8, not CSV, or the columns are not the ones of an audit CSV.
    :raises BrokenRow: at the first row that cannot be one of ours.
    """
    rows = _rows(content)
    header = next(rows, None)
    if header is None:
        raise NotAnAuditFile("The file is empty.")
    if tuple(header) == _BEFORE:
        yield from (Row(number, _event(number, cells, _BEFORE)) for number, cells in enumerate(rows, start=2))
        return
    if tuple(header) != COLUMNS:
        missing = [name for name in COLUMNS if name not in header]
        what = (
            f"it lacks the column {', '.join(missing)}" if missing else "its columns are in another order or too many"
        )
        raise NotAnAuditFile(f"This is not an audit CSV of this desk: {what}. Its columns are: {', '.join(COLUMNS)}.")
    for number, cells in enumerate(rows, start=2):
        yield Row(number, _event(number, cells))


def _rows(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotAnAuditFile(
            f"The file is not UTF-8: byte {error.start} in line {line} is not a character. Export it again."
        ) from None
    # The limit guards against a quote that was damaged and now swallows the rest of the file.
    csv.field_size_limit(max(csv.field_size_limit(), 16 * 1024 * 1024))
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise NotAnAuditFile(f"The file is not well-formed CSV: {error}.") from None


def _event(number: int, cells: list[str], columns: tuple[str, ...] = COLUMNS) -> Recorded:
    if len(cells) != len(columns):
        raise BrokenRow(number, "all", counted(len(columns), "column"), counted(len(cells), "column"))
    values = {"salt": ""} | {name: restore(cell) for name, cell in zip(columns, cells, strict=True)}
    for name in ("event_id", "case_seq"):
        if not _NUMBER.fullmatch(values[name]):
            raise BrokenRow(number, name, "a whole number", values[name])
    for name, cell in zip(columns, cells, strict=True):
        if neutralise(values[name]) != cell:
            raise BrokenRow(number, name, neutralise(values[name]), cell)
    return Recorded(
        event_id=int(values["event_id"]),
        case_id=values["case_id"],
        case_seq=int(values["case_seq"]),
        ts=values["ts"],
        user=values["user"],
        action=values["action"],
        notes=_line_ends(values["notes"], values["salt"], values["body"]),
        meta=values["meta"],
        prev_hash=values["prev_hash"],
        event_hash=values["event_hash"],
        nonce=values["nonce"],
        format=values["format"],
        salt=values["salt"],
        body=values["body"].encode("utf-8"),
    )


def _line_ends(notes: str, salt: str, body: str) -> str:
    """Give a note the line ends that were hashed: saving a file again may turn every LF into CRLF, or back."""
    if "\n" not in notes:
        return notes
    try:
        hashed = json.loads(body)["notes"]
        if salt:
            bare = notes.replace("\r\n", "\n")
            variants = (notes, bare, bare.replace("\n", "\r\n"))
            return next((one for one in variants if committed(salt, one) == hashed), notes)
    except (ValueError, KeyError, TypeError):
        return notes  # the verifier will say what is wrong with the body
    if isinstance(hashed, str) and hashed.replace("\r\n", "\n") == notes.replace("\r\n", "\n"):
        return hashed
    return notes
