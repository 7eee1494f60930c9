"""Legs that stay in memory from one question of the model to the next, with those that were stored since.

The payments of callers who wait come one group after the other, and the parties around them are mostly the same ones. Transactions are
only ever added, each with its place among the arrivals, so whoever knows what had arrived by one of them asks for the rest alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.store.arrivals import newest_arrival
from casedesk.store.dialects import fetched
from casedesk.store.direct import Direct
from casedesk.store.near_rows import BOOKED, CHUNK, LEGS, instants, legs_of, moment, table
from casedesk.store.tables import transactions

#: Legs that are kept, 13 bytes each, where an account counts as forty of them, and the name of a party as eight: at the most 105 MiB, measured.
_MOST: Final = 2_000_000
_OF_AN_ACCOUNT, _OF_A_NAME = 40, 8
#: After so many new transactions everything is read anew: to take them up takes as long.
NEWS: Final = 2_000
#: Of more accounts at once most are asked only once; they are read as without this.
ACCOUNTS: Final = 2_000
#: So many legs of an account wait to be put together: each is several times as large until then.
_FRESH: Final = 64
#: An account is read so much further back than it is asked for, in microseconds: the next payment may be booked earlier.
_EARLIER: Final = 7 * 86_400_000_000

_EVER: Final = datetime.max.replace(tzinfo=UTC)

_Numbers = npt.NDArray[np.int64]

_READ: Final = (transactions.c.arrival, transactions.c.transaction_id)
_LAST: Final = Direct(
    sa.select(*_READ)
    .where(transactions.c.arrival <= sa.bindparam("upto"))
    .order_by(transactions.c.arrival.desc())
    .limit(1)
)
_STANDS: Final = Direct(sa.select(transactions.c.arrival).where(transactions.c.transaction_id == sa.bindparam("id")))
_NEWS: Final = (
    sa.select(*_READ, BOOKED, transactions.c.from_account, transactions.c.to_account)
    .where(transactions.c.arrival > sa.bindparam("since"), transactions.c.arrival <= sa.bindparam("upto"))
    .order_by(transactions.c.arrival)
)
#: SQL Server shows no snapshot by itself: what is stored while this reads is left to the next question's news.
_ALL: Final = legs_of(1, transactions.c.arrival <= sa.bindparam("upto"))


class _Last(NamedTuple):
    """A transaction by which a database is known again: the latest that is held, and its place among the arrivals."""

    arrival: int
    transaction_id: str


class _Account:
    """When, with whom and which way an account dealt after ``since``, in no order; and what came since that was put together."""

    __slots__ = ("at", "fresh", "other", "out", "since")

    def __init__(self, since: int, at: _Numbers, other: npt.NDArray[np.int32], out: npt.NDArray[np.bool_]) -> None:
        self.since, self.at, self.other, self.out = since, at, other, out
        self.fresh: list[tuple[int, int, bool]] = []

    def __len__(self) -> int:
        return len(self.at) + len(self.fresh)

    def put_together(self, since: int) -> None:
        """Take up what came, and let go of what lies so far back that nobody will ask."""
        at, other, out = zip(*self.fresh, strict=True)
        self.fresh = []
        self.at = np.concatenate([self.at, np.array(at, np.int64)])
        self.other = np.concatenate([self.other, np.array(other, np.int32)])
        self.out = np.concatenate([self.out, np.array(out, np.bool_)])
        if since > self.since:
            kept = self.at > since
            self.since, self.at, self.other, self.out = since, self.at[kept], self.other[kept], self.out[kept]


class KeptLegs:
    """What one process keeps of one database; for one question at a time.

    Another database, or one that was put back to an earlier state, is told by its newest transaction that it is not the one: nothing
    that was kept is used.

    :param most: legs that are kept, with what counts as some.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._forget()

    def _forget(self) -> None:
        self._accounts: dict[str, _Account] = {}  # that which was asked for last stands last
        self._legs = 0
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._upto = 0
        self._last: _Last | None = None

    def of(
        self, connection: Connection, accounts: Sequence[str], since: Sequence[int], until: Sequence[int], most: int
    ) -> pa.Table | None:
        """Return when and with whom each account dealt after its ``since`` and up to its ``until``.

        None if it has to be read otherwise: they are too many accounts, or have more legs than ``most``.
        """
        if not 0 < len(accounts) <= ACCOUNTS:
            return None
        try:
            self._follow(connection)
            if not self._filled(connection, accounts, since, most):
                return None
            told = self._told(accounts, np.array(since), np.array(until), most)
            self._make_room()
            return told
        except BaseException:
            self._forget()  # it may have taken up half of something
            raise

    def _follow(self, connection: Connection) -> None:
        """Take up what was stored since the last question."""
        upto = newest_arrival(connection)
        if self._last is None or not self._stands(connection, self._last, upto):
            self._forget()
        elif upto > self._upto:
            rows = fetched(connection, _NEWS.limit(NEWS + 1), {"since": self._upto, "upto": upto})
            if len(rows) > NEWS:
                self._forget()
            elif rows:
                self._take_up(rows)
        if self._last is None:
            found = _LAST.first(connection, {"upto": upto})
            self._last = None if found is None else _Last(*found)
        self._upto = upto

    @staticmethod
    def _stands(connection: Connection, last: _Last, upto: int) -> bool:
        found = _STANDS.first(connection, {"id": last.transaction_id})
        return found is not None and int(found[0]) == last.arrival <= upto

    def _take_up(self, rows: Sequence[tuple[Any, ...]]) -> None:
        booked = instants([row[2] for row in rows]).cast(pa.int64()).to_pylist()
        for (*_, source, target), at in zip(rows, booked, strict=True):
            for mine, its, out in ((source, target, True), (target, source, False)):
                held = self._accounts.get(mine)
                if its and held is not None:
                    held.fresh.append((at, self._number(its), out))
                    self._legs += 1
                    if len(held.fresh) >= _FRESH:
                        held.put_together(held.since)
        self._last = _Last(*rows[-1][:2])

    def _number(self, name: str) -> int:
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = len(self._names)
            self._names.append(name)
        return found

    def _filled(self, connection: Connection, accounts: Sequence[str], since: Sequence[int], most: int) -> bool:
        """Read those of the accounts that are not held far enough back."""
        lacking = [
            (begin, account)
            for account, begin in zip(accounts, since, strict=True)
            if (held := self._accounts.get(account)) is None or held.since > begin
        ]
        if not lacking:
            return True
        begin = max(min(lacking)[0] - _EARLIER, np.iinfo(np.int64).min + _EARLIER)
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(lacking), CHUNK):
            part = [account for _, account in lacking[start : start + CHUNK]]
            given = {"accounts_0": part, "since_0": moment(begin), "until_0": _EVER, "upto": self._upto}
            found += fetched(connection, _ALL.limit(most - len(found) + 1), given)
            if len(found) > most:
                return False
        self._hold([account for _, account in lacking], begin, table(found, LEGS))
        return True

    def _hold(self, names: Sequence[str], since: int, legs: pa.Table) -> None:
        """Keep the legs of some accounts, in place of what is held of them."""
        mine = np.asarray(pc.index_in(legs["account"], pa.array(names, pa.string())), np.int64)
        order = mine.argsort(kind="stable")
        edges = mine[order].searchsorted(np.arange(len(names) + 1))
        others = legs["other"].combine_chunks().dictionary_encode()
        numbers = np.array([self._number(name) for name in others.dictionary.to_pylist()], np.int32)
        other = numbers[np.asarray(others.indices)][order] if len(order) else np.zeros(0, np.int32)
        at = np.asarray(legs["booked_at"].cast(pa.int64()), np.int64)[order]
        out = np.asarray(legs["out"], np.bool_)[order]
        for number, name in enumerate(names):
            self._let_go(name)
            part = slice(edges[number], edges[number + 1])
            # copies: a view would keep all that was read with it for as long as this account is kept
            self._accounts[name] = _Account(since, at[part].copy(), other[part].copy(), out[part].copy())
        self._legs += len(order)

    def _let_go(self, name: str) -> None:
        held = self._accounts.pop(name, None)
        if held is not None:
            self._legs -= len(held)

    def _told(self, accounts: Sequence[str], since: _Numbers, until: _Numbers, most: int) -> pa.Table | None:
        held = []
        for name, begin in zip(accounts, since.tolist(), strict=True):
            one = self._accounts.pop(name)
            if one.fresh:
                before = len(one)
                one.put_together(begin - _EARLIER)
                self._legs += len(one) - before
            self._accounts[name] = one
            held.append(one)
        account = np.repeat(np.arange(len(held), dtype=np.int32), [len(one.at) for one in held])
        at = np.concatenate([one.at for one in held])
        kept = np.flatnonzero((at > since[account]) & (at <= until[account]))
        if len(kept) > most:
            return None
        others, other = np.unique(np.concatenate([one.other for one in held])[kept], return_inverse=True)
        names = pa.array([self._names[number] for number in others.tolist()], pa.string())
        columns = [
            pa.DictionaryArray.from_arrays(account[kept], pa.array(accounts, pa.string())),
            pa.DictionaryArray.from_arrays(other.astype(np.int32), names),
            np.concatenate([one.out for one in held])[kept].astype(np.int8),
            pa.array(at[kept]).cast(LEGS.field("booked_at").type),
        ]
        return pa.table(columns, LEGS.names)

    def _make_room(self) -> None:
        """Let those go that were not asked for the longest."""
        if len(self._names) > self._most // _OF_A_NAME:
            self._forget()
        while self._legs + _OF_AN_ACCOUNT * len(self._accounts) > self._most:
            self._let_go(next(iter(self._accounts)))
