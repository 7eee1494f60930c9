"""Transactions: bulk insert that counts duplicates, and the readings a case and the rules need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from casedesk.domain.money import Money
from casedesk.domain.transactions import Channel, Transaction
from casedesk.store.absent_rows import present_ids
from casedesk.store.arrivals import next_arrival
from casedesk.store.dialects import arrow_reader, bulk_times
from casedesk.store.direct import copied
from casedesk.store.tables import accounts, alert_transactions, alerts, customers, transactions

CHUNK = 500

#: Columns in the order in which a bulk insert takes them.
COLUMNS = (
    "transaction_id", "booked_at", "from_account", "to_account", "amount_minor", "currency", "received_minor",
    "received_currency", "base_minor", "channel", "from_country", "to_country", "branch", "reference",
)  # fmt: skip


_STORED = (*COLUMNS, "arrival")
#: PostgreSQL's types of the columns that are no text.
_ARRAYS = dict.fromkeys(("amount_minor", "received_minor", "base_minor", "arrival"), "bigint") | {
    "booked_at": "timestamp"
}

#: The same for Arrow.
_WRITTEN = dict.fromkeys(("amount_minor", "received_minor", "base_minor"), pa.int64()) | {
    "booked_at": pa.timestamp("us")
}

#: The base amount follows from the rate table, which may have changed since; the id is what was looked up.
_COMPARED = tuple(name for name in COLUMNS if name not in ("transaction_id", "booked_at", "base_minor"))

_FOR_SQLITE = str(
    sqlite.insert(transactions)
    .on_conflict_do_nothing()
    .values(dict.fromkeys(_STORED))
    .compile(dialect=sqlite.dialect())
)
#: So many rows SQLite takes in one statement: another thread that computes is let in once a statement, where it would be once a row, and
#: keeps the interpreter for milliseconds each time. Every SQLite takes 32,766 parameters in one.
_AT_ONCE = 32_766 // len(_STORED)
_ONE_ROW = _FOR_SQLITE[_FOR_SQLITE.index("VALUES ") + len("VALUES ") : _FOR_SQLITE.index(" ON CONFLICT")]
_MANY_FOR_SQLITE = _FOR_SQLITE.replace(_ONE_ROW, ", ".join([_ONE_ROW] * _AT_ONCE))
_FOR_POSTGRESQL = "INSERT INTO transactions ({}) SELECT * FROM unnest({}) ON CONFLICT DO NOTHING".format(
    ", ".join(_STORED), ", ".join(f"%s::{_ARRAYS.get(name, 'text')}[]" for name in _STORED)
)
#: From so many rows on, PostgreSQL takes them through a temporary table in half the time.
_WORTH_A_COPY = 100
_COPY = f"COPY arriving ({', '.join(_STORED)}) FROM STDIN (FORMAT csv)"
_CSV = csv.WriteOptions(
    include_header=False, quoting_style="all_valid"
)  # nothing between quotes is empty, nothing at all is null
_BESIDE_A_COPY = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS arriving (LIKE transactions) ON COMMIT DELETE ROWS",
    "INSERT INTO transactions ({0}) SELECT {0} FROM arriving ON CONFLICT DO NOTHING".format(", ".join(_STORED)),
)


@dataclass(frozen=True, slots=True)
class Inserted:
    """What became of a bulk insert: how many rows are new, and the positions of the others.

    ``repeated`` are rows that are stored already, or stand earlier in the same columns, with the same content; the id of those in
    ``conflicting`` has another content.
    """

    stored: int
    repeated: tuple[int, ...] = ()
    conflicting: tuple[int, ...] = ()

    @property
    def duplicates(self) -> int:
        """How many rows were there already."""
        return len(self.repeated)


@dataclass(frozen=True, slots=True)
class Flow:
    """All money between a customer and one counterparty, in base minor units."""

    counterparty: str  # account id, empty for cash
    name: str
    country: str
    into: int
    out: int
    transactions: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One transaction as a customer's account sees it. ``alert_ids`` are the alerts it is evidence of."""

    transaction: Transaction
    account_id: str
    into: bool
    counterparty: str
    counterparty_name: str
    country: str
    alert_ids: tuple[str, ...]


