"""Transactions that a program sends as JSON: the columns of the desk's own format, checked as those of a file are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from casedesk.domain.counts import counted
from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats.batches import TransactionBatch
from casedesk.formats.identity import Counted, Ordinals
from casedesk.formats.mapping import TRANSACTION_FIELDS
from casedesk.formats.other_readers import plain_row
from casedesk.formats.plans import Plan, native_plan
from casedesk.formats.records import Records
from casedesk.formats.rejects import RejectedRow, rejected
from casedesk.formats.transactions import TransactionValidator

#: The most transactions of one request: what is checked and stored in about a second, in one transaction of the database.
MOST: Final = 10_000


class NotPosted(Invalid):
    """What was sent is no JSON, or neither a transaction nor a list of them."""


def read_posted(body: bytes) -> list[Any]:
    """Read what was sent, numbers with the digits they are written with.

    :raises NotPosted: for anything but an object, or a list of 1 to ``MOST`` elements.
    """
    try:
        parsed = json.loads(body.decode("utf-8"), parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise NotPosted("The body is not JSON in UTF-8; send one transaction, or a list of them.") from None
    items = [parsed] if isinstance(parsed, dict) else parsed
    if not isinstance(items, list):
        raise NotPosted("The body is neither an object nor a list; send one transaction, or a list of them.")
    if not 1 <= len(items) <= MOST:
        raise NotPosted(f"The list has {counted(len(items), 'transaction')}; send 1 to {MOST:,} at a time.")
    return items


def batch_of(items: Sequence[Any], rates: RateTable, base_currency: str) -> TransactionBatch:
    """Check and convert what was sent. Row numbers begin at 1, in the order of the list; other fields are left alone."""
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
    records = Records(columns, np.array(numbers, dtype=np.int64), tuple(broken))
    return TransactionValidator(_plan(), rates, base_currency, Counted(Ordinals)).batch(0, records)


def ids_of(items: Sequence[Any], batch: TransactionBatch) -> list[str]:
    """Return the id of each element: as it is stored, and of one that was refused as it was sent, cut to be shown."""
    ids = [
        rejected(0, "", str(item.get("transaction_id") or ""), "").value if isinstance(item, dict) else ""
        for item in items
    ]
    for number, name in zip(batch.numbers.tolist(), batch.table["transaction_id"].to_pylist(), strict=True):
        ids[number - 1] = name
    return ids


def _plan() -> Plan:
    return native_plan(Path("what was sent"), TRANSACTION_FIELDS, None)


def _no_object(number: int, item: object) -> RejectedRow:
    return rejected(number, "row", json.dumps(item), "The element is not a JSON object; write {“field”: value, ...}.")
