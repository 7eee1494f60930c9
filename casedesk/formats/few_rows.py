"""A few transactions that are plainly right, converted one by one.

To check sixteen rows by columns takes hardly less than to check a thousand, and programs that send one at a time are answered a
group at a time. So a small group whose every value has the plainest form is converted here, and gives what
:class:`~casedesk.formats.transactions.TransactionValidator` gives; whatever else it holds, the validator judges all of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from casedesk.domain.countries import COUNTRIES
from casedesk.domain.money import LARGEST_MINOR, MINOR_DIGITS
from casedesk.domain.rates import RateTable
from casedesk.domain.transactions import Channel
from casedesk.errors import Invalid
from casedesk.formats.batches import ACCOUNT_SEEN_SCHEMA, TRANSACTION_SCHEMA, TransactionBatch
from casedesk.formats.mapping import TRANSACTION_FIELDS
from casedesk.formats.text_fields import ID_LENGTH, TEXT_LENGTH

#: Up to so many rows this is quicker.
FEW: Final = 100

#: Printable ASCII without a space at either end: nothing to be trimmed, refused or brought to another form of Unicode.
_TEXT: Final = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")
_TIME: Final = re.compile(
    r"(?:19[7-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{6})?Z"
)
_AMOUNT: Final = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,8}))?")
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00Z")
_TEXTS: Final = (("transaction_id", ID_LENGTH), ("from_account", ID_LENGTH), ("to_account", ID_LENGTH),
                 ("branch", ID_LENGTH), ("reference", TEXT_LENGTH))  # fmt: skip
_CHANNELS: Final = frozenset(Channel.__members__)

_Row = dict[str, Any]


def few_rows(items: Sequence[Any], rates: RateTable, base_currency: str) -> TransactionBatch | None:
    """Convert objects of the desk's own format; None unless each is plainly right."""
    rows = []
    for item in items:
        row = _plain(item, rates, base_currency) if isinstance(item, dict) else None
        if row is None:
            return None
        rows.append(row)
    arrays = [pa.array([row[field.name] for row in rows], field.type) for field in TRANSACTION_SCHEMA]
    return TransactionBatch(
        index=0, read=len(rows), rejects=(), bytes_read=0, table=pa.table(arrays, schema=TRANSACTION_SCHEMA),
        accounts=_accounts(rows), rounded=0, numbers=np.arange(1, len(rows) + 1, dtype=np.int64),
    )  # fmt: skip


def _plain(item: Mapping[str, Any], rates: RateTable, base: str) -> _Row | None:
    row = {name: item.get(name, "") for name in TRANSACTION_FIELDS}
    for name, value in row.items():
        if value is None:
            row[name] = ""
        elif type(value) is not str:
            return None
    for name, limit in _TEXTS:
        if len(row[name]) > limit or not _TEXT.fullmatch(row[name]):
            return None
    known = row["channel"] in _CHANNELS and all(
        not row[n] or row[n] in COUNTRIES for n in ("from_country", "to_country")
    )
    sided = row["from_account"] or row["to_account"]
    if not (known and sided and row["transaction_id"]) or row["received_amount"] or row["received_currency"]:
        return None
    currency, micros = row["currency"], _micros(row["booked_at"])
    minor = _minor(row["amount"], currency) if currency in MINOR_DIGITS else None
    if minor is None or micros is None:
        return None
    try:
        converted = rates.convert(minor, currency, (_EPOCH + timedelta(microseconds=micros)).date(), base)
    except Invalid:  # no rate on the day, or more than can be stored
        return None
    return row | {
        "booked_at": micros, "amount_minor": minor, "received_minor": minor, "base_minor": converted,
        "received_currency": currency,
    }  # fmt: skip


def _minor(text: str, currency: str) -> int | None:
    found, digits = _AMOUNT.fullmatch(text), MINOR_DIGITS[currency]
    if found is None or len(found[2] or "") > digits:
        return None
    minor = int(found[1] + (found[2] or "").ljust(digits, "0"))
    return minor if minor < LARGEST_MINOR else None


def _micros(text: str) -> int | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        since = datetime.fromisoformat(text) - _EPOCH
    except ValueError:  # no such day
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _accounts(rows: Sequence[_Row]) -> Any:
    """List each account once, with the currency and country of the first row that names it: those that pay come first."""
    seen: dict[str, tuple[str, str]] = {}
    for side, currency, country in (
        ("from_account", "currency", "from_country"),
        ("to_account", "received_currency", "to_country"),
    ):
        for row in rows:
            if row[side]:
                seen.setdefault(row[side], (row[currency], row[country]))
    parts = (list(seen), [""] * len(seen), [c for c, _ in seen.values()], [c for _, c in seen.values()])
    return pa.table([pa.array(part, pa.string()) for part in parts], schema=ACCOUNT_SEEN_SCHEMA)
