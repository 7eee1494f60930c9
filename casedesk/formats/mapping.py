"""How columns of somebody else's file become the desk's transaction fields."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from casedesk.errors import Invalid

#: Fields of a transaction in the desk's own format, in the order of its columns.
TRANSACTION_FIELDS: Final = (
    "transaction_id", "booked_at", "from_account", "to_account", "amount", "currency", "received_amount",
    "received_currency", "channel", "from_country", "to_country", "branch", "reference",
)  # fmt: skip

#: Fields without which no file is a transactions file. An id is derived where a mapped file has none.
REQUIRED_FIELDS: Final = ("transaction_id", "booked_at", "from_account", "to_account", "amount", "currency", "channel")


class BadMapping(Invalid):
    """A ``--map``, ``--set`` or ``--map-value`` option cannot be followed."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Where each transaction field comes from.

    ``columns`` is field to column name; ``constants`` is field to a value every row has; ``words`` is column name to
    translations (file's word, in any case, to the desk's). Columns that are not named are ignored. An amount with more
    decimals than its currency is rounded half to even, and counted, unless ``round_amounts`` is off.
    """

    columns: MappingType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    constants: MappingType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    words: MappingType[str, MappingType[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    round_amounts: bool = True

    def __bool__(self) -> bool:
        return bool(self.columns or self.constants or self.words)

    @classmethod
    def parse(
        cls,
        maps: Iterable[str] = (),
        sets: Iterable[str] = (),
        values: Iterable[str] = (),
        *,
        round_amounts: bool = True,
    ) -> Mapping:
        """Read options as they are typed: ``column=field``, ``field=value``, ``column:word=value``.

        :raises BadMapping: naming the option, what is wrong with it and how it is written.
        """
        columns: dict[str, str] = {}
        for option in maps:
            column, name = _two(option, "--map", "column=field")
            columns[_fresh(name, columns, "--map", option)] = column
        constants: dict[str, str] = {}
        for option in sets:
            name, value = _two(option, "--set", "field=value")
            constants[_fresh(name, {**columns, **constants}, "--set", option)] = value
        words: dict[str, dict[str, str]] = {}
        for option in values:
            left, value = _two(option, "--map-value", "column:word=value")
            column, colon, word = left.rpartition(":")
            if not colon or not column.strip():
                raise BadMapping(f"“--map-value {option}” is not understood; write --map-value column:word=value.")
            if column.strip() not in columns.values():
                raise BadMapping(f"“--map-value {option}” names the column “{column}”, which no --map option uses.")
            words.setdefault(column.strip(), {})[word.strip().casefold()] = value
        return cls(columns, constants, words, round_amounts)


def _two(option: str, flag: str, form: str) -> tuple[str, str]:
    left, equals, right = option.rpartition("=")
    if not equals or not left.strip() or not right.strip():
        raise BadMapping(f"“{flag} {option}” is not understood; write {flag} {form}.")
    return left.strip(), right.strip()


def _fresh(name: str, taken: MappingType[str, str], flag: str, option: str) -> str:
    if name not in TRANSACTION_FIELDS:
        raise BadMapping(
            f"“{flag} {option}” names the field “{name}”, which a transaction does not have; "
            f"choose one of {', '.join(TRANSACTION_FIELDS)}."
        )
    if name in taken:
        raise BadMapping(f"“{flag} {option}” gives the field “{name}” a second source; keep one.")
    return name
