"""The payments around some accounts within a span: what the features of single payments are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.errors import Conflict
from casedesk.store.dialects import fetched
from casedesk.store.tables import transactions

#: An account stands three times in a statement, and SQL Server takes 2,100 parameters.
CHUNK: Final = 500

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)

_SCHEMA: Final = pa.schema(
    [
        ("transaction_id", pa.string()), ("booked_at", pa.timestamp("us", "UTC")), ("from_account", pa.string()),
        ("to_account", pa.string()), ("base_minor", pa.int64()), ("channel", pa.string()), ("from_country", pa.string()),
        ("to_country", pa.string()),
    ]
)  # fmt: skip
#: An instant as the database gives it, text or a time without a zone: to make each one aware would take half of the reading.
_BOOKED: Final = sa.type_coerce(transactions.c.booked_at, sa.types.NULLTYPE).label("booked_at")
_ID, _AT = _SCHEMA.names.index("transaction_id"), _SCHEMA.names.index("booked_at")
_READ: Final = sa.select(*(_BOOKED if name == "booked_at" else transactions.c[name] for name in _SCHEMA.names))


class TooMuchAround(Conflict):
    """More payments lie around a payment than are read for it."""

    def __init__(self) -> None:
        super().__init__(
            "So many payments lie around it that it is not scored by itself; “casedesk model run” scores every account."
        )


class Around:
    """Reads payments up to a number, and then refuses. ``read`` is how many they were."""

    def __init__(self, connection: Connection, most: int) -> None:
        self._connection = connection
        self._most = most
        self.read = 0

    def between(self, accounts: Sequence[str], since: int, until: int) -> pa.Table:
        """Return the payments from or to any of these accounts after ``since`` and up to ``until``, each once.

        Times are microseconds since 1970.

        :raises TooMuchAround: if they are more than this reader still reads.
        """
        first, last = (_EPOCH + timedelta(microseconds=max(moment, _EARLIEST)) for moment in (since, until))
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(accounts), CHUNK):
            query = _of(accounts[start : start + CHUNK], first, last).limit(self._most - self.read + 1)
            rows = fetched(self._connection, query)
            self.read += len(rows)
            if self.read > self._most:
                raise TooMuchAround
            found += rows
        if len(accounts) > CHUNK:  # a payment between accounts of two statements came twice
            found = list({row[_ID]: row for row in found}.values())
        return _table(found)


class NearReader:
    """Reads payments with the columns that features are made of, times as instants in UTC."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def named(self, transaction_ids: Sequence[str]) -> pa.Table:
        """Return those of the payments that are stored, in order of booking."""
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(transaction_ids), CHUNK):
            part = transactions.c.transaction_id.in_(transaction_ids[start : start + CHUNK])
            rows += fetched(self._connection, _READ.where(part))
        return _table(sorted(rows, key=itemgetter(_AT, _ID)))

    def around(self, most: int) -> Around:
        """Return a reader that refuses to read more than so many payments in all."""
        return Around(self._connection, most)


def _of(accounts: Sequence[str], first: datetime, last: datetime) -> sa.Select[Any]:
    """Select by each side's own index; one condition over both sides would read through all payments."""
    source, target = transactions.c.from_account, transactions.c.to_account
    span = _READ.where(transactions.c.booked_at > first, transactions.c.booked_at <= last)
    both = sa.union_all(span.where(source.in_(accounts)), span.where(target.in_(accounts), source.not_in(accounts)))
    return sa.select(both.subquery())


def _table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = (
        dict(zip(_SCHEMA.names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(_SCHEMA.names, ())
    )
    instants = pa.array(columns.pop("booked_at"))
    if pa.types.is_null(instants.type) or pa.types.is_string(instants.type):
        instants = instants.cast(pa.timestamp("us"))
    arrays = {name: pa.array(column, _SCHEMA.field(name).type) for name, column in columns.items()}
    arrays["booked_at"] = instants.cast(_SCHEMA.field("booked_at").type)
    return pa.table([arrays[name] for name in _SCHEMA.names], _SCHEMA)
