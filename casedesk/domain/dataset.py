"""A whole desk as tables of cells: what each column may hold, and the one text form of every value."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeAlias

from casedesk.domain.moments import canonical, parse

Value: TypeAlias = str | int | bool | date | datetime | bytes | None


class Kind(StrEnum):
    """What a column holds, in words that a refusal can use."""

    TEXT = "text"
    INTEGER = "a whole number"
    FLAG = "true or false"
    DAY = "a day such as 2026-07-01"
    MOMENT = "a time such as 2026-07-01T09:30:00.000000Z"
    BYTES = "bytes as Base64"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. An empty cell of an optional column means that there is no value.

    ``refers`` names the table whose key the value must be; ``allowed`` lists the values of a closed list.
    """

    name: str
    kind: Kind
    optional: bool = False
    longest: int = 0  # characters; 0 for no limit
    allowed: tuple[str, ...] = ()
    least: int | None = None
    refers: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """One table: its columns in order, and which of them make the key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")


def to_cell(value: Value) -> str:
    """Write a value in its one text form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return canonical(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return str(value)


def from_cell(column: Column, cell: str) -> Value:
    """Read a value back.

    :raises ValueError: saying what was expected, if the cell is not in the one form or not allowed there.
    """
    if cell == "" and column.optional:
        return None
    value = _read(column, cell)
    if column.allowed and value not in column.allowed:
        raise ValueError(" or ".join(f"“{word}”" for word in column.allowed))
    if column.longest and isinstance(value, str) and len(value) > column.longest:
        raise ValueError(f"at most {column.longest} characters")
    if column.least is not None and isinstance(value, int) and value < column.least:
        raise ValueError(f"{column.least} or more")
    return value


def _read(column: Column, cell: str) -> Value:
    try:
        if column.kind is Kind.TEXT:
            return cell
        if column.kind is Kind.INTEGER:
            if not _INTEGER.fullmatch(cell) or not -(2**63) <= int(cell) < 2**63:
                raise ValueError
            return int(cell)
        if column.kind is Kind.FLAG:
            return {"true": True, "false": False}[cell]
        if column.kind is Kind.DAY:
            if len(cell) != 10:
                raise ValueError
            return date.fromisoformat(cell)
        if column.kind is Kind.BYTES:
            return _bytes(cell)
        return parse(cell)
    except (ValueError, KeyError):
        raise ValueError(column.kind.value) from None


def _bytes(cell: str) -> bytes:
    """Read Base64 in its one form: what its last digit leaves over is zero."""
    found = base64.b64decode(cell, validate=True)
    if to_cell(found) != cell:
        raise ValueError
    return found
