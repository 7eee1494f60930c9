"""Suppressions, and the alerts they hid."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.suppressions import Hidden, State, Suppression
from casedesk.errors import NotFound
from casedesk.store.dialects import contains, id_starts_with, stored_time, stream
from casedesk.store.tables import counters, customers, suppressed_alerts, suppressions
from casedesk.store.types import UtcDateTime

_COUNTER = "suppressions"

_BY_ID: Final = sa.select(suppressions).order_by(suppressions.c.suppression_id)
_IN_FORCE: Final = _BY_ID.where(suppressions.c.state == State.IN_FORCE.value)
_HIDDEN: Final = sa.select(suppressed_alerts).order_by(suppressed_alerts.c.suppression_id, suppressed_alerts.c.alert_id)
_STANDING: Final = _HIDDEN.where(suppressed_alerts.c.released_in.is_(None))


@cache
def _by_key(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).order_by(*table.primary_key.columns)


class NoSuchSuppression(NotFound):
    """No suppression has this id."""

    def __init__(self, suppression_id: str) -> None:
        super().__init__(
            f"There is no suppression “{suppression_id}”; “casedesk suppressions list” shows them, such as SUP-000001."
        )


@dataclass(frozen=True, slots=True)
class Count:
    """How many alerts a suppression hides now, and how many it hid once and does not any more."""

    hidden: int = 0
    released: int = 0


class SuppressionReader:
    """Reads suppressions and what they hid."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, suppression_id: str) -> Suppression:
        """Return a suppression.

        :raises NoSuchSuppression: if there is none.
        """
        found = self._those(_BY_ID.where(suppressions.c.suppression_id == suppression_id))
        if not found:
            raise NoSuchSuppression(suppression_id)
        return found[0]

    def all(self) -> tuple[Suppression, ...]:
        """Return all suppressions, the newest proposal first."""
        return self._those(_BY_ID)[::-1]

    def page(self, states: Collection[State], start: int, limit: int, search: str = "") -> tuple[Suppression, ...]:
        """Return some of those in these states that the search finds, the newest proposal first, from position ``start``."""
        query = (
            sa.select(suppressions)
            .where(suppressions.c.state.in_([state.value for state in states]), _found(search))
            .order_by(suppressions.c.suppression_id.desc())
            .offset(start)
            .limit(limit)
        )
        return tuple(_suppression(row) for row in self._connection.execute(query).mappings())

    def sizes(self, *, search: str = "", but_proposed_by: str = "") -> dict[State, int]:
        """Count the suppressions in each state that the search finds, or those that somebody else proposed."""
        number = sa.func.count().label("n")
        query = sa.select(suppressions.c.state, number).where(_found(search)).group_by(suppressions.c.state)
        if but_proposed_by:
            query = query.where(suppressions.c.proposed_by != but_proposed_by)
        return {State(row.state): row.n for row in self._connection.execute(query)}

    def in_force(self) -> tuple[Suppression, ...]:
        """Return those in force, also those whose covered days are over: what they hid stays hidden."""
        return self._those(_IN_FORCE)

    def of_customer(self, customer_id: str) -> tuple[Suppression, ...]:
        """Return a customer's suppressions, the oldest proposal first."""
        return self._those(_BY_ID.where(suppressions.c.customer_id == customer_id))

    def _those(self, query: sa.Select[Any]) -> tuple[Suppression, ...]:
        return tuple(_suppression(row) for row in self._connection.execute(query).mappings())

    def customer_names(self) -> dict[str, str]:
        """Return the names of the customers that suppressions are about, by id."""
        about = sa.select(suppressions.c.customer_id)
        query = sa.select(customers.c.customer_id, customers.c.name).where(customers.c.customer_id.in_(about))
        return {row.customer_id: row.name for row in self._connection.execute(query)}

    def counts(self, ids: Sequence[str] | None = None) -> dict[str, Count]:
        """Count what each suppression, or each of those named, hides and hid; one that hid nothing is left out."""
        query = sa.select(
            suppressed_alerts.c.suppression_id,
            sa.func.count().label("n"),
            sa.func.count(suppressed_alerts.c.released_in).label("released"),
        ).group_by(suppressed_alerts.c.suppression_id)
        if ids is not None:
            query = query.where(suppressed_alerts.c.suppression_id.in_(ids))
        return {
            row.suppression_id: Count(row.n - row.released, row.released) for row in self._connection.execute(query)
        }

    def hidden(self, suppression_id: str) -> tuple[Hidden, ...]:
        """Return what a suppression hid, the newest window first, what is not hidden any more included."""
        found = self._hidden(_HIDDEN.where(suppressed_alerts.c.suppression_id == suppression_id))
        return tuple(sorted(found, key=lambda one: (one.window_start, one.alert_id), reverse=True))

    def standing(self) -> tuple[Hidden, ...]:
        """Return everything that is hidden now."""
        return self._hidden(_STANDING)

    def _hidden(self, query: sa.Select[Any]) -> tuple[Hidden, ...]:
        return tuple(_hidden(row) for row in self._connection.execute(query).mappings())

    def projections(self) -> Iterator[dict[str, Any]]:
        """Yield every row of ``suppressions`` as it is stored, times as canonical text."""
        return self._as_stored(suppressions)

    def hidden_projections(self) -> Iterator[dict[str, Any]]:
        """Yield every row of ``suppressed_alerts`` as it is stored, times as canonical text."""
        return self._as_stored(suppressed_alerts)

    def _as_stored(self, table: sa.Table) -> Iterator[dict[str, Any]]:
        times = {column.name for column in table.columns if isinstance(column.type, UtcDateTime)}
        with closing(stream(self._connection, _by_key(table))) as rows:
            for row in rows:
                said = dict(zip(table.columns.keys(), row, strict=True))
                yield {n: stored_time(v) if n in times and v is not None else v for n, v in said.items()}


