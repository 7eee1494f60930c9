"""Values of the features' expressions as numpy makes them: each maker returns the step for one kind of node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import ibis.expr.operations as ops
import numpy as np
import numpy.typing as npt

from casedesk.modelling.few_tables import Cell, Column, Plan, Step, true


def _of(work: Callable[..., npt.NDArray[Any]]) -> Callable[[Plan, Any], Step]:
    """Make steps of operations that say nothing where one of their sides says nothing."""

    def make(plan: Plan, node: Any) -> Step:
        sides = [plan.place(side) for side in _sides(node)]

        def step(cells: list[Cell]) -> Column:
            read = [cells[side] for side in sides]
            return Column(work(*(one.values for one in read)), _both(read))

        return step

    return make


def _sides(node: Any) -> tuple[Any, ...]:
    if hasattr(node, "left"):
        return (node.left, node.right)
    return node.arg if isinstance(node.arg, tuple) else (node.arg,)


def _both(read: list[Column]) -> npt.NDArray[np.bool_] | None:
    known = [one.known for one in read if one.known is not None]
    return None if not known else np.logical_and.reduce(np.broadcast_arrays(*known))


def _floor(left: Any, right: Any) -> Any:
    return np.floor(left.astype(np.float64) / np.float64(right)).astype(np.int64)  # as DuckDB divides whole numbers


def _field(plan: Plan, node: Any) -> Step:
    table, name = plan.place(node.rel), node.name
    return lambda cells: cells[table].columns[name]


def _literal(_plan: Plan, node: Any) -> Step:
    if node.value is None:
        nothing = Column(np.zeros((), node.dtype.to_numpy()), np.zeros((), np.bool_))
        return lambda _cells: nothing
    value = Column(np.asarray(node.value, node.dtype.to_numpy()), None)
    return lambda _cells: value


def _cast(plan: Plan, node: Any) -> Step:
    arg, kind = plan.place(node.arg), node.to.to_numpy()
    return lambda cells: Column(cells[arg].values.astype(kind), cells[arg].known)


def _if_else(plan: Plan, node: Any) -> Step:
    condition, yes, no = (plan.place(side) for side in (node.bool_expr, node.true_expr, node.false_null_expr))

    def step(cells: list[Cell]) -> Column:
        chosen = true(cells[condition])
        one, other = cells[yes], cells[no]
        known = None
        if one.known is not None or other.known is not None:
            known = np.where(
                chosen, True if one.known is None else one.known, True if other.known is None else other.known
            )
        return Column(np.where(chosen, one.values, other.values), known)

    return step


def _coalesce(plan: Plan, node: Any) -> Step:
    first, second = (plan.place(side) for side in node.arg)

    def step(cells: list[Cell]) -> Column:
        one, other = cells[first], cells[second]
        return one if one.known is None else Column(np.where(one.known, one.values, other.values), other.known)

    return step


def _is_null(plan: Plan, node: Any) -> Step:
    arg = plan.place(node.arg)

    def step(cells: list[Cell]) -> Column:
        one = cells[arg]
        return Column(np.zeros(one.values.shape, np.bool_) if one.known is None else ~one.known, None)

    return step


VALUES: Final[dict[type, Callable[[Plan, Any], Step]]] = {
    ops.Field: _field, ops.Literal: _literal, ops.Cast: _cast, ops.IfElse: _if_else, ops.Coalesce: _coalesce, ops.IsNull: _is_null,
    ops.Add: _of(np.add), ops.Subtract: _of(np.subtract), ops.Multiply: _of(np.multiply),
    ops.Divide: _of(np.true_divide), ops.FloorDivide: _of(_floor), ops.Equals: _of(np.equal),
    ops.NotEquals: _of(np.not_equal), ops.Greater: _of(np.greater), ops.Less: _of(np.less),
    ops.LessEqual: _of(np.less_equal), ops.Not: _of(np.logical_not), ops.And: _of(np.logical_and),
    ops.Least: _of(np.minimum), ops.Greatest: _of(np.maximum),
}  # fmt: skip
