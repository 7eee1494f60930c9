"""What a run of the rules reads: all that had arrived by then, or only what concerns the subjects touched since.

A subject is touched when one of its transactions, or its account, came or changed, or when a case that holds an alert of
it was closed or opened again: closed cases decide what of an alert is new; or when a suppression ended that hid an alert of
it. With it all accounts of its customer are.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.suppressions import State
from casedesk.store.about_subjects import CHUNK, About
from casedesk.store.arrivals import newest_arrival
from casedesk.store.dialects import arrow_reader, fetched
from casedesk.store.direct import Direct
from casedesk.store.tables import (
    accounts,
    alerts,
    case_events,
    customers,
    detection_findings,
    suppressed_alerts,
    suppressions,
    transactions,
)

#: Beyond so many accounts one reading of all is quicker than picking them.
_MANY: Final = 50_000

#: Below one account in so many, their transactions are looked up; above it, reading through all of them is quicker.
_FEW: Final = 50

_READ: Final = (
    "transaction_id", "booked_at", "from_account", "to_account", "base_minor", "channel", "from_country", "to_country",
    "amount_minor", "currency",
)  # fmt: skip
#: Events by which a case can close or open again.
TURNS: Final = ("disposition_set", "disposition_approved", "case_reopened", "review_failed")


@dataclass(frozen=True, slots=True)
class Since:
    """Where an earlier run stood: the newest arrival it saw, and the ledger's size when it looked."""

    arrival: int
    events: int


@dataclass(frozen=True, slots=True)
class Reached:
    """From when to when an episode of a rule on an account reaches; None where a run did not record it yet."""

    rule: str
    account_id: str
    first_at: datetime | None
    last_at: datetime | None


