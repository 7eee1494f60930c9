"""Which layout a file has, by its header or by the name a person gives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats.batches import Batch
from casedesk.formats.file_types import Opened
from casedesk.formats.headers import shown
from casedesk.formats.identity import Counted
from casedesk.formats.mapping import TRANSACTION_FIELDS, BadMapping
from casedesk.formats.other_readers import PatternsReader
from casedesk.formats.parties import ACCOUNT_FIELDS, CUSTOMER_FIELDS, account_batch, customer_batch, party_columns
from casedesk.formats.plans import (
    AMLWORLD,
    NATIVE,
    PATTERNS,
    UTC,
    Plan,
    amlworld_plan,
    is_amlworld,
    mapped_plan,
    native_plan,
)
from casedesk.formats.preset_plans import Options, Preset, label_positions, refuse_start
from casedesk.formats.published import PRESETS, nearest, recognised
from casedesk.formats.published_parties import PartyPreset, parties_recognised
from casedesk.formats.records import Reader, Records
from casedesk.formats.transactions import TransactionValidator
from casedesk.formats.xml_messages import XmlReader
from casedesk.formats.xml_plans import MESSAGES, xml_plan

MakeBatch: TypeAlias = Callable[[int, Records], Batch]

_PRESETS: Final = {preset.name: preset for preset in PRESETS}
_MESSAGES: Final = tuple(message.name for message in MESSAGES)

FORMATS: Final = ("auto", NATIVE, AMLWORLD, PATTERNS, *sorted(_PRESETS), *_MESSAGES)


class SourceKind(StrEnum):
    """What the rows of a file are, in the order a folder is imported."""

    CUSTOMERS = "customers"
    ACCOUNTS = "accounts"
    TRANSACTIONS = "transactions"


class UnknownFormat(Invalid):
    """The header is none that the desk knows, or not that of the format named."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of one file become batches.

    ``wanted`` are positions in the header, ``digest`` names the layout, ``labels`` maps a label column to its position.
    ``counts_rows`` says that ids are derived by counting rows.
    """

    kind: SourceKind
    format: str
    wanted: tuple[int, ...]
    digest: str
    start: Callable[[RateTable, str, Counted], MakeBatch]
    labels: dict[str, int]
    counts_rows: bool = False


def layouts_of(path: Path, reader: Reader, opened: Opened, format: str, options: Options) -> list[Layout]:
    """Find the layout of a file; an accounts file that names its holders has two, its customers first.

    :raises UnknownFormat, MissingColumns, RepeatedColumn, BadMapping, BadStart: if the header or an option does not fit.
    """
    if isinstance(reader, XmlReader):
        return [_of_message(path, reader, format, options)]
    if format in _MESSAGES:
        raise UnknownFormat(f"{path.name} is {opened.type}; {format} is an XML message.")
    if isinstance(reader, PatternsReader):
        refuse_start(path, options)
        return [_of_plan(amlworld_plan(options.zone or UTC, reader.header, PATTERNS))]
    return _of_columns(path, reader.header, format, options)


def _of_message(path: Path, reader: XmlReader, format: str, options: Options) -> Layout:
    name = reader.message.name
    if format not in ("auto", name):
        raise UnknownFormat(f"{path.name} is a {name} message, not {format}; leave --format out.")
    if options.mapping:
        raise BadMapping(f"{path.name} is a {name} message; --map and --set are for files of columns.")
    refuse_start(path, options)
    return _of_plan(xml_plan(name, options.zone or UTC))


def _of_columns(path: Path, header: Sequence[str], format: str, options: Options) -> list[Layout]:
    mapping = options.mapping
    preset = _preset(header, format)
    parties = _parties(header, format)
    if mapping.columns or mapping.words or (mapping and preset is None):
        refuse_start(path, options)
        return [_of_plan(mapped_plan(path, header, mapping, options.zone))]
    if preset is not None and parties is None:
        return [_of_plan(preset.plan(path, header, options))]
    if parties is not None:
        return _of_parties(path, header, parties)
    refuse_start(path, options)
    if format in ("auto", AMLWORLD) and is_amlworld(header):
        return [_of_plan(amlworld_plan(options.zone or UTC, header))]
    if format == AMLWORLD:
        raise UnknownFormat(f"{path.name} does not have AMLworld's columns. It has: {shown(header)}.")
    return [_native(path, header, options)]


def _preset(header: Sequence[str], format: str) -> Preset | None:
    return recognised(header) if format == "auto" else _PRESETS.get(format)


def _parties(header: Sequence[str], format: str) -> PartyPreset | None:
    found = parties_recognised(header)
    return found if found is not None and format in ("auto", found.name) else None


def _native(path: Path, header: Sequence[str], options: Options) -> Layout:
    kind = _native_kind(path, header)
    if kind is SourceKind.TRANSACTIONS:
        return _of_plan(native_plan(path, header, options.zone))
    fields, what, batch = {
        SourceKind.CUSTOMERS: (CUSTOMER_FIELDS, "a customers file", customer_batch),
        SourceKind.ACCOUNTS: (ACCOUNT_FIELDS, "an accounts file", account_batch),
    }[kind]
    found = party_columns(path, header, fields, what)
    names = list(found)
    return Layout(
        kind, NATIVE, tuple(found.values()), repr(found), lambda *_: lambda i, records: batch(i, records, names), {}
    )


def _native_kind(path: Path, header: Sequence[str]) -> SourceKind:
    """Choose the kind whose columns the header has most of; an id of its own or half of them is asked for."""
    names = {name.casefold() for name in header}
    fields = {
        SourceKind.TRANSACTIONS: TRANSACTION_FIELDS,
        SourceKind.ACCOUNTS: ACCOUNT_FIELDS,
        SourceKind.CUSTOMERS: CUSTOMER_FIELDS,
    }
    share = {kind: len(names.intersection(own)) / len(own) for kind, own in fields.items()}
    best = max(share, key=lambda kind: share[kind])
    if share[best] * len(fields[best]) < 3:
        raise UnknownFormat(
            f"The columns of {path.name} are none the desk knows. It has: {shown(header)}. {_hint(header)}"
            "For transactions, say which column is which with --map column=field, for example --map value=amount."
        )
    return best


def _hint(header: Sequence[str]) -> str:
    close = nearest(header)
    if close is None:
        return ""
    return f"It comes near {close.name}, but lacks {', '.join(close.lacking(header))}. "


def _of_plan(plan: Plan) -> Layout:
    return Layout(
        kind=SourceKind.TRANSACTIONS,
        format=plan.format,
        wanted=plan.wanted,
        digest=plan.digest,
        start=lambda rates, base, counted: TransactionValidator(plan, rates, base, counted).batch,
        labels=dict(plan.labels),
        counts_rows=plan.id_prefix is not None,
    )


def _of_parties(path: Path, header: Sequence[str], preset: PartyPreset) -> list[Layout]:
    found = preset.positions(path, header)
    names, wanted = list(found), tuple(found.values())

    def customers(index: int, records: Records) -> Batch:
        # The accounts below tell of a bad row, and a row without a holder is one of another bank: neither counts here.
        batch = customer_batch(index, records, names, preset.customer)
        return replace(batch, read=len(batch.customers), rejects=())

    def accounts(index: int, records: Records) -> Batch:
        return account_batch(index, records, names, preset.account)

    digest = repr((preset.name, found))
    labels = label_positions(header, preset.labels)
    return [
        Layout(SourceKind.CUSTOMERS, preset.name, wanted, digest, lambda *_: customers, {}),
        Layout(SourceKind.ACCOUNTS, preset.name, wanted, digest, lambda *_: accounts, labels),
    ]
