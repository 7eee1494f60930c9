"""Rows of payments and legs as the database has them, and as Arrow: what readers of single payments share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from casedesk.store.tables import transactions

#: An account stands three times in a statement, and SQL Server takes 2,100 parameters.
CHUNK: Final = 500

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)

#: A leg of a payment: one of its accounts, the other party, and whether the account paid.
LEGS: Final = pa.schema(
    [("account", pa.string()), ("other", pa.string()), ("out", pa.int8()), ("booked_at", pa.timestamp("us", "UTC"))]
)
#: An instant as the database gives it, text or a time without a zone: to make each one aware would take half of the reading.
BOOKED: Final = sa.type_coerce(transactions.c.booked_at, sa.types.NULLTYPE).label("booked_at")


def moment(micros: int) -> datetime:
    """Return the instant so many microseconds after 1970, the earliest there is for one before it."""
    return _EPOCH + timedelta(microseconds=max(micros, _EARLIEST))


def accounts_named(name: str) -> sa.BindParameter[str]:
    """Return a parameter that takes several accounts."""
    return sa.bindparam(name, type_=sa.String(), expanding=True)


def within(since: str, until: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Say that a payment was booked after one parameter and up to another."""
    return transactions.c.booked_at > sa.bindparam(since), transactions.c.booked_at <= sa.bindparam(until)


def legs_of(parts: int, *also: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Select legs with named parties, of accounts in parts, each with its own time: ``accounts_0``, ``since_0``, ``until_0`` and so on.

    :param also: what else has to be so of a payment.
    """
    source, target = transactions.c.from_account, transactions.c.to_account
    found = []
    for number in range(parts):
        accounts = accounts_named(f"accounts_{number}")
        for out, (mine, its) in ((1, (source, target)), (0, (target, source))):
            leg = sa.select(
                mine.label("account"), its.label("other"), sa.literal_column(f"{out:d}").label("out"), BOOKED
            )
            during = within(f"since_{number}", f"until_{number}")
            found.append(leg.where(mine.in_(accounts), its != "", *during, *also))
    return sa.select(sa.union_all(*found).subquery())


def table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Put rows with the columns of a schema into Arrow, their instants, as the database gives them, in UTC."""
    columns = dict(zip(schema.names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(schema.names, ())
    booked = instants(columns.pop("booked_at"))
    arrays = {name: pa.array(column, schema.field(name).type) for name, column in columns.items()}
    arrays["booked_at"] = booked
    return pa.table([arrays[name] for name in schema.names], schema)


def instants(given: Sequence[Any]) -> pa.Array:
    """Return instants, text or times without a zone, in UTC."""
    found = pa.array(given)
    if pa.types.is_null(found.type) or pa.types.is_string(found.type):
        found = found.cast(pa.timestamp("us"))
    return found.cast(LEGS.field("booked_at").type)