class RunDataReader:
    """Reads transactions and accounts into Arrow, by the database's columnar driver where it has one.

    Transactions have the columns transaction_id, booked_at (timestamp[us], UTC), from_account, to_account, base_minor
    (int64), channel, from_country, to_country, amount_minor (int64) and currency; accounts have account_id, customer_id (empty for an external account),
    opened_on (YYYY-MM-DD) and peer_group (the segment of its customer), all text.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turned: dict[tuple[Since, int], list[str]] = {}  # one transaction sees the same each time

    def newest(self) -> int:
        """Return the newest arrival."""
        return newest_arrival(self._connection)

    def transactions(self, upto: int, *, since: int | None = None, until: datetime | None = None) -> pa.Table:
        """Read the transactions that had arrived by ``upto``, after ``since``, and were booked before ``until``."""
        given = {"upto": upto, "since": since, "until": until}
        query = _transactions(since=since is not None, until=until is not None)
        return arrow_reader(self._connection, query, {name: one for name, one in given.items() if one is not None})

    def arrived(self, since: int) -> bool:
        """Say whether a transaction arrived after ``since``."""
        query = sa.select(transactions.c.transaction_id).where(transactions.c.arrival > since)
        return self._connection.execute(query.order_by(transactions.c.arrival).limit(1)).first() is not None

    def accounts(self, upto: int, *, since: int | None = None) -> pa.Table:
        """Read the accounts that had arrived by ``upto``, after ``since``, as they are now."""
        if since is None:
            return arrow_reader(self._connection, _ALL_ACCOUNTS, {"upto": upto})
        return arrow_reader(self._connection, _NEW_ACCOUNTS, {"upto": upto, "since": since})

    def first_changed(self, arrival: int) -> str:
        """Name an account that was there at ``arrival`` and has changed since; empty if none has."""
        row = _CHANGED.first(self._connection, {"arrival": arrival})
        return "" if row is None else str(row[0])

    def touched(self, since: Since, upto: int) -> dict[str, str]:
        """Return the desk's own accounts that were touched, by id, and all accounts of their customers, each with its customer."""
        return self._with_customers(_touched(since, upto))

    def turned(self, since: Since, upto: int) -> dict[str, str]:
        """Return those that were touched by something else than a transaction."""
        if not self._turned_first(since, upto):
            return {}
        return self._with_customers(_of_same_customers(sa.union(*_turned(since.arrival, since.events, upto)), upto))

    def _turned_first(self, since: Since, upto: int) -> list[str]:
        """Return the accounts of which something else than their transactions is new, and no more than are looked up one by one."""
        if (since, upto) not in self._turned:
            asked = {"arrival": since.arrival, "events": since.events, "upto": upto}
            self._turned[since, upto] = [row[0] for row in fetched(self._connection, _TURNED, asked)]
        return self._turned[since, upto]

    def stirred(self, since: Since, upto: int) -> bool:
        """Say whether something else than a transaction touched a customer who was there before."""
        # what turned is asked first: mostly nothing did, and PostgreSQL looked for it anew for each account, which took seconds
        turned = self._turned_first(since, upto)
        if len(turned) == _MANY:
            return self._there(sa.union(*_turned(since.arrival, since.events, upto)), since, upto)
        parts = (turned[start : start + CHUNK] for start in range(0, len(turned), CHUNK))
        return any(
            self._there(sa.select(accounts.c.account_id).where(accounts.c.account_id.in_(part)), since, upto)
            for part in parts
        )

    def _there(self, seeds: Any, since: Since, upto: int) -> bool:
        """Say whether a customer of the selected accounts had one before."""
        there = sa.and_(_of_same_customers(seeds, upto), accounts.c.arrival <= since.arrival)
        query = sa.select(accounts.c.account_id).where(there).limit(1)
        return self._connection.execute(query).first() is not None

    def _with_customers(self, which: sa.ColumnElement[bool]) -> dict[str, str]:
        query = sa.select(accounts.c.account_id, accounts.c.customer_id).where(which).order_by(accounts.c.account_id)
        return {row.account_id: row.customer_id for row in self._connection.execute(query)}

    def held_otherwise(self, account_ids: Collection[str], rules: Collection[str]) -> Iterator[Reached]:
        """Yield what the desk holds or hides of these accounts, and by these rules of any, where the last run did not find it just so."""
        for asked in (_HELD, _HIDDEN):
            yield from itertools.starmap(Reached, asked.rows(self._connection, account_ids, rules))

    def transactions_of_touched(self, since: Since, upto: int) -> pa.Table:
        """Read every transaction that had arrived by ``upto`` and has a touched account on a side."""
        own = sa.select(accounts.c.account_id).where(_touched(since, upto))
        read = sa.select(*(transactions.c[name] for name in _READ)).where(transactions.c.arrival <= upto)
        source, target = transactions.c.from_account, transactions.c.to_account
        if self._count(own.subquery()) * _FEW < self._count(accounts):
            query = sa.union_all(read.where(source.in_(own)), read.where(target.in_(own), source.not_in(own)))
            return arrow_reader(self._connection, sa.select(query.subquery()))
        # the texts with nothing added keep SQLite from looking up most rows one by one, each by two indexes
        return arrow_reader(self._connection, read.where(sa.or_((source + "").in_(own), (target + "").in_(own))))

    def _count(self, table: sa.FromClause) -> int:
        return self._connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()

    def named_accounts(self, upto: int, account_ids: Sequence[str]) -> pa.Table:
        """Read the accounts with these ids; where they are many, all of them."""
        if len(account_ids) > _MANY:
            return self.accounts(upto)
        parts = [
            arrow_reader(
                self._connection, _ACCOUNTS.where(accounts.c.account_id.in_(account_ids[start : start + CHUNK]))
            )
            for start in range(0, len(account_ids), CHUNK)
        ]
        return pa.concat_tables(parts) if parts else self.accounts(-1)


_ACCOUNTS: Final = sa.select(
    accounts.c.account_id, accounts.c.customer_id, accounts.c.opened_on, customers.c.segment.label("peer_group")
).select_from(accounts.outerjoin(customers))


