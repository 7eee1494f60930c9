"""What a published layout says of its columns, and how a file of it is recognised and read."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from casedesk.domain.money import MINOR_DIGITS
from casedesk.formats.headers import MissingColumns, position_of
from casedesk.formats.mapping import BadMapping, Mapping
from casedesk.formats.plans import UTC, Joined, Known, Plan, country_code
from casedesk.formats.steps import BadStart, StepClock

_Columns: TypeAlias = MappingType[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may say about a file beside its format."""

    base_currency: str = "USD"
    zone: ZoneInfo | None = None
    start: str | None = None
    mapping: Mapping = field(default_factory=Mapping)


@dataclass(frozen=True, slots=True)
class Preset:
    """One published layout of transactions.

    ``columns`` maps a field to the columns it is made of, ``instead`` to columns that are used when a file has them.
    ``labels`` tell what the rules are to find out: they are read for evaluation only. ``step`` is the unit of a time that
    is counted in steps. A currency that the layout leaves out is the base currency, unless ``--set`` names another.
    """

    name: str
    columns: _Columns
    labels: tuple[str, ...]
    channel: Known
    channel_words: str
    id_prefix: str
    instead: _Columns = field(default_factory=dict)
    joined: MappingType[str, Joined] = field(default_factory=dict)
    currency: Known = lambda word: word if word in MINOR_DIGITS else None
    currency_words: str = ""
    country: Known = country_code
    country_words: str = ""
    step: str | None = None
    banked: bool = False
    received_at_rate: bool = False
    constants: MappingType[str, str] = field(default_factory=dict)

    def lacking(self, header: Sequence[str]) -> list[str]:
        """List the needed columns that a header has not."""
        names = {name.casefold() for name in header}
        return [column for column in self._needed(header) if column.casefold() not in names]

    def share(self, header: Sequence[str]) -> float:
        """Tell how much of the needed columns a header has, from 0 to 1."""
        return 1 - len(self.lacking(header)) / len(self._needed(header))

    def plan(self, path: Path, header: Sequence[str], options: Options) -> Plan:
        """Find the columns in a file's header.

        :raises MissingColumns: naming every needed column that is not there.
        :raises RepeatedColumn: if a needed column is there twice.
        :raises BadStart: if a start is given for a file with times of its own, or is no instant.
        :raises BadMapping: if an option gives a value to a field that the file has a column for.
        """
        found = {column: position_of(path, header, column) for column in self._needed(header)}
        missing = [column for column, at in found.items() if at is None]
        if missing:
            raise MissingColumns(path, self.name, missing, header, "Add them, or name others with --map column=field.")
        columns = self._columns(header)
        wanted = tuple(dict.fromkeys(at for at in found.values() if at is not None))
        place = {column: wanted.index(at) for column, at in found.items() if at is not None}
        return Plan(
            format=self.name,
            wanted=wanted,
            sources={name: tuple(place[column] for column in parts) for name, parts in columns.items()},
            currency=self.currency,
            channel=self.channel,
            country=self.country,
            constants=self._constants(columns, options),
            zone=options.zone or UTC,
            round_amounts=options.mapping.round_amounts,
            id_prefix=None if "transaction_id" in columns else self.id_prefix,
            channel_words=self.channel_words,
            currency_words=self.currency_words,
            country_words=self.country_words,
            joined=self.joined,
            clock=self._clock(path, columns, options),
            banked=self.banked,
            received_at_rate=self.received_at_rate,
            labels=label_positions(header, self.labels),
        )

    def _columns(self, header: Sequence[str]) -> dict[str, tuple[str, ...]]:
        names = {name.casefold() for name in header}
        there = {name: parts for name, parts in self.instead.items() if all(part.casefold() in names for part in parts)}
        return {**self.columns, **there}

    def _needed(self, header: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(column for parts in self._columns(header).values() for column in parts))

    def _constants(self, columns: _Columns, options: Options) -> dict[str, str]:
        given = options.mapping.constants
        taken = next((name for name in given if name in columns), None)
        if taken:
            raise BadMapping(
                f"“--set {taken}={given[taken]}” gives a value to a field that {self.name} has a column for."
            )
        ours = self.constants if "currency" in columns else {"currency": options.base_currency, **self.constants}
        return {**ours, **given}

    def _clock(self, path: Path, columns: _Columns, options: Options) -> StepClock | None:
        if self.step and columns["booked_at"] == self.columns["booked_at"]:
            return StepClock.of(options.start, self.step)
        refuse_start(path, options)
        return None


def refuse_start(path: Path, options: Options) -> None:
    """Refuse a start for a file that has no use for it.

    :raises BadStart: if one is given.
    """
    if options.start is not None:
        raise BadStart(
            f"“--start {options.start}” is for files whose times are steps; {path.name} has times of its own."
        )


def label_positions(header: Sequence[str], labels: Sequence[str]) -> dict[str, int]:
    """Find the label columns that a header has, under the names it gives them."""
    known = {label.casefold() for label in labels}
    return {name: at for at, name in enumerate(header) if name.casefold() in known}
