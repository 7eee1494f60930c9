"""Countries under a FATF call for action or increased monitoring, each with the days between which it was listed.

The list that comes with the desk is ``fatf.csv`` beside this file. It ends with the plenary of June 2026, and an operator
replaces it after each later one; each row names its source and how sure it is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from casedesk.domain.countries import COUNTRIES
from casedesk.errors import Invalid

COLUMNS: Final = ("tier", "country", "from", "to", "certainty", "source")


class Tier(StrEnum):
    """The two lists of a plenary, the graver first."""

    CALL_FOR_ACTION = "call_for_action"
    INCREASED_MONITORING = "increased_monitoring"


class BadJurisdictions(Invalid):
    """A list of jurisdictions cannot be read."""


@dataclass(frozen=True, slots=True)
class Window:
    """One stay of a country on a list: from ``since`` up to, not including, ``until`` (None: still listed)."""

    country: str  # ISO 3166-1 alpha-2
    since: date
    until: date | None

    def holds(self, country: str, on: date) -> bool:
        return country == self.country and self.since <= on and (self.until is None or on < self.until)

    def __str__(self) -> str:
        """Write the one form that is stored and hashed: “BF 2021-02-25/2025-10-24”, “MM 2022-10-21/..”."""
        return f"{self.country} {self.since.isoformat()}/{self.until.isoformat() if self.until else '..'}"

    @classmethod
    def read(cls, text: str) -> Window:
        """Read what :meth:`__str__` writes.

        :raises BadJurisdictions: if the text is no window, names no country, or ends before it begins.
        """
        country, _, days = text.partition(" ")
        since, _, until = days.partition("/")
        try:
            window = cls(country, _day(since), None if until == ".." else _day(until))
        except ValueError:
            raise BadJurisdictions(
                f"“{text}” is not of the form “MM 2022-10-21/..” or “BF 2021-02-25/2025-10-24”"
            ) from None
        if country not in COUNTRIES:
            raise BadJurisdictions(f"“{country}” in “{text}” is no ISO 3166-1 alpha-2 code")
        if window.until is not None and window.until <= window.since:
            raise BadJurisdictions(f"“{text}” ends before it begins")
        return window


@dataclass(frozen=True, slots=True)
class Jurisdictions:
    """A dated list under the name it goes by."""

    name: str
    windows: dict[Tier, frozenset[Window]]

    def tier(self, country: str, on: date) -> Tier | None:
        """Return the graver list a country stands on at a day; None if it stands on neither."""
        return next((tier for tier in Tier if any(w.holds(country, on) for w in self.windows[tier])), None)


def read_jurisdictions(path: Path, name: str = "") -> Jurisdictions:
    """Read a list from CSV with the columns tier, country, from, to, certainty and source; lines with # are remarks.

    :param name: what alerts call the list; without one, the file's name.
    :raises BadJurisdictions: if the file cannot be read, or a row is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadJurisdictions(
            f"The list “{path.name}” cannot be read as UTF-8 text; check the file ({error})."
        ) from None
    return _parsed(name or path.stem, text.splitlines())


def _parsed(name: str, lines: Iterable[str]) -> Jurisdictions:
    windows: dict[Tier, set[Window]] = {tier: set() for tier in Tier}
    reader = csv.DictReader(line for line in lines if line.strip() and not line.startswith("#"))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise BadJurisdictions(f"The list “{name}” has other columns than {','.join(COLUMNS)}; give it this header.")
    for number, row in enumerate(reader, 1):
        try:
            if row["tier"] not in set(Tier):
                raise BadJurisdictions(f"“{row['tier']}” is no tier; write {' or '.join(Tier)}")
            windows[Tier(row["tier"])].add(Window.read(f"{row['country']} {row['from']}/{row['to'] or '..'}"))
        except BadJurisdictions as error:
            raise BadJurisdictions(f"Row {number} of the list “{name}” is wrong: {error}.") from None
    if not any(windows.values()):
        raise BadJurisdictions(f"The list “{name}” names no country; a list without countries would hide every risk.")
    return Jurisdictions(name, {tier: frozenset(found) for tier, found in windows.items()})


def _day(text: str) -> date:
    if len(text) != 10:  # other ISO forms would give one day two texts, and two hashes
        raise ValueError(text)
    return date.fromisoformat(text)


@cache
def fatf() -> Jurisdictions:
    """Return the list that comes with the desk."""
    text = files("casedesk.domain").joinpath("fatf.csv").read_text(encoding="utf-8")
    return _parsed("FATF lists up to 19 June 2026", text.splitlines())


def high_risk(country: str, on: date) -> bool:
    """Say whether a country stands on one of the desk's FATF lists on a day."""
    return fatf().tier(country, on) is not None