class TransactionReader:
    """Reads transactions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self) -> int:
        """Return how many are stored."""
        return self._connection.execute(sa.select(sa.func.count()).select_from(transactions)).scalar_one()

    def legs(
        self, customer_id: str, *, since: datetime | None = None, only_evidence_of: str = "", limit: int = 10_000
    ) -> tuple[Leg, ...]:
        """Return a customer's transactions, newest first.

        :param only_evidence_of: a case id; then only what is evidence of an alert of that case.
        """
        own = sa.select(accounts.c.account_id).where(accounts.c.customer_id == customer_id)
        evidence = self._evidence(customer_id, only_evidence_of)
        query = sa.select(transactions).where(
            sa.or_(transactions.c.from_account.in_(own), transactions.c.to_account.in_(own))
        )
        if since is not None:
            query = query.where(transactions.c.booked_at >= since)
        if only_evidence_of:
            linked = (
                sa.select(alert_transactions.c.transaction_id)
                .join(alerts, alerts.c.alert_id == alert_transactions.c.alert_id)
                .where(alerts.c.case_id == only_evidence_of)
            )
            query = sa.select(transactions).where(transactions.c.transaction_id.in_(linked))
        query = query.order_by(transactions.c.booked_at.desc(), transactions.c.transaction_id).limit(limit)
        rows = [_transaction(row) for row in self._connection.execute(query)]
        mine = set(self._connection.execute(own).scalars())
        names = self._names({side for t in rows for side in (t.from_account, t.to_account) if side})
        return tuple(leg for t in rows for leg in _legs(t, mine, names, evidence))

    def _evidence(self, customer_id: str, case_id: str) -> dict[str, tuple[str, ...]]:
        query = (
            sa.select(alert_transactions.c.transaction_id, alerts.c.alert_id)
            .join(alerts, alerts.c.alert_id == alert_transactions.c.alert_id)
            .where(alerts.c.case_id == case_id if case_id else alerts.c.customer_id == customer_id)
            .order_by(alerts.c.alert_id)
        )
        found: dict[str, list[str]] = {}
        for transaction_id, alert_id in self._connection.execute(query):
            found.setdefault(transaction_id, []).append(alert_id)
        return {transaction_id: tuple(ids) for transaction_id, ids in found.items()}

    def _names(self, account_ids: set[str]) -> dict[str, str]:
        """Return the holder's name of each account: the customer's for the desk's own, else what the file said."""
        found: dict[str, str] = {}
        ids = sorted(account_ids)
        for start in range(0, len(ids), CHUNK):
            query = (
                sa.select(accounts.c.account_id, sa.func.coalesce(customers.c.name, accounts.c.holder))
                .outerjoin(customers, customers.c.customer_id == accounts.c.customer_id)
                .where(accounts.c.account_id.in_(ids[start : start + CHUNK]))
            )
            found |= {row[0]: row[1] for row in self._connection.execute(query)}
        return found

    def get_many(self, transaction_ids: Sequence[str]) -> tuple[Transaction, ...]:
        """Return those of the transactions that exist, in order of booking."""
        found: list[Transaction] = []
        for start in range(0, len(transaction_ids), CHUNK):
            part = transaction_ids[start : start + CHUNK]
            query = sa.select(transactions).where(transactions.c.transaction_id.in_(part))
            found += [_transaction(row) for row in self._connection.execute(query)]
        return tuple(sorted(found, key=lambda t: (t.booked_at, t.transaction_id)))

    def flows(self, customer_id: str, *, since: datetime | None = None, limit: int = 50) -> tuple[Flow, ...]:
        """Return a customer's largest counterparties by total amount."""
        totals: dict[str, list[Any]] = {}
        for leg in self.legs(customer_id, since=since, limit=200_000):
            into, out, count, name, country = totals.get(leg.counterparty, (0, 0, 0, "", ""))
            amount = leg.transaction.base_minor
            totals[leg.counterparty] = [
                into + (amount if leg.into else 0),
                out + (0 if leg.into else amount),
                count + 1,
                name or leg.counterparty_name,
                country or leg.country,
            ]
        flows = [Flow(key, v[3], v[4], v[0], v[1], v[2]) for key, v in totals.items()]
        return tuple(sorted(flows, key=lambda f: (-(f.into + f.out), f.counterparty))[:limit])

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return those of the ids that are stored."""
        return present_ids(self._connection, transactions.c.transaction_id, ids)

    def arrow(self, until: datetime | None = None) -> pa.Table:
        """Read what the rules need into Arrow, by the database's columnar driver where it has one.

        Columns: transaction_id, booked_at (timestamp[us], UTC), from_account, to_account, base_minor (int64), channel,
        from_country, to_country, amount_minor (int64), currency. Transactions booked at ``until`` or later are left out.
        """
        query = sa.select(
            *(
                transactions.c[name]
                for name in ("transaction_id", "booked_at", "from_account", "to_account", "base_minor", "channel",
                             "from_country", "to_country", "amount_minor", "currency")
            )
        )  # fmt: skip
        if until is not None:
            query = query.where(transactions.c.booked_at < until)
        return arrow_reader(self._connection, query)

    def arrow_accounts(self) -> pa.Table:
        """Read every account into Arrow, all columns text, empty where nothing is known.

        Columns: account_id, customer_id (empty for an external account), opened_on (YYYY-MM-DD) and peer_group, the
        segment of its customer.
        """
        query = sa.select(
            accounts.c.account_id, accounts.c.customer_id, accounts.c.opened_on, customers.c.segment.label("peer_group")
        ).select_from(accounts.outerjoin(customers))
        return arrow_reader(self._connection, query)


class TransactionStore(TransactionReader):
    """Writes transactions."""

    def insert_new(self, columns: Mapping[str, Sequence[Any]]) -> Inserted:
        """Store the rows whose id is new; of several with one id, the first.

        :param columns: equally long sequences under the names in ``COLUMNS``; ``booked_at`` in UTC epoch microseconds.
        """
        count = len(columns["transaction_id"])
        if not count:
            return Inserted(0)
        arrival = next_arrival(self._connection)
        dialect = self._connection.dialect.name
        if dialect == "postgresql" and count >= _WORTH_A_COPY:
            stored = copied(self._connection, _BESIDE_A_COPY, _COPY, _written(columns, arrival))
        else:
            ready = {**columns, "booked_at": bulk_times(dialect, columns["booked_at"])}
            stored = self._insert([*(ready[name] for name in COLUMNS), [arrival] * count])
        return Inserted(stored) if stored == count else self._told_apart(columns, arrival, stored)

    def _insert(self, columns: list[Sequence[Any]]) -> int:
        dialect = self._connection.dialect.name
        if dialect == "sqlite":
            return self._insert_in_sqlite(list(zip(*columns, strict=True)))
        if dialect == "postgresql":
            # one array a column: one trip, and no parameters of a row to write
            arrays = tuple(column if isinstance(column, list) else list(column) for column in columns)
            return self._connection.exec_driver_sql(_FOR_POSTGRESQL, arrays).rowcount
        known = self.known(columns[0])
        new = {row[0]: row for row in reversed(list(zip(*columns, strict=True))) if row[0] not in known}
        if new:
            fresh = [dict(zip(_STORED, row, strict=True)) for row in new.values()]
            self._connection.execute(sa.insert(transactions), fresh)
        return len(new)

    def _insert_in_sqlite(self, rows: list[tuple[Any, ...]]) -> int:
        stored, whole = 0, len(rows) - len(rows) % _AT_ONCE
        for start in range(0, whole, _AT_ONCE):
            values = tuple(chain.from_iterable(rows[start : start + _AT_ONCE]))
            stored += self._connection.exec_driver_sql(_MANY_FOR_SQLITE, values).rowcount
        if whole < len(rows):
            stored += self._connection.exec_driver_sql(_FOR_SQLITE, rows[whole:]).rowcount
        return stored

    def _told_apart(self, columns: Mapping[str, Sequence[Any]], arrival: int, stored: int) -> Inserted:
        """Find the rows that were not stored, by what stands under their ids now and by when it came."""
        ids = columns["transaction_id"]
        times = np.asarray(columns["booked_at"], dtype="datetime64[us]").tolist()
        rows = list(zip(times, *(columns[name] for name in _COMPARED), strict=True))
        met: set[str] = set()
        repeated: list[int] = []
        conflicting: list[int] = []
        for start in range(0, len(ids), CHUNK):
            found = self._contents(ids[start : start + CHUNK])
            for position in range(start, min(start + CHUNK, len(ids))):
                name = ids[position]
                came, content = found[name]
                if content != rows[position]:
                    conflicting.append(position)
                elif came != arrival or name in met:
                    repeated.append(position)
                met.add(name)
        return Inserted(stored, tuple(repeated), tuple(conflicting))

    def _contents(self, ids: Sequence[str]) -> dict[str, tuple[int, tuple[Any, ...]]]:
        """Return when each of the ids came, and what is compared of it; times without their zone, which is UTC."""
        compared = (transactions.c[name] for name in ("transaction_id", "arrival", "booked_at", *_COMPARED))
        query = sa.select(*compared).where(transactions.c.transaction_id.in_(ids))
        return {row[0]: (row[1], (row[2].replace(tzinfo=None), *row[3:])) for row in self._connection.execute(query)}


def _written(columns: Mapping[str, Sequence[Any]], arrival: int) -> memoryview:
    """Write rows as PostgreSQL's COPY reads them, all at once."""
    table = pa.table({name: pa.array(columns[name], _WRITTEN.get(name, pa.string())) for name in COLUMNS})
    sink = pa.BufferOutputStream()
    csv.write_csv(table.append_column("arrival", pa.repeat(arrival, table.num_rows)), sink, _CSV)
    return memoryview(sink.getvalue())


