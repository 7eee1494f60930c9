"""Header rows: how they are found, cleaned and refused."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from casedesk.errors import Invalid

#: More columns than this is a wrong file or an attack, not a bank's export.
MOST_COLUMNS: Final = 10_000

_SHOWN_COLUMNS: Final = 30


class TooManyColumns(Invalid):
    """The header is wider than any export."""

    def __init__(self, path: Path, count: int) -> None:
        super().__init__(f"{path.name} has {count} columns; the desk reads files of at most {MOST_COLUMNS}.")


class BadHeader(Invalid):
    """The header row cannot be read."""


class MissingColumns(Invalid):
    """Columns that the format needs are not in the header."""

    def __init__(self, path: Path, what: str, missing: Sequence[str], found: Sequence[str], fix: str) -> None:
        names = ", ".join(missing)
        plural = "s" if len(missing) > 1 else ""
        super().__init__(f"{path.name} lacks the column{plural} {names} of {what}. It has: {shown(found)}. {fix}")
        self.missing = tuple(missing)


class RepeatedColumn(Invalid):
    """Two columns bear the name of one that is needed."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(f"{path.name} has the column “{name}” more than once; rename or remove one of them.")


def shown(names: Sequence[str]) -> str:
    """List column names for a sentence, the first thirty at most."""
    listed = ", ".join(name[:64] for name in names[:_SHOWN_COLUMNS])
    return f"{listed} and {len(names) - _SHOWN_COLUMNS} more" if len(names) > _SHOWN_COLUMNS else listed


def check_width(path: Path, count: int) -> None:
    """Refuse a header of more than 10,000 columns.

    :raises TooManyColumns: if it is wider.
    """
    if count > MOST_COLUMNS:
        raise TooManyColumns(path, count)


def position_of(path: Path, header: Sequence[str], name: str) -> int | None:
    """Find a column by its exact name, or by its name in another case.

    :raises RepeatedColumn: if more than one column fits.
    """
    for fold in (str, str.casefold):
        counts = Counter(fold(column) for column in header)
        if counts[fold(name)] > 1:
            raise RepeatedColumn(path, name)
        if counts[fold(name)]:
            return [fold(column) for column in header].index(fold(name))
    return None


def split_record(path: Path, text: str, delimiter: str) -> list[str]:
    """Split one CSV record into trimmed values.

    :raises BadHeader: if it cannot be split.
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise BadHeader(f"The header row of {path.name} cannot be read: {error}.") from None
    return [value.strip() for value in rows[0]] if rows else []
