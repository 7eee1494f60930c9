"""The features' own expressions over few rows, without an engine that has to plan them.

DuckDB takes some fifty milliseconds for the features of one payment, nearly whatever it is shown: it plans each stage and sets up each
window anew. Here the expressions become a list of steps, once a process, and each step is a numpy call over some hundreds of rows, or
thousands, and mostly only over those that the features asked for are made of (``few_tables``). No feature is defined a second time: what is
no expression of ``features`` cannot be computed here, and an expression of an unknown kind stops the making of the steps. Tests hold both
to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import ibis.expr.operations as ops
import numpy as np
import numpy.typing as npt

from casedesk.modelling.features import STAGES, Part, parts
from casedesk.modelling.few_relations import RELATIONS
from casedesk.modelling.few_tables import Cell, Column, NoStep, Places, Rows, Step, given
from casedesk.modelling.few_values import VALUES
from casedesk.modelling.payments import PAYMENTS, Payments

_MAKERS: Final = {**VALUES, **RELATIONS}
#: Of so many payments an engine takes longer still: 1.8 s for 66,000 around 4,000 that are asked for, with reading them, and this 1.2.
FEW: Final = 60_000
#: What a sum of so many amounts has room for in 64 bits.
_ROOM: Final = 2**62


def fits(payments: Payments) -> bool:
    """Say whether so few payments are best taken here, and their sums exact in 64 bits."""
    count = payments.table.num_rows
    if not 0 < count <= FEW:
        return False
    return int(payments.table["amount"].to_numpy().max()) < _ROOM // (2 * count)


def worked_out(payments: Payments, asked: Places) -> list[tuple[Part, Mapping[str, npt.NDArray[Any]]]]:
    """Return each part of the matrix with its rows for some payments, numbered from 0 in the order of ``asked``.

    :param asked: the places of payments, each once.
    :raises TooManyPairs: if a window is so full that an engine is quicker.
    """
    steps, wanted = _plan()
    table = Rows(payments.table.num_rows, {name: given(payments.table[name].to_numpy()) for name in PAYMENTS.columns})
    number = np.full(table.size, -1, np.int64)
    number[asked] = np.arange(len(asked))
    cells: list[Cell] = [table]
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            for step in steps:
                cells.append(step(cells))
            return [(part, _shown(cells[place], number)) for part, place in wanted]
    finally:
        cells.clear()  # cells know each other by this list: in circles, some 4,000 objects would wait for the collector, and then for long


def _shown(rows: Rows, number: Places) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of a part at the payments that have a number, and as ``row`` that number."""
    found = number[rows.whole("row").values]
    places = np.flatnonzero(found >= 0)
    shown = {name: _plain(column.at(places)) for name, column in rows.columns.items() if name != "row"}
    return {"row": found[places], **shown}


def _plain(column: Column) -> npt.NDArray[Any]:
    return column.values if column.known is None else np.where(column.known, column.values, np.float32(np.nan))


@cache
def _plan() -> tuple[list[Step], list[tuple[Part, int]]]:
    plan = Steps()
    for name, make in STAGES.items():
        plan.tables[name] = plan.place(make().op())
    return plan.made, [(part, plan.place(part.rows.op())) for part in parts()]


class Steps:
    """Puts the nodes of expressions in an order, each once, after all that it reads. Cell 0 holds the payments."""

    def __init__(self) -> None:
        self.made: list[Step] = []
        self.tables: dict[str, int] = {PAYMENTS.get_name(): 0}
        self._places: dict[Any, int] = {}

    def place(self, node: Any) -> int:
        """Return the cell in which a node's result will stand.

        :raises NoStep: for what numpy is not asked for here.
        """
        if isinstance(node, ops.UnboundTable):
            return self.tables[node.name]
        if isinstance(node, ops.JoinReference):
            return self.place(node.parent)
        if node not in self._places:
            if type(node) not in _MAKERS:
                raise NoStep(f"a node of the kind {type(node).__name__}")
            self._places[node] = self._add(_MAKERS[type(node)](self, node))
        return self._places[node]

    def once(self, key: Any, make: Callable[[], Step]) -> int:
        """Return the cell of something that several nodes share."""
        if key not in self._places:
            self._places[key] = self._add(make())
        return self._places[key]

    def _add(self, step: Step) -> int:
        self.made.append(step)
        return len(self.made)
