"""The transfers of the last weeks in memory, in the order of whom they reached: what came to somebody is found without a statement.

To ask an engine takes milliseconds however little there is to find, and a way of a dozen hops asks a dozen times.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from casedesk.detection.joints import Numbers, Parties, Places, Transfers

#: More transfers than these, some 30 bytes each, are not held.
MOST: Final = 2_000_000
#: So many of those that came last stand beside the others, before they are put among them.
_APART: Final = 4_096


Whole: TypeAlias = npt.NDArray[Any]


class _Rows(NamedTuple):
    """Transfers by columns; who leads each side, and the account that paid, by their keys."""

    target: Whole
    source: Whole
    payer: Whole
    at: Whole
    minor: Whole
    channel: Whole

    @classmethod
    def none(cls) -> _Rows:
        """Return none at all."""
        keys = np.empty(0, np.int32)
        return _Rows(keys, keys, keys, np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int16))

    def at_places(self, places: Places) -> _Rows:
        """Return those at some places."""
        return _Rows(*(column[places] for column in self))

    def beside(self, others: _Rows) -> _Rows:
        """Return them with others behind them."""
        return _Rows(*(np.concatenate(columns) for columns in zip(self, others, strict=True)))

    def among(self, others: _Rows) -> _Rows:
        """Return them with others, in the order of whom they reached, as these are."""
        others = others.at_places(np.argsort(others.target, kind="stable"))
        if not len(self.at):
            return others
        places = np.searchsorted(self.target, others.target, side="right")
        return _Rows(*(np.insert(column, places, more) for column, more in zip(self, others, strict=True)))


class Lately:
    """All transfers from one party to another that were booked from ``first`` on, in microseconds since 1970 UTC.

    ``upto`` is the number of the next transaction: those before it were taken in. Who leads an account must stay as it is.
    """

    def __init__(self, first: int, upto: int = 0) -> None:
        self.first, self.upto = first, upto
        self._rows, self._apart = _Rows.none(), _Rows.none()
        self._words: list[str] = []

    def __len__(self) -> int:
        return len(self._rows.at) + len(self._apart.at)

    def take(self, table: pa.Table, parties: Parties) -> None:
        """Take in transactions, with an account on each side.

        :param table: has the columns row, at, base_minor, from_key, to_key and channel.
        :param parties: all accounts by now.
        """
        if not table.num_rows:
            return
        numbers = {name: table[name].to_numpy() for name in ("row", "at", "base_minor", "from_key", "to_key")}
        self.upto = max(self.upto, int(numbers["row"].max()) + 1)
        source, target = (parties.lead[parties.places(numbers[name])] for name in ("from_key", "to_key"))
        kept = np.flatnonzero((source != target) & (numbers["at"] >= self.first))
        came = _Rows(
            parties.account[target[kept]].astype(np.int32), parties.account[source[kept]].astype(np.int32),
            numbers["from_key"][kept].astype(np.int32), numbers["at"][kept].astype(np.int64),
            numbers["base_minor"][kept].astype(np.int64), self._coded(table["channel"])[kept],
        )  # fmt: skip
        self._apart = self._apart.beside(came)
        if len(self._apart.at) > _APART:
            self._rows, self._apart = self._rows.among(self._apart), _Rows.none()

    def _coded(self, channels: pa.ChunkedArray) -> Numbers:
        coded = channels.combine_chunks().dictionary_encode()
        words: list[str] = coded.dictionary.to_pylist()
        self._words += [word for word in words if word not in self._words]
        return np.array([self._words.index(word) for word in words], np.int16)[np.asarray(coded.indices)]

    def let_go(self, first: int) -> None:
        """Hold no more than what was booked from a moment on; what was never held does not come by it."""
        self.first = max(self.first, first)
        self._rows, self._apart = (
            rows.at_places(np.flatnonzero(rows.at >= first)) for rows in (self._rows, self._apart)
        )

    def late(self, parties: Parties, since: int) -> Transfers:
        """Return all that was booked from a moment on."""
        return self._told(
            parties, *(rows.at_places(np.flatnonzero(rows.at >= since)) for rows in (self._rows, self._apart))
        )

    def around(self, parties: Parties) -> LatelyAround:
        """Return what tells of single parties."""
        return LatelyAround(self, parties)

    def paid(self, parties: Parties, leads: Places, first: int) -> Transfers:
        """Return what came to some parties, by who leads them, from a moment on."""
        keys = parties.account[leads]
        begin, end = (np.searchsorted(self._rows.target, keys.astype(np.int32), side) for side in ("left", "right"))
        number = end - begin
        places = np.arange(int(number.sum())) + np.repeat(begin - (np.cumsum(number) - number), number)
        there = self._rows.at_places(places[self._rows.at[places] >= first])
        beside = np.flatnonzero((self._apart.at >= first) & np.isin(self._apart.target, keys))
        return self._told(parties, there, self._apart.at_places(beside))

    def sent(self, parties: Parties, leads: Places, first: int) -> Transfers:
        """Return what some parties sent from a moment on, which is not long ago: it walks through all of that."""
        keys, parts = parties.account[leads], []
        for rows in (self._rows, self._apart):
            late = np.flatnonzero(rows.at >= first)
            parts.append(rows.at_places(late[np.isin(rows.source[late], keys)]))
        return self._told(parties, *parts)

    def _told(self, parties: Parties, there: _Rows, beside: _Rows) -> Transfers:
        rows = there.beside(beside)
        source, target = parties.places(rows.source), parties.places(rows.target)
        return Transfers(
            rows.at, rows.minor, source, target, rows.payer, parties.own[source], parties.own[target], rows.channel,
            tuple(self._words),
        )  # fmt: skip


class LatelyAround(NamedTuple):
    """The transfers around others, as ``joints`` asks for them."""

    lately: Lately
    parties: Parties

    def paid(self, leads: Places, first: int) -> Transfers:
        """Return what came to some parties from a moment on."""
        return self.lately.paid(self.parties, leads, first)

    def sent(self, leads: Places, first: int) -> Transfers:
        """Return what some parties sent from a moment on."""
        return self.lately.sent(self.parties, leads, first)