_TRANSACTIONS: Final = sa.select(*(transactions.c[name] for name in _READ)).where(
    transactions.c.arrival <= sa.bindparam("upto")
)


@cache
def _transactions(*, since: bool, until: bool) -> sa.Select[Any]:
    query = _TRANSACTIONS
    if since:
        query = query.where(transactions.c.arrival > sa.bindparam("since"))
    if until:
        query = query.where(transactions.c.booked_at < sa.bindparam("until"))
    return query


_ALL_ACCOUNTS: Final = _ACCOUNTS.where(accounts.c.arrival <= sa.bindparam("upto"))
#: Whoever came since has changed since, and that has an index.
_NEW_ACCOUNTS: Final = _ALL_ACCOUNTS.where(
    accounts.c.arrival > sa.bindparam("since"), accounts.c.changed > sa.bindparam("since")
)
#: The least id of all would have SQLite walk through all accounts, because they are in that order.
_CHANGED: Final = Direct(
    sa.select(accounts.c.account_id)
    .where(accounts.c.arrival <= sa.bindparam("arrival"), accounts.c.changed > sa.bindparam("arrival"))
    .order_by(accounts.c.changed, accounts.c.account_id)
    .limit(1)
)


def _found_just_so(table: sa.Table) -> sa.Exists:
    found = sa.and_(
        detection_findings.c.alert_id == table.c.alert_id,
        detection_findings.c.gone_in.is_(None),
        detection_findings.c.first_at == table.c.window_start,
        detection_findings.c.last_at == table.c.window_end,
    )
    return sa.exists().where(found)


def _reached(table: sa.Table, kept: sa.ColumnElement[bool]) -> About:
    columns = ("rule", "account_id", "window_start", "window_end")
    return About(table, columns, sa.and_(kept, ~_found_just_so(table)))


#: What the desk holds, and what it hides, where the last run did not find it just so.
_HELD: Final = _reached(alerts, sa.true())
_HIDDEN: Final = _reached(suppressed_alerts, suppressed_alerts.c.released_in.is_(None))


def _touched(since: Since, upto: int) -> sa.ColumnElement[bool]:
    new = sa.and_(transactions.c.arrival > since.arrival, transactions.c.arrival <= upto)
    moved = (sa.select(side).where(new) for side in (transactions.c.from_account, transactions.c.to_account))
    return _of_same_customers(sa.union(*moved, *_turned(since.arrival, since.events, upto)), upto)


def _turned(arrival: Any, events: Any, upto: Any) -> tuple[sa.Select[Any], ...]:
    """Select the accounts of which something else than their transactions is new since an arrival and an event, or their parameters."""
    turned = sa.select(case_events.c.case_id).where(case_events.c.event_id > events, case_events.c.action.in_(TURNS))
    ended = sa.select(suppressions.c.suppression_id).where(
        suppressions.c.state == State.ENDED.value, suppressions.c.state_event > events
    )
    return (
        sa.select(accounts.c.account_id).where(accounts.c.changed > arrival, accounts.c.arrival <= upto),
        sa.select(alerts.c.account_id).where(alerts.c.case_id.in_(turned)),
        sa.select(suppressed_alerts.c.account_id).where(suppressed_alerts.c.suppression_id.in_(ended)),
    )


def _of_same_customers(seeds: Any, upto: int) -> sa.ColumnElement[bool]:
    """Take in all accounts of the customers that hold the selected ones."""
    seeds = seeds.subquery("seeds")
    holder = accounts.alias("holder")
    holders = sa.select(holder.c.customer_id).where(
        holder.c.account_id.in_(sa.select(seeds.c[0])), holder.c.customer_id.is_not(None)
    )
    return sa.and_(accounts.c.customer_id.in_(holders), accounts.c.arrival <= upto)


_TURNED: Final = sa.select(
    sa.union(*_turned(sa.bindparam("arrival"), sa.bindparam("events"), sa.bindparam("upto"))).subquery("turned").c[0]
).limit(_MANY)