class SuppressionStore(SuppressionReader):
    """Writes suppressions and what they hid."""

    def next_id(self) -> str:
        """Take the next number: ``SUP-000001``. The ledger's lock keeps two writers apart."""
        own = counters.c.name == _COUNTER
        if self._connection.execute(sa.update(counters).where(own).values(value=counters.c.value + 1)).rowcount == 0:
            self._connection.execute(sa.insert(counters).values(name=_COUNTER, value=1))
        return f"SUP-{self._connection.execute(sa.select(counters.c.value).where(own)).scalar_one():06}"

    def insert(self, new: Suppression) -> None:
        """Store a proposal."""
        self._connection.execute(sa.insert(suppressions).values(_values(new)))

    def save(self, changed: Suppression) -> None:
        """Store what a suppression became."""
        values = _values(changed)
        own = suppressions.c.suppression_id == values.pop("suppression_id")
        self._connection.execute(sa.update(suppressions).where(own).values(values))

    def replace_hidden(self, gone: Iterable[Hidden], new: Sequence[Hidden]) -> None:
        """Put what is hidden by now in the place of what was hidden before it grew."""
        rows = [_hidden_values(one) for one in new]
        self._delete([{"s": one.suppression_id, "a": one.alert_id} for one in (*gone, *new)])
        if rows:
            self._connection.execute(sa.insert(suppressed_alerts), rows)

    def release(self, released: Sequence[Hidden], run_id: str) -> None:
        """Note that a run left these hidden no more."""
        update = sa.update(suppressed_alerts).where(
            suppressed_alerts.c.suppression_id == sa.bindparam("s"), suppressed_alerts.c.alert_id == sa.bindparam("a")
        )
        if released:
            keys = [{"s": one.suppression_id, "a": one.alert_id} for one in released]
            self._connection.execute(update.values(released_in=run_id), keys)

    def _delete(self, keys: Sequence[dict[str, str]]) -> None:
        own = sa.and_(
            suppressed_alerts.c.suppression_id == sa.bindparam("s"), suppressed_alerts.c.alert_id == sa.bindparam("a")
        )
        if keys:
            self._connection.execute(sa.delete(suppressed_alerts).where(own), keys)


def _found(search: str) -> sa.ColumnElement[bool]:
    """Find a text in the customer's name, and at the start of the suppression's, the customer's or the account's id."""
    if not search:
        return sa.true()
    called = sa.select(customers.c.customer_id).where(contains(customers.c.name, search))
    ids = (suppressions.c.suppression_id, suppressions.c.customer_id, suppressions.c.account_id)
    return sa.or_(suppressions.c.customer_id.in_(called), *(id_starts_with(one, search) for one in ids))


def _suppression(row: sa.RowMapping) -> Suppression:
    texts = {name: row[name] or "" for name in ("account_id", "decided_by", "ended_by")}
    return Suppression(**{**row, **texts, "state": State(row["state"])})


def _values(one: Suppression) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in Suppression.__slots__}
    for name in ("account_id", "decided_by", "ended_by"):
        values[name] = values[name] or None
    return {**values, "state": one.state.value}


def _hidden(row: sa.RowMapping) -> Hidden:
    values = dict(row)
    del values["transaction_count"]
    ids = tuple(json.loads(values["transaction_ids"]))
    return Hidden(**{**values, "transaction_ids": ids, "released_in": values["released_in"] or ""})


def _hidden_values(one: Hidden) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(one, name) for name in Hidden.__slots__}
    ids = json.dumps(one.transaction_ids, ensure_ascii=False, separators=(",", ":"))
    count = len(one.transaction_ids)
    return {**values, "transaction_ids": ids, "transaction_count": count, "released_in": one.released_in or None}
