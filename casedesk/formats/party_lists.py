"""Lists of parties from a CSV with the columns kind, party and reason."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from casedesk.domain.listed import Listed, PartyKind, PartyList
from casedesk.errors import Invalid
from casedesk.formats.file_types import FileType, WrongFileType, recognise
from casedesk.formats.headers import MissingColumns
from casedesk.formats.prescan import scan

LIST_COLUMNS: Final = ("kind", "party", "reason")


class BadListRow(Invalid):
    """A row of a list breaks a rule."""

    def __init__(self, path: Path, row: int, field: str, why: str) -> None:
        super().__init__(f"Row {row} of {path.name}, {field}: {why} Nothing was read of the list.")


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
    opened = recognise(path)
    if opened.type is not FileType.CSV:
        raise WrongFileType(path, f"it is {opened.type}, and lists are read from CSV")
    scan(opened)
    with opened.stream() as stream:
        content = stream.read()
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    header = [name.strip().casefold() for name in rows[0]]
    missing = [name for name in LIST_COLUMNS if name not in header]
    if missing:
        raise MissingColumns(path, "a list of parties", missing, rows[0], "Add them.")
    found: dict[tuple[PartyKind, str], Listed] = {}
    for number, values in enumerate(rows[1:], start=2):
        if any(value.strip() for value in values):
            if len(values) != len(header):
                raise BadListRow(
                    path, number, "row", f"it has {len(values)} columns where the header has {len(header)}."
                )
            one = _listed(path, number, dict(zip(header, values, strict=True)))
            found.setdefault((one.kind, one.party), one)
    if not found:
        raise EmptyList(path)
    return PartyList(tuple(found.values()), hashlib.sha256(content).hexdigest())


def _listed(path: Path, number: int, row: Mapping[str, str]) -> Listed:
    word, party, reason = (row[name].strip() for name in LIST_COLUMNS)
    try:
        kind = PartyKind(word.casefold())
    except ValueError:
        raise BadListRow(path, number, "kind", f"“{word}” is neither {' nor '.join(PartyKind)}.") from None
    for field, value in (("party", party), ("reason", reason)):
        if not value:
            raise BadListRow(
                path, number, field, "it is blank; name the id." if field == "party" else "it is blank; say why."
            )
    return Listed(kind, party, reason)
