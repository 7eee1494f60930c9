"""Exposure by an engine of tables: its sums over payments, the formula's last step here, and the payments that explain a score."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table

from casedesk.scoring import joins
from casedesk.scoring.exposure import Exposure, Side, Traced, exposed
from casedesk.scoring.graph import Flags, Floats, Graph, Places, in_time, parties_of, place_of, received, sent
from casedesk.scoring.parameters import ExposureParameters

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SIDES: Final = {Side.RECEIVED: joins.RECEIVED, Side.SENT: joins.SENT}


class Engine(Protocol):
    """Whatever holds the transactions as the table ``joins.GIVEN`` and works expressions out."""

    def show(self, name: str, table: pa.Table) -> None:
        """Let expressions read a table by name."""

    def keep(self, name: str, expression: Table) -> None:
        """Work an expression out once, for those that read it by name."""

    def drop(self, name: str) -> None:
        """Forget what was kept."""

    def arrow(self, expression: Table) -> pa.Table:
        """Return the rows of an expression."""


class JoinedPayments:
    """Payments in an engine, with their parties numbered here: parties must fit this process, payments need not."""

    def __init__(self, engine: Engine, holders: Mapping[str, str] | None = None) -> None:
        """Number the parties.

        :param holders: as for ``Graph.of``.
        """
        self._engine = engine
        self._accounts = engine.arrow(joins.accounts())["account"].cast(pa.string()).combine_chunks()
        self.names, self._place = parties_of(self._accounts, holders)
        when = engine.arrow(joins.span())
        self._first, self._last = (when[name][0].as_py() or 0 for name in ("first", "last"))

    @property
    def last_booking(self) -> datetime:
        """When the last transaction was; 1970 without any."""
        return _EPOCH + timedelta(microseconds=self._last)

    def places(self, parties: frozenset[str]) -> Flags:
        """Say of every party whether it is one of these."""
        return np.asarray(pc.is_in(self.names, pa.array(sorted(parties), pa.string())), np.bool_)

    def exposure(
        self,
        listed: frozenset[str],
        now: datetime,
        parameters: ExposureParameters | None = None,
        about: str | None = None,
    ) -> Exposure:
        """Compute the exposure of every party, as ``exposure.exposure`` does but for the last digits.

        :param about: the party that ``explain`` will be asked about: the graph then holds the payments on ways between it and
            listed parties. Without one it holds none.
        """
        parameters = parameters or ExposureParameters()
        flags = self.places(listed)
        rows = self._worked_out(flags, now, parameters)
        hops = len(parameters.hop_weights)
        sums = self._engine.arrow(joins.masses(rows, hops))
        place = place_of(about, self.names) if about else None
        payments = self._ways(rows, hops, flags, place)
        self._engine.drop(rows.get_name())
        graph, numbers = _graph(self.names, payments)
        traced = {
            side: _traced(graph, numbers, side, _of(side, sums), _of(side, payments), parameters) for side in _SIDES
        }
        return exposed(graph, flags, parameters, traced)

    def _worked_out(self, flags: Flags, now: datetime, parameters: ExposureParameters) -> Table:
        columns = {"account": self._accounts, "party": self._place, "listed": flags[self._place]}
        self._engine.show(joins.PLACES.get_name(), pa.table(columns))
        span = joins.Span(self._first, self._last, now.timestamp() * 1e6)
        before = ""
        found = joins.PLACES
        for name, step in joins.steps(parameters, span):
            self._engine.keep(name, step)
            if before:
                self._engine.drop(before)
            before, found = name, joins.standing(name, step)
        return found

    def _ways(self, rows: Table, hops: int, flags: Flags, party: int | None) -> pa.Table:
        """Follow the payments that lead from a party to listed ones, hop by hop."""
        asked = pa.table({
            "side": pa.array(list(_SIDES.values()) if party is not None else [], pa.int64()),
            "party": pa.array([party] * len(_SIDES) if party is not None else [], pa.int64()),
        })  # fmt: skip
        found = joins.ways(rows, hops)
        pieces = [found.schema().to_pyarrow().empty_table()]
        seen = asked
        for _ in range(hops):
            if not asked.num_rows:
                break
            self._engine.show(joins.ASKED.get_name(), asked)
            pieces.append(self._engine.arrow(found).cast(pieces[0].schema))
            givers = pieces[-1].filter(pc.equal(pieces[-1]["behind"], 0.0)).select(["side", "giver"])
            asked = givers.rename_columns(["side", "party"]).group_by(["side", "party"]).aggregate([])
            asked = asked.join(seen, ["side", "party"], join_type="left anti").combine_chunks()
            seen = pa.concat_tables([seen, asked.select(["side", "party"])])
        return pa.concat_tables(pieces)


def _of(side: Side, rows: pa.Table) -> pa.Table:
    return rows.filter(pc.equal(rows["side"], _SIDES[side]))


def _graph(names: pa.Array, payments: pa.Table) -> tuple[Graph, Places]:
    """Return the payments that came on either side as a graph, and the number of each of them in the engine."""
    numbers, first = np.unique(payments["row"].to_numpy(), return_index=True)
    once = payments.take(pa.array(first))
    against = once["side"].to_numpy() == joins.SENT
    giver, taker, t = (once[name].to_numpy() for name in ("giver", "taker", "t"))
    payer, payee, at = np.where(against, taker, giver), np.where(against, giver, taker), np.where(against, -t, t)
    amount, ids = once["amount"].to_numpy(), once["transaction_id"]
    order = in_time(at, payer * len(names) + payee, amount.astype(np.int64), ids, np.arange(len(at)))
    ids = ids.take(pa.array(order)).combine_chunks()
    return Graph(names, payer[order], payee[order], amount[order], at[order], ids), numbers[order]


def _traced(
    graph: Graph, numbers: Places, side: Side, sums: pa.Table, payments: pa.Table, parameters: ExposureParameters
) -> Traced:
    """Lay what the engine worked out in the places where ``explain`` looks for it."""
    flow = (received if side is Side.RECEIVED else sent)(graph)
    place = pc.fill_null(pc.index_in(pa.array(numbers[flow.payment]), payments["row"].combine_chunks()), -1)

    def of_payments(name: str) -> Floats:
        return np.append(payments[name].to_numpy(), 0.0)[np.asarray(place, np.int64)]

    def of_parties(name: str) -> Floats:
        found = np.zeros(len(graph.names))
        found[sums["party"].to_numpy()] = sums[name].to_numpy()
        return found

    hops = len(parameters.hop_weights)
    depths = [[way for way in joins.lengths(hops) if way[0] == depth] for depth in range(hops)]
    return Traced(
        flow,
        tuple((of_payments("behind"), *(of_payments(joins.share(*way)) for way in ways)) for ways in depths),
        of_parties("clean") + parameters.reference_minor,
        tuple((of_parties("nearest"), *(of_parties(joins.mass(*way)) for way in ways)) for ways in depths),
        of_payments("aged"),
        of_payments("lagged"),
    )
