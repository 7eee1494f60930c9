"""Transactions that a program sends as JSON: the columns of the desk's own format, checked as those of a file are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from casedesk.domain.counts import counted
from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats.apart import Apart
from casedesk.formats.batches import TransactionBatch
from casedesk.formats.few_rows import FEW, few_rows
from casedesk.formats.identity import Counted, Ordinals
from casedesk.formats.mapping import TRANSACTION_FIELDS
from casedesk.formats.other_readers import plain_row
from casedesk.formats.plans import Plan, native_plan
from casedesk.formats.records import Records
from casedesk.formats.rejects import RejectedRow, rejected
from casedesk.formats.transactions import TransactionValidator

#: The most transactions of one request: what is checked and stored in about a second, in one transaction of the database.
MOST: Final = 10_000
_PLAIN: Final = {str, type(None)}


class NotPosted(Invalid):
    """What was sent is no JSON, or neither a transaction nor a list of them."""


def read_posted(body: bytes, most: int = MOST) -> list[Any]:
    """Read what was sent, numbers with the digits they are written with.

    :param most: how many transactions one list may have.
    :raises NotPosted: for anything but an object, or a list of 1 to ``most`` elements.
    """
    try:
        items = _quickly(body) or _listed(json.loads(body.decode("utf-8"), parse_float=str, parse_int=str))
    except (ValueError, RecursionError):
        raise NotPosted("The body is not JSON in UTF-8; send one transaction, or a list of them.") from None
    if not isinstance(items, list):
        raise NotPosted("The body is neither an object nor a list; send one transaction, or a list of them.")
    if not 1 <= len(items) <= most:
        raise NotPosted(f"The list has {counted(len(items), 'transaction')}; send 1 to {most:,} at a time.")
    return items


def _quickly(body: bytes) -> list[Any] | None:
    """Read what holds text alone four times as fast; None for whatever else the slower reader takes as it is written."""
    try:
        items = _listed(orjson.loads(body))
    except orjson.JSONDecodeError:
        return None
    if not isinstance(items, list) or set(map(type, items)) != {dict}:
        return None
    for name in TRANSACTION_FIELDS:
        if not {type(item.get(name)) for item in items} <= _PLAIN:
            return None
    return items


def _listed(parsed: Any) -> Any:
    return [parsed] if isinstance(parsed, dict) else parsed


def batch_of(items: Sequence[Any], rates: RateTable, base_currency: str) -> TransactionBatch:
    """Check and convert what was sent. Row numbers begin at 1, in the order of the list; other fields are left alone."""
    few = few_rows(items, rates, base_currency) if len(items) <= FEW else None
    return by_columns(items, rates, base_currency) if few is None else few


def by_columns(items: Sequence[Any], rates: RateTable, base_currency: str) -> TransactionBatch:
    """Check and convert what was sent a column at a time, however it is written."""
    records = items.records if isinstance(items, Apart) else _plain(items) or _row_by_row(items)
    return TransactionValidator(_plan(), rates, base_currency, Counted(Ordinals)).batch(0, records)


def _plain(items: Sequence[Any]) -> Records | None:
    """Gather the columns of rows that hold text alone; None if there is another."""
    try:
        columns = tuple(pa.array([item.get(name) for item in items], pa.string()) for name in TRANSACTION_FIELDS)
    except (AttributeError, UnicodeEncodeError, pa.ArrowException):
        return None
    filled = tuple(column.fill_null("") if column.null_count else column for column in columns)
    return Records(filled, np.arange(1, len(items) + 1, dtype=np.int64), ())


def _row_by_row(items: Sequence[Any]) -> Records:
    good: list[list[str]] = []
    numbers: list[int] = []
    broken: list[RejectedRow] = []
    for number, item in enumerate(items, start=1):
        row = plain_row(number, item, TRANSACTION_FIELDS) if isinstance(item, dict) else _no_object(number, item)
        if isinstance(row, RejectedRow):
            broken.append(row)
        else:
            good.append(row)
            numbers.append(number)
    columns = tuple(pa.array([row[i] for row in good], pa.string()) for i in range(len(TRANSACTION_FIELDS)))
    return Records(columns, np.array(numbers, dtype=np.int64), tuple(broken))


def ids_of(items: Sequence[Any], batch: TransactionBatch) -> list[str]:
    """Return the id of each element: as it is stored, and of one that was refused as it was sent, cut to be shown."""
    stored: list[str] = batch.table["transaction_id"].to_pylist()
    if len(stored) == len(items):
        return stored
    ids = [""] * len(items)
    for number, name in zip(batch.numbers.tolist(), stored, strict=True):
        ids[number - 1] = name
    for refused in batch.rejects:
        item = items[refused.row_number - 1]
        if isinstance(item, dict):
            ids[refused.row_number - 1] = rejected(0, "", str(item.get("transaction_id") or ""), "").value
    return ids


@cache
def _plan() -> Plan:
    return native_plan(Path("what was sent"), TRANSACTION_FIELDS, None)


def _no_object(number: int, item: object) -> RejectedRow:
    return rejected(number, "row", json.dumps(item), "The element is not a JSON object; write {“field”: value, ...}.")
