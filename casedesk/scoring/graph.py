"""Who paid whom, when and how much, as arrays in an order that does not depend on that of the rows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Graph:
    """Payments between different parties.

    ``names`` are the parties, sorted; ``payer`` and ``payee`` are places in it. The payments lie in the order of time, payer,
    payee, amount and transaction id, so that the same payments give the same arrays however they came. Amounts are minor
    units of the base currency, times microseconds since 1970. Left out are payments of a party to itself, which move nothing
    between parties, and cash: who brings it or takes it away is nobody's account, and would else join all who ever used any.
    """

    names: pa.Array
    payer: Places
    payee: Places
    amount: Floats
    at: Places
    ids: pa.Array

    @classmethod
    def of(cls, transactions: pa.Table, holders: Mapping[str, str] | None = None) -> Graph:
        """Build it from transactions with the columns that rules read.

        :param holders: the party that stands for an account; an account that is not in it stands for itself. None makes every
            account a party of its own.
        """
        sides = [_coded(transactions[column]) for column in ("from_account", "to_account")]
        accounts = pc.unique(pa.concat_arrays([side.dictionary for side in sides]))
        accounts = accounts.filter(pc.not_equal(accounts, "")).drop_null()
        accounts = accounts.take(pc.sort_indices(accounts))
        names, place = parties_of(accounts, holders)
        payer, payee = (_places(side, accounts, place) for side in sides)
        between = np.flatnonzero((payer != payee) & (payer >= 0) & (payee >= 0))
        # a payer's and a payee's place in one number, so that there is one key less to sort by
        pair = payer[between] * len(names) + payee[between]
        amount = transactions["base_minor"].to_numpy()[between]
        at = _microseconds(transactions["booked_at"])[between]
        ids = transactions["transaction_id"].cast(pa.string())
        order = in_time(at, pair, amount, ids, between)
        rows = between[order]
        return cls(
            names=names,
            payer=payer[rows],
            payee=payee[rows],
            amount=amount[order].astype(np.float64),
            at=at[order],
            ids=ids.take(pa.array(rows)).combine_chunks(),
        )

    def place(self, party: str) -> int | None:
        """Return where a party stands in ``names``, or None."""
        return place_of(party, self.names)

    def places(self, parties: frozenset[str]) -> Flags:
        """Say of every party whether it is one of these."""
        return np.asarray(pc.is_in(self.names, pa.array(sorted(parties), pa.string())), np.bool_)


def parties_of(accounts: pa.Array, holders: Mapping[str, str] | None) -> tuple[pa.Array, Places]:
    """Return the names of the parties of some accounts, sorted, and the place of each account's party among them."""
    parties = accounts if holders is None else pa.array([holders.get(a, a) for a in accounts.to_pylist()], pa.string())
    names = pc.unique(parties)
    names = names.take(pc.sort_indices(names))
    return names, np.asarray(pc.index_in(parties, names), np.int64)


def place_of(party: str, names: pa.Array) -> int | None:
    """Return where a party stands in sorted names, or None.

    It is looked up by halves: Arrow's own look-up would first put all names into a table, for the one that is asked for. Arrow sorts
    texts by their UTF-8 and Python compares them by code points, which is the same order.
    """
    place = bisect_left(names, party, key=lambda name: name.as_py())
    return place if place < len(names) and names[place].as_py() == party else None


def _coded(column: Any) -> pa.DictionaryArray:
    """Return a column as one array of places in a dictionary of texts; what a copy keeps is in that form already."""
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    column = column.unify_dictionaries()
    if column.num_chunks == 0:
        return pa.array([], pa.string()).dictionary_encode()
    whole = column.combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    return whole.cast(pa.dictionary(whole.type.index_type, pa.string()))


def _places(side: pa.DictionaryArray, accounts: pa.Array, place: Places) -> Places:
    """Return the party of each row, -1 where there is none."""
    known = np.asarray(pc.fill_null(pc.index_in(side.dictionary, accounts), -1), np.int64)
    by_code = np.append(np.where(known >= 0, np.append(place, -1)[known], -1), -1)
    return np.asarray(by_code[np.asarray(pc.fill_null(side.indices, len(by_code) - 1), np.int64)], np.int64)


