"""Who paid whom, when and how much, as arrays in an order that does not depend on that of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
    units of the base currency, times microseconds since 1970. Payments of a party to itself are left out: they move nothing
    between parties.
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
        sides = [_plain(transactions[column]) for column in ("from_account", "to_account")]
        accounts = pc.unique(pa.chunked_array([*sides[0].chunks, *sides[1].chunks], pa.string()))
        accounts = accounts.take(pc.sort_indices(accounts))
        parties = (
            accounts if holders is None else pa.array([holders.get(a, a) for a in accounts.to_pylist()], pa.string())
        )
        names = pc.unique(parties)
        names = names.take(pc.sort_indices(names))
        place = np.asarray(pc.index_in(parties, names), np.int64)
        payer, payee = (place[np.asarray(pc.index_in(side, accounts), np.int64)] for side in sides)
        columns = {
            "payer": payer,
            "payee": payee,
            "amount": transactions["base_minor"].to_numpy(),
            "at": _microseconds(transactions["booked_at"]),
        }
        table = pa.table({**columns, "id": _plain(transactions["transaction_id"])})
        table = table.filter(pa.array(payer != payee))
        table = table.sort_by([(name, "ascending") for name in ("at", "payer", "payee", "amount", "id")])
        return cls(
            names=names,
            payer=table["payer"].to_numpy(),
            payee=table["payee"].to_numpy(),
            amount=table["amount"].to_numpy().astype(np.float64),
            at=table["at"].to_numpy(),
            ids=table["id"].combine_chunks(),
        )

    def place(self, party: str) -> int | None:
        """Return where a party stands in ``names``, or None."""
        found: int | None = pc.index_in(pa.scalar(party, pa.string()), self.names).as_py()
        return found

    def places(self, parties: frozenset[str]) -> Flags:
        """Say of every party whether it is one of these."""
        return np.asarray(pc.is_in(self.names, pa.array(sorted(parties), pa.string())), np.bool_)


@dataclass(frozen=True, slots=True)
class Flow:
    """The payments seen in one direction: each comes from ``giver`` and reaches ``taker``, and ``after`` orders them.

    Along the money a giver is a payer. Against it, all is turned round, time included: then what a party paid is what reached
    it, and “before” means later. So one formula serves both.

    :ivar age: how many days before now each payment was.
    :ivar lag: how many days before the last payment of this flow it comes; the first payment of a way has the longest.
    :ivar by_taker: the payments by the party they reach, and there by time.
    :ivar first: where in ``by_taker`` each party's begin; one more at the end.
    :ivar until: for each payment, up to which place in ``by_taker`` lies what had reached its giver by then.
    """

    giver: Places
    taker: Places
    age: Floats
    lag: Floats
    by_taker: Places
    first: Places
    until: Places


def received(graph: Graph, now: datetime) -> Flow:
    """Return the flow along the money: where what a party got came from."""
    return _flow(graph.payer, graph.payee, graph.at, np.arange(len(graph.at)), _age(graph.at, now), len(graph.names))


def sent(graph: Graph, now: datetime) -> Flow:
    """Return the flow against the money: where what a party paid went on to."""
    backwards = np.arange(len(graph.at))[::-1]
    return _flow(graph.payee, graph.payer, graph.at, backwards, _age(graph.at, now), len(graph.names))


def _flow(giver: Places, taker: Places, at: Places, in_time: Places, age: Floats, parties: int) -> Flow:
    """Put the payments in the order in which they reach parties.

    :param in_time: the payments as they follow each other in this flow.
    """
    ordered = at[in_time]
    rank = np.empty_like(at)
    rank[in_time] = np.cumsum(np.diff(ordered, prepend=ordered[:1]) != 0)
    span = len(at) + 1
    by_taker = in_time[np.argsort(taker[in_time], kind="stable")]
    # Looked up in their own order, the answers lie beside each other in memory.
    by_giver = in_time[np.argsort(giver[in_time], kind="stable")]
    reached = taker[by_taker] * span + rank[by_taker]
    until = np.empty_like(giver)
    until[by_giver] = np.searchsorted(reached, giver[by_giver] * span + rank[by_giver], side="right")
    first = np.searchsorted(taker[by_taker], np.arange(parties + 1))
    lag = np.abs(ordered[-1:].sum() - at) / 86_400e6
    return Flow(giver, taker, age, lag, by_taker, first, until)


def _age(at: Places, now: datetime) -> Floats:
    """Return how many days before ``now`` each payment was; none is younger than now."""
    return np.maximum(now.timestamp() - at / 1e6, 0.0) / 86_400


def _plain(column: Any) -> pa.ChunkedArray:
    return column.cast(pa.string())


def _microseconds(column: pa.ChunkedArray) -> Places:
    return np.asarray(column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).to_numpy(), np.int64)
