"""Customers and accounts files. They are small beside transactions, so rows are checked one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import pyarrow as pa

from casedesk.domain.countries import COUNTRIES
from casedesk.domain.money import MINOR_DIGITS
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.formats.batches import AccountBatch, CustomerBatch
from casedesk.formats.headers import MissingColumns, position_of
from casedesk.formats.records import Records
from casedesk.formats.rejects import RejectedRow, rejected
from casedesk.formats.text_fields import CONTROL_REASON, ID_LENGTH, TEXT_LENGTH, clean, too_long, utf16_length
from casedesk.formats.transactions import UNKNOWN_COUNTRY, UNKNOWN_CURRENCY

CUSTOMER_FIELDS: Final = ("customer_id", "name", "kind", "country", "segment", "occupation", "since")
ACCOUNT_FIELDS: Final = ("account_id", "customer_id", "holder", "bank", "currency", "country", "opened_on")
_REQUIRED: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    CUSTOMER_FIELDS: CUSTOMER_FIELDS[:3],
    ACCOUNT_FIELDS: ACCOUNT_FIELDS[:3],
}
_IDS: Final = frozenset({"customer_id", "account_id"})
_PARTY = TypeVar("_PARTY", Customer, Account)


class _Refused(Exception):
    def __init__(self, field: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.value, self.reason = field, value, reason


def party_columns(path: Path, header: Sequence[str], fields: tuple[str, ...], what: str) -> dict[str, int]:
    """Find the columns of a customers or accounts file.

    :raises MissingColumns: naming every required column that is not there.
    :raises RepeatedColumn: if a needed column is there twice.
    """
    found = {name: at for name in fields if (at := position_of(path, header, name)) is not None}
    missing = [name for name in _REQUIRED[fields] if name not in found]
    if missing:
        raise MissingColumns(
            path, what, missing, header, "Add them; an account of another bank has a blank customer_id."
        )
    return found


#: Makes the desk's fields of a row's own.
Translate: TypeAlias = Callable[[Mapping[str, str]], Mapping[str, str]]


def _as_it_is(row: Mapping[str, str]) -> Mapping[str, str]:
    return row


def customer_batch(
    index: int, records: Records, fields: Sequence[str], translate: Translate = _as_it_is
) -> CustomerBatch:
    """Check the customers of one chunk."""
    good, _, bad = _each(records, fields, lambda row: _customer(translate(row)))
    return CustomerBatch(index, _read(records), bad, records.bytes_read, good)


def account_batch(
    index: int, records: Records, fields: Sequence[str], translate: Translate = _as_it_is
) -> AccountBatch:
    """Check the accounts of one chunk."""
    good, numbers, bad = _each(records, fields, lambda row: _account(translate(row)))
    return AccountBatch(index, _read(records), bad, records.bytes_read, good, numbers)


def _read(records: Records) -> int:
    return len(records.numbers) + len(records.broken)


def _each(
    records: Records, fields: Sequence[str], build: Callable[[Mapping[str, str]], _PARTY]
) -> tuple[tuple[_PARTY, ...], tuple[int, ...], tuple[RejectedRow, ...]]:
    good: list[_PARTY] = []
    numbers: list[int] = []
    bad = list(records.broken)
    columns = [column.cast(pa.string()).fill_null("").to_pylist() for column in records.columns]
    for number, values in zip(records.numbers.tolist(), zip(*columns, strict=True), strict=True):
        try:
            good.append(build(dict(zip(fields, values, strict=True))))
            numbers.append(number)
        except _Refused as refused:
            bad.append(rejected(number, refused.field, refused.value, refused.reason))
    return tuple(good), tuple(numbers), tuple(sorted(bad))


def _customer(row: Mapping[str, str]) -> Customer:
    return Customer(
        customer_id=_needed(row, "customer_id"),
        name=_needed(row, "name"),
        kind=_kind(row),
        country=_one_of(row, "country", COUNTRIES, UNKNOWN_COUNTRY),
        segment=_text(row, "segment"),
        occupation=_text(row, "occupation"),
        since=_day(row, "since"),
    )


def _account(row: Mapping[str, str]) -> Account:
    return Account(
        account_id=_needed(row, "account_id"),
        customer_id=_text(row, "customer_id"),
        holder=_text(row, "holder"),
        bank=_text(row, "bank"),
        currency=_one_of(row, "currency", MINOR_DIGITS, UNKNOWN_CURRENCY),
        country=_one_of(row, "country", COUNTRIES, UNKNOWN_COUNTRY),
        opened_on=_day(row, "opened_on"),
    )


def _text(row: Mapping[str, str], field: str) -> str:
    raw = row.get(field, "")
    if any(c < " " or "\x7f" <= c <= "\x9f" for c in raw):
        raise _Refused(field, raw, CONTROL_REASON)
    text = clean(raw)
    limit = ID_LENGTH if field in _IDS else TEXT_LENGTH
    if utf16_length(text) > limit:
        raise _Refused(field, raw, too_long(limit))
    return text


def _needed(row: Mapping[str, str], field: str) -> str:
    text = _text(row, field)
    if not text:
        raise _Refused(field, "", f"The {field} is blank; every row needs one.")
    return text


def _kind(row: Mapping[str, str]) -> CustomerKind:
    text = row.get("kind", "").strip()
    kinds = {kind.value: kind for kind in CustomerKind}
    if text not in kinds:
        raise _Refused("kind", text, f"This is not a kind of customer; write one of {', '.join(kinds)}.")
    return kinds[text]


def _one_of(row: Mapping[str, str], field: str, known: Mapping[str, object], reason: str) -> str:
    text = row.get(field, "").strip()
    if text and text not in known:
        raise _Refused(field, text, reason)
    return text


def _day(row: Mapping[str, str], field: str) -> date | None:
    text = row.get(field, "").strip()
    if not text:
        return None
    try:
        # Only the extended form: fromisoformat also takes 20260701 and week dates, which other readers do not.
        if len(text) != 10 or text[4] != "-":
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise _Refused(field, text, "This is not a day of the calendar; write it as 2026-07-01.") from None
    if not 1900 <= day.year < 2100:
        raise _Refused(field, text, "The day lies outside the years 1900 to 2099.")
    return day
