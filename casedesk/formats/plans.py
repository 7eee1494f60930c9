"""A plan says, for one file, which columns make which field, and how its words are read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from casedesk.domain.countries import COUNTRIES, country_named
from casedesk.domain.money import MINOR_DIGITS
from casedesk.domain.transactions import Channel
from casedesk.formats.headers import MissingColumns, position_of
from casedesk.formats.mapping import REQUIRED_FIELDS, TRANSACTION_FIELDS, Mapping
from casedesk.formats.presets import AMLWORLD_CHANNELS, AMLWORLD_CURRENCIES, channel_named, same_spelling
from casedesk.formats.records import Column, Records
from casedesk.formats.steps import StepClock

Known: TypeAlias = Callable[[str], str | None]
#: Makes one column of strings of several.
Joined: TypeAlias = Callable[..., Column]

NATIVE: Final = "native"
AMLWORLD: Final = "amlworld"
PATTERNS: Final = "amlworld-patterns"
MAPPED: Final = "mapped"

#: The zone of times that name none, where a format is known to have no other.
UTC: Final = ZoneInfo("UTC")

_AMLWORLD_HEADER: Final = (
    "timestamp", "from bank", "account", "to bank", "account", "amount received", "receiving currency", "amount paid",
    "payment currency", "payment format",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of one file become transactions.

    ``sources`` maps a field to positions among ``wanted``; several are made one column by ``joined``, or else are a bank and
    an account, joined by a slash. The source ``identity`` is no field: it tells rows apart whose fields are equal.
    ``id_prefix`` is set where ids are derived, ``clock`` where times are steps, ``banked`` where the part of an account id
    before its slash is its bank, ``received_at_rate`` where a received currency comes without its amount, which is then
    the amount paid at the rate of the day. ``labels`` maps a label to its position in the header: no field reads one.
    """

    format: str
    wanted: tuple[int, ...]
    sources: MappingType[str, tuple[int, ...]]
    currency: Known
    channel: Known
    country: Known
    constants: MappingType[str, str] = field(default_factory=dict)
    words: MappingType[str, MappingType[str, str]] = field(default_factory=dict)
    zone: ZoneInfo | None = None
    round_amounts: bool = False
    id_prefix: str | None = None
    channel_words: str = "write one of " + ", ".join(Channel)
    currency_words: str = ""
    country_words: str = ""
    joined: MappingType[str, Joined] = field(default_factory=dict)
    clock: StepClock | None = None
    banked: bool = False
    received_at_rate: bool = False
    labels: MappingType[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Name the plan, so that an import is only resumed under the one it began with."""
        words = {name: dict(known) for name, known in self.words.items()}
        parts = (self.format, self.wanted, dict(self.sources), dict(self.constants), words, self.round_amounts)
        told = (*parts, self.zone and self.zone.key, self.id_prefix)
        return hashlib.sha256(repr((*told, self.clock) if self.clock else told).encode()).hexdigest()

    def column(self, records: Records, name: str) -> Column:
        """Build the column of a field: strings, or timestamps where the file has them; empty where it has none."""
        rows = len(records.numbers)
        positions = self.sources.get(name, ())
        if not positions or not records.columns:
            return pa.repeat(pa.scalar(self.constants.get(name, ""), pa.string()), rows)
        parts = [records.columns[i] for i in positions]
        if name != "booked_at":
            parts = [_texts(part) for part in parts]
        if name in self.joined:
            return self.joined[name](*parts)
        if len(parts) == 2:
            return account_key(parts[0], parts[1])
        return self._translated(name, parts[0])

    def _translated(self, name: str, column: Column) -> Column:
        words = self.words.get(name)
        if not words or not pa.types.is_string(column.type):
            return column
        encoded = column.dictionary_encode()
        texts = [words.get(word.strip().casefold(), word) for word in encoded.dictionary.to_pylist()]
        return pa.array(texts, pa.string()).take(encoded.indices)


def _texts(column: Column) -> Column:
    texts = column if pa.types.is_string(column.type) else column.cast(pa.string())
    return texts.fill_null("") if texts.null_count else texts


def account_key(bank: Any, account: Any) -> Column:
    """Join bank and account as they are printed: ids collide across banks, and leading zeros count. No account, no key."""
    bank, account = pc.utf8_trim_whitespace(bank), pc.utf8_trim_whitespace(account)
    joined = pc.binary_join_element_wise(bank, account, "/")
    return pc.if_else(pc.equal(pc.binary_length(account), 0), "", joined)


def native_plan(path: Path, header: Sequence[str], zone: ZoneInfo | None) -> Plan:
    """Read the desk's own columns; any others are left alone.

    :raises MissingColumns: naming every required column that is not there.
    :raises RepeatedColumn: if a needed column is there twice.
    """
    found = {name: at for name in TRANSACTION_FIELDS if (at := position_of(path, header, name)) is not None}
    missing = [name for name in REQUIRED_FIELDS if name not in found]
    if missing:
        raise MissingColumns(
            path, "a transactions file", missing, header, "Add them, or name others with --map column=field."
        )
    return Plan(
        format=NATIVE,
        wanted=tuple(found.values()),
        sources={name: (i,) for i, name in enumerate(found)},
        currency=lambda word: word if word in MINOR_DIGITS else None,
        channel=lambda word: word if word in Channel.__members__ else None,
        country=country_code,
        zone=zone,
    )


def mapped_plan(path: Path, header: Sequence[str], mapping: Mapping, zone: ZoneInfo | None) -> Plan:
    """Follow a mapping; the desk's usual words for channels and countries are understood beside its codes.

    :raises MissingColumns: if a named column is not in the file, or no source is given for a field every transaction needs.
    :raises RepeatedColumn: if a named column is there twice.
    """
    found: dict[str, int] = {}
    for name, column in mapping.columns.items():
        at = position_of(path, header, column)
        if at is None:
            raise MissingColumns(path, "the --map options", [column], header, f"Correct “--map {column}={name}”.")
        found[name] = at
    sides = {"from_account", "to_account"}
    needed = [name for name in REQUIRED_FIELDS if name != "transaction_id" and name not in sides]
    missing = [name for name in needed if name not in found and name not in mapping.constants]
    if not sides & (found.keys() | mapping.constants.keys()):
        missing += ["from_account", "to_account"]
    if missing:
        fix = "Name their columns with --map column=field, or give all rows one value with --set field=value."
        raise MissingColumns(path, "a mapped transactions file (no source was given)", missing, header, fix)
    return Plan(
        format=MAPPED,
        wanted=tuple(dict.fromkeys(found.values())),
        sources={name: (tuple(dict.fromkeys(found.values())).index(at),) for name, at in found.items()},
        currency=lambda word: word if word in MINOR_DIGITS else None,
        channel=channel_named,
        country=lambda word: "" if not word else country_named(word),
        constants=mapping.constants,
        words={name: mapping.words[column] for name, column in mapping.columns.items() if column in mapping.words},
        zone=zone,
        round_amounts=mapping.round_amounts,
        id_prefix=None if "transaction_id" in found else "TX",
        channel_words=f"translate it with --map-value column:word=CHANNEL, one of {', '.join(Channel)}",
    )


def is_amlworld(header: Sequence[str]) -> bool:
    """Tell AMLworld's header, ``Is Laundering`` left out or not, the second Account renamed by pandas or not."""
    names = tuple(name.casefold().removesuffix(".1") for name in header)
    return names in (_AMLWORLD_HEADER, (*_AMLWORLD_HEADER, "is laundering"))


def amlworld_plan(zone: ZoneInfo, header: Sequence[str], form: str = AMLWORLD) -> Plan:
    """Read AMLworld's columns by position; what follows them are labels, which are kept apart.

    Its amounts are doubles with six decimals at most and its yen have cents: excess decimals are rounded half to even.
    """
    labels = {name: at for at, name in enumerate(header) if at >= len(_AMLWORLD_HEADER)}
    currencies, channels = same_spelling(AMLWORLD_CURRENCIES), same_spelling(AMLWORLD_CHANNELS)
    sources = {
        "booked_at": (0,), "from_account": (1, 2), "to_account": (3, 4), "received_amount": (5,),
        "received_currency": (6,), "amount": (7,), "currency": (8,), "channel": (9,),
    }  # fmt: skip
    return Plan(
        format=form,
        wanted=tuple(range(len(_AMLWORLD_HEADER))),
        sources=sources,
        currency=lambda word: currencies.get(word.casefold()),
        channel=lambda word: channels.get(word.casefold()),
        country=country_code,
        zone=zone,
        round_amounts=True,
        id_prefix="AW",
        banked=True,
        labels=labels,
        channel_words="AMLworld knows ACH, Bitcoin, Cash, Cheque, Credit Card, Reinvestment and Wire",
    )


def country_code(word: str) -> str | None:
    """Let a country's own code pass, and a blank."""
    return word if not word or word in COUNTRIES else None
