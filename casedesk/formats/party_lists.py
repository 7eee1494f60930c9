"""Lists of parties: a CSV with the columns kind, party and reason, or the files that OFAC publishes.

The desk's own form may also have ``ref``, the list's id of the party, under which several names stand for one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from casedesk.domain.listed import MOST, MOST_REASON, Listed, PartyKind, PartyList
from casedesk.errors import Invalid
from casedesk.formats.file_types import FileType, WrongFileType, recognise
from casedesk.formats.headers import MissingColumns
from casedesk.formats.prescan import scan

LIST_COLUMNS: Final = ("kind", "party", "reason")
#: The end-of-file mark of DOS, with which OFAC ends its files.
_DOS_END: Final = "\x1a"


class BadListRow(Invalid):
    """A row of a list breaks a rule."""

    def __init__(self, path: Path, row: int, field: str, why: str) -> None:
        super().__init__(f"Row {row:,} of {path.name}, {field}: {why} Nothing was read of the list.")


class EmptyList(Invalid):
    """The list names nobody."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.name} lists nobody; a score says how near money is to listed parties, so name some.")


def read_party_list(path: Path) -> PartyList:
    """Read a list, all or nothing. A party that is listed twice counts once, with its first reason.

    :raises MissingColumns: if a column is missing.
    :raises BadListRow: naming the row (the header is row 1), the field and what is wrong.
    :raises EmptyList: if there is no row.
    """
    content, rows = rows_of(path)
    header = [name.strip().casefold() for name in rows[0]]
    missing = [name for name in LIST_COLUMNS if name not in header]
    if missing:
        raise MissingColumns(path, "a list of parties", missing, rows[0], "Add them.")
    found: dict[tuple[PartyKind, str, str], Listed] = {}
    for number, values in enumerate(rows[1:], start=2):
        if any(value.strip() for value in values):
            if len(values) != len(header):
                raise BadListRow(
                    path,
                    number,
                    "row",
                    f"it has {len(values)} columns where the header has {len(header)}; quote values that hold commas.",
                )
            one = _listed(path, number, dict(zip(header, values, strict=True)))
            found.setdefault((one.kind, one.party, one.ref), one)
    if not found:
        raise EmptyList(path)
    return PartyList(tuple(found.values()), hashlib.sha256(content).hexdigest())


def rows_of(path: Path) -> tuple[bytes, list[list[str]]]:
    """Return a CSV's bytes and its rows.

    :raises NotUtf8: naming the line and the byte, if it is in another encoding.
    :raises BadListRow: if a row cannot be parted into values.
    """
    opened = recognise(path)
    if opened.type is not FileType.CSV:
        raise WrongFileType(path, f"it is {opened.type}, and lists are read from CSV")
    scan(opened)
    with opened.stream() as stream:
        content = stream.read()
    text = content.decode("utf-8-sig").rstrip(_DOS_END)
    return content, list(_parted(path, text))


def _parted(path: Path, text: str) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)  # else a quotation mark left open ends with the file
    number = 0
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            why = f"it cannot be parted into values ({error}); look for a quotation mark that is never closed."
            raise BadListRow(path, number, "row", why) from None
        yield row


def checked(path: Path, number: int, one: Listed, fields: Mapping[str, str]) -> Listed:
    """Refuse an entry whose texts are blank, too long, or hold signs that are no text.

    :param fields: what the file calls the attributes ``party`` and ``reason``.
    """
    for attribute, most, blank in (
        ("party", MOST[one.kind], "it is blank; name the id."),
        ("reason", MOST_REASON, "it is blank; say why."),
    ):
        value = getattr(one, attribute)
        if not value:
            raise BadListRow(path, number, fields[attribute], blank)
        if len(value) > most:
            raise BadListRow(
                path,
                number,
                fields[attribute],
                f"it has {len(value):,} characters, and {most} are the most; shorten it.",
            )
        if any(unicodedata.category(sign) == "Cc" for sign in value):
            raise BadListRow(path, number, fields[attribute], "it holds a control character; take it out.")
    return one


def _listed(path: Path, number: int, row: Mapping[str, str]) -> Listed:
    word, party, reason = (row[name].strip() for name in LIST_COLUMNS)
    try:
        kind = PartyKind(word.casefold())
    except ValueError:
        raise BadListRow(path, number, "kind", f"“{word}” is none of {_words(list(PartyKind))}.") from None
    ref = row.get("ref", "").strip() or (party[:80] if kind is PartyKind.NAME else "")
    if len(ref) > MOST[PartyKind.CUSTOMER]:
        raise BadListRow(path, number, "ref", f"it has {len(ref):,} characters, and 80 are the most; shorten it.")
    return checked(path, number, Listed(kind, party, reason, ref), {"party": "party", "reason": "reason"})


def _words(kinds: Sequence[str]) -> str:
    return f"{', '.join(kinds[:-1])} and {kinds[-1]}"
