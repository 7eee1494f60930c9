"""Reads from DuckDB what tells whether a path may end with something new, once for all rules along paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from casedesk.detection.joints import Numbers, Parties
from casedesk.detection.keying import NAMED
from casedesk.detection.lately import MOST, Lately

_PARTIES: Final = f"SELECT account, lead, own FROM {NAMED.get_name()}"

#: The transfers with an account on both sides.
_PAID: Final = "FROM all_keyed WHERE from_key <> 0 AND to_key <> 0"
_BOOKED: Final = f'{_PAID} AND "at" >= {{first}}'
_READ: Final = 'SELECT "row", "at", base_minor, from_key, to_key, channel'

#: Where more are held than so many times as many as were read, those of long ago are let go of.
_GROWN: Final = 2
_ALWAYS_HELD: Final = 20_000


def parties_in(connection: duckdb.DuckDBPyConnection) -> Parties:
    """Return all accounts: to look them up here takes less time than to have DuckDB join them."""
    return Parties.of(*_parties(connection.sql(f"{_PARTIES} ORDER BY account")))


def parties_with(connection: duckdb.DuckDBPyConnection, parties: Parties, account_ids: Sequence[str]) -> Parties:
    """Return all accounts once these came, none of whom leads one that was there."""
    asked = f"{_PARTIES} WHERE account_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY account"
    return parties.with_more(*_parties(connection.sql(asked, params=[list(account_ids)])))


def _parties(found: duckdb.DuckDBPyRelation) -> Iterator[Numbers]:
    return (column.to_numpy().astype(np.int64) for column in found.to_arrow_table().columns)


class Recent:
    """The transfers of the last weeks as long as data is loaded, brought up with what was added to it.

    ``all_keyed`` has a number for each row, and what comes later has higher ones.
    """

    def __init__(self) -> None:
        self._lately: Lately | None = None
        self._read = 0

    def forget(self) -> None:
        """Hold nothing, because somebody is led by another account than before."""
        self._lately = None

    def brought_up(
        self,
        connection: duckdb.DuckDBPyConnection,
        parties: Parties,
        first: int,
        reach: int,
        rows: int = 0,
        waiting: Callable[[int], Sequence[pa.Table]] = lambda _: (),
    ) -> Lately | None:
        """Return what was booked from a moment on and some more; None where that is too much.

        :param reach: how long that is before what is new, in microseconds: half of it more is read, so that what comes a little late
            does not ask for everything again.
        :param rows: how many rows ``all_keyed`` has; 0 where none are added to it.
        :param waiting: returns the transfers beside them, from a number on.
        """
        from_ = first - reach // 2
        if self._lately is None or self._lately.first > first:
            self._lately = self._anew(connection, parties, from_)
        elif self._lately.upto < rows:
            self._lately.take(_table(connection, f'{_PAID} AND "row" >= {self._lately.upto}'), parties)
            self._lately.upto = rows
        if self._lately is None:
            return None
        for part in waiting(self._lately.upto):
            self._lately.take(part, parties)
        if len(self._lately) > min(_GROWN * self._read + _ALWAYS_HELD, MOST):
            self._lately.let_go(from_)
            self._read = len(self._lately)
            if len(self._lately) > MOST:
                self._lately = None
        return self._lately

    def _anew(self, connection: duckdb.DuckDBPyConnection, parties: Parties, first: int) -> Lately | None:
        booked = _BOOKED.format(first=first)
        number, newest = connection.execute(f'SELECT count(*), (SELECT max("row") FROM all_keyed) {booked}').fetchall()[
            0
        ]
        if number > MOST:
            return None
        lately = Lately(first, 0 if newest is None else newest + 1)
        lately.take(_table(connection, booked), parties)
        self._read = len(lately)
        return lately


def _table(connection: duckdb.DuckDBPyConnection, which: str) -> pa.Table:
    return connection.sql(f"{_READ} {which}").to_arrow_table()