def _transaction(row: sa.Row[*tuple[Any, ...]]) -> Transaction:
    return Transaction(
        transaction_id=row.transaction_id,
        booked_at=row.booked_at,
        from_account=row.from_account,
        to_account=row.to_account,
        amount=Money(row.amount_minor, row.currency),
        received=Money(row.received_minor, row.received_currency),
        base_minor=row.base_minor,
        channel=Channel(row.channel),
        from_country=row.from_country,
        to_country=row.to_country,
        branch=row.branch,
        reference=row.reference,
    )


def _legs(t: Transaction, mine: set[str], names: dict[str, str], evidence: dict[str, tuple[str, ...]]) -> list[Leg]:
    legs = []
    found = evidence.get(t.transaction_id, ())
    if t.to_account in mine:
        name = names.get(t.from_account, "") or _cash(t, "deposit")
        legs.append(Leg(t, t.to_account, True, t.from_account, name, t.from_country, found))
    if t.from_account in mine and t.from_account != t.to_account:
        name = names.get(t.to_account, "") or _cash(t, "withdrawal")
        legs.append(Leg(t, t.from_account, False, t.to_account, name, t.to_country, found))
    return legs


def _cash(t: Transaction, what: str) -> str:
    return f"Cash {what} · {t.branch}" if t.branch else f"Cash {what}"