def in_time(at: Places, pair: Places, amount: Places, ids: pa.ChunkedArray, rows: Places) -> Places:
    """Return the order of payments by time, pair, amount and id. Only those of one instant are sorted by more than time."""
    order = _sorted_by(at)
    same = np.diff(at[order]) == 0
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    if not len(tied):
        return order
    some = order[tied]
    by_all = np.lexsort((amount[some], pair[some], at[some]))
    some = some[by_all]
    alike = (np.diff(at[some]) == 0) & (np.diff(pair[some]) == 0) & (np.diff(amount[some]) == 0)
    if alike.any():  # the same amount between the same parties at the same instant: the ids decide, as texts
        twins = np.flatnonzero(np.append(alike, False) | np.insert(alike, 0, False))
        group = np.cumsum(~np.insert(alike, 0, False))[twins]
        texts = ids.take(pa.array(rows[some[twins]]))
        keys = pa.table({"group": group, "id": texts})
        some[twins] = some[twins][
            np.asarray(pc.sort_indices(keys, sort_keys=[("group", "ascending"), ("id", "ascending")]))
        ]
    order[tied] = some
    return order


def _sorted_by(key: Places) -> Places:
    """Return the stable order by a key of whole numbers.

    Sorting numbers that carry their places is quicker than sorting places; where both have room in 64 bits, it is done so.
    """
    if not len(key):
        return np.zeros(0, np.int64)
    low, high = int(key.min()), int(key.max())
    unit = int(np.gcd.reduce(key - low)) or 1
    if (high - low) // unit >= (1 << 62) // len(key):
        return np.argsort(key, kind="stable")
    carrying = (key - low) // unit * len(key) + np.arange(len(key))
    carrying.sort()
    return carrying % len(key)


@dataclass(frozen=True, slots=True)
class Flow:
    """The payments seen in one direction: each comes from ``giver`` and reaches ``taker``. They lie by taker, and there by time.

    Along the money a giver is a payer. Against it, all is turned round, time included: then what a party paid is what reached
    it, and “before” means later. So one formula serves both.

    :ivar payment: the place of each in the graph.
    :ivar at: when each was, in microseconds since 1970.
    :ivar first: where each party's begin; one more at the end.
    :ivar end: when the last of this flow was, in time as it goes here.
    :ivar last: for each, the place of the last that had reached its giver by then, those of the same instant included; -1 where
        there is none.
    """

    payment: Places
    giver: Places
    taker: Places
    amount: Floats
    at: Places
    end: int
    first: Places
    last: Places

    def reached(self, party: int) -> Places:
        """Return what reached a party."""
        return np.arange(self.first[party], self.first[party + 1])

    def reached_before(self, place: int) -> Places:
        """Return what had reached the giver of a payment by then."""
        return np.arange(self.first[self.giver[place]], self.last[place] + 1)


def received(graph: Graph) -> Flow:
    """Return the flow along the money: where what a party got came from."""
    return _flow(graph, graph.payer, graph.payee, np.arange(len(graph.at)))


def sent(graph: Graph) -> Flow:
    """Return the flow against the money: where what a party paid went on to."""
    return _flow(graph, graph.payee, graph.payer, np.arange(len(graph.at))[::-1])


def _flow(graph: Graph, giver: Places, taker: Places, in_time: Places) -> Flow:
    """Put the payments in the order in which they reach parties.

    :param in_time: the payments as they follow each other in this flow.
    """
    at = graph.at[in_time]
    rank = np.cumsum(np.diff(at, prepend=at[:1]) != 0)
    giver, taker = giver[in_time], taker[in_time]
    by_taker, by_giver = _sorted_by(taker), _sorted_by(giver)
    span = len(at) + 1
    when = taker[by_taker] * span + rank[by_taker]
    # Looked up in their own order, the answers lie beside each other in memory.
    until = np.empty_like(giver)
    until[by_giver] = np.searchsorted(when, giver[by_giver] * span + rank[by_giver], side="right")
    giver, taker, until = giver[by_taker], taker[by_taker], until[by_taker]
    first = np.searchsorted(taker, np.arange(len(graph.names) + 1))
    last = np.where(until > first[giver], until - 1, -1)
    payment = in_time[by_taker]
    return Flow(payment, giver, taker, graph.amount[payment], graph.at[payment], int(at[-1:].sum()), first, last)


def _microseconds(column: pa.ChunkedArray) -> Places:
    return np.asarray(column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).to_numpy(), np.int64)
