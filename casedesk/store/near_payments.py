"""The payments around some accounts within a span: what the features of single payments are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
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
#: The accounts of a statement whose times differ are read in so many parts: more read fewer rows, and take longer to say.
PARTS: Final = 4

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)

_SCHEMA: Final = pa.schema(
    [
        ("transaction_id", pa.string()), ("booked_at", pa.timestamp("us", "UTC")), ("from_account", pa.string()),
        ("to_account", pa.string()), ("base_minor", pa.int64()), ("channel", pa.string()), ("from_country", pa.string()),
        ("to_country", pa.string()),
    ]
)  # fmt: skip
_LEGS: Final = pa.schema(
    [("account", pa.string()), ("other", pa.string()), ("out", pa.int8()), ("booked_at", pa.timestamp("us", "UTC"))]
)
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
    """Reads payments and legs up to a number, and then refuses. ``read`` is how many they were."""

    def __init__(self, connection: Connection, most: int) -> None:
        self._connection = connection
        self._most = most
        self.read = 0

    def between(self, accounts: Sequence[str], since: int, until: int) -> pa.Table:
        """Return the payments from or to any of these accounts after ``since`` and up to ``until``, each once.

        Times are microseconds since 1970.

        :raises TooMuchAround: if they are more than this reader still reads.
        """
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(accounts), CHUNK):
            part = {"accounts": accounts[start : start + CHUNK], "since": _moment(since), "until": _moment(until)}
            found += self._fetched(_BETWEEN, part)
        if len(accounts) > CHUNK:  # a payment between accounts of two statements came twice
            found = list({row[_ID]: row for row in found}.values())
        return _table(found, _SCHEMA)

    def legs(self, accounts: Sequence[str], since: Sequence[int], until: Sequence[int]) -> pa.Table:
        """Return when and with whom each account dealt after its ``since`` and up to its ``until``, and some before or after.

        :raises TooMuchAround: if they are more than this reader still reads.
        """
        by_end = sorted(zip(until, since, accounts, strict=True))
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(by_end), CHUNK):
            chunk = by_end[start : start + CHUNK]
            size = -(-len(chunk) // PARTS)
            parts = [chunk[first : first + size] for first in range(0, len(chunk), size)]
            given: dict[str, Any] = {}
            for number, part in enumerate(parts):
                given[f"accounts_{number}"] = [account for _, _, account in part]
                given[f"since_{number}"] = _moment(min(begin for _, begin, _ in part))
                given[f"until_{number}"] = _moment(part[-1][0])
            found += self._fetched(_legs(len(parts)), given)
        return _table(found, _LEGS)

    def _fetched(self, query: sa.Select[Any], given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        rows = fetched(self._connection, query.limit(self._most - self.read + 1), given)
        self.read += len(rows)
        if self.read > self._most:
            raise TooMuchAround
        return rows


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
        return _table(sorted(rows, key=itemgetter(_AT, _ID)), _SCHEMA)

    def around(self, most: int) -> Around:
        """Return a reader that refuses to read more than so many payments in all."""
        return Around(self._connection, most)


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=max(micros, _EARLIEST))


def _between() -> sa.Select[Any]:
    """Select by each side's own index; one condition over both sides would read through all payments."""
    accounts = _accounts("accounts")
    source, target = transactions.c.from_account, transactions.c.to_account
    span = _READ.where(*_within("since", "until"))
    both = sa.union_all(span.where(source.in_(accounts)), span.where(target.in_(accounts), source.not_in(accounts)))
    return sa.select(both.subquery())


@cache
def _legs(parts: int) -> sa.Select[Any]:
    """Select legs of accounts in parts, each with its own time."""
    source, target = transactions.c.from_account, transactions.c.to_account
    found = []
    for number in range(parts):
        accounts = _accounts(f"accounts_{number}")
        for out, (mine, its) in ((1, (source, target)), (0, (target, source))):
            leg = sa.select(
                mine.label("account"), its.label("other"), sa.literal_column(f"{out:d}").label("out"), _BOOKED
            )
            found.append(leg.where(mine.in_(accounts), its != "", *_within(f"since_{number}", f"until_{number}")))
    return sa.select(sa.union_all(*found).subquery())


def _accounts(name: str) -> sa.BindParameter[str]:
    return sa.bindparam(name, type_=sa.String(), expanding=True)


def _within(since: str, until: str) -> tuple[sa.ColumnElement[bool], ...]:
    return transactions.c.booked_at > sa.bindparam(since), transactions.c.booked_at <= sa.bindparam(until)


#: Made once: to put a statement together takes as long as to read some hundred rows.
_BETWEEN: Final = _between()


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = dict(zip(schema.names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(schema.names, ())
    instants = pa.array(columns.pop("booked_at"))
    if pa.types.is_null(instants.type) or pa.types.is_string(instants.type):
        instants = instants.cast(pa.timestamp("us"))
    arrays = {name: pa.array(column, schema.field(name).type) for name, column in columns.items()}
    arrays["booked_at"] = instants.cast(schema.field("booked_at").type)
    return pa.table([arrays[name] for name in schema.names], schema)
