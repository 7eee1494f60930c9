"""Values of the features' expressions as numpy makes them: each maker returns the step for one kind of node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_
from typing import Any, Final

import ibis.expr.operations as ops
import numpy as np
import numpy.typing as npt

from casedesk.modelling.few_tables import Asked, Cell, Column, Plan, Step, true


def _each(work: Callable[..., Column], *sides: int) -> Step:
    """Return the step of what is made of some columns, each at the places that are asked for."""

    def step(cells: list[Cell]) -> Asked[Column]:
        read = [cells[side] for side in sides]
        return Asked(lambda places: work(*[one.at(places) for one in read]))

    return step


def _of(work: Callable[..., npt.NDArray[Any]]) -> Callable[[Plan, Any], Step]:
    """Make steps of operations that say nothing where one of their sides says nothing."""

    def both(*read: Column) -> Column:
        return Column(work(*[one.values for one in read]), _both(read))

    return lambda plan, node: _each(both, *(plan.place(side) for side in _sides(node)))


def _sides(node: Any) -> tuple[Any, ...]:
    if hasattr(node, "left"):
        return (node.left, node.right)
    return node.arg if isinstance(node.arg, tuple) else (node.arg,)


def _both(read: Sequence[Column]) -> npt.NDArray[np.bool_] | None:
    known = [one.known for one in read if one.known is not None]
    return reduce(and_, known) if known else None


def _floor(left: Any, right: Any) -> Any:
    return np.floor(left.astype(np.float64) / np.float64(right)).astype(np.int64)  # as DuckDB divides whole numbers


def _field(plan: Plan, node: Any) -> Step:
    table, name = plan.place(node.rel), node.name
    return lambda cells: cells[table].columns[name]


def _literal(_plan: Plan, node: Any) -> Step:
    kind = node.dtype.to_numpy()
    known = np.zeros((), np.bool_) if node.value is None else None
    value = Column(np.zeros((), kind) if node.value is None else np.asarray(node.value, kind), known)
    return lambda _cells: Asked(lambda _places: value)


def _cast(plan: Plan, node: Any) -> Step:
    arg, kind = plan.place(node.arg), node.to.to_numpy()

    return _each(lambda one: Column(one.values.astype(kind), one.known), arg)


def _if_else(plan: Plan, node: Any) -> Step:
    def work(condition: Column, one: Column, other: Column) -> Column:
        holds = true(condition)
        known = None
        if one.known is not None or other.known is not None:
            known = np.where(
                holds, True if one.known is None else one.known, True if other.known is None else other.known
            )
        return Column(np.where(holds, one.values, other.values), known)

    return _each(work, *(plan.place(side) for side in (node.bool_expr, node.true_expr, node.false_null_expr)))


def _coalesce(plan: Plan, node: Any) -> Step:
    def work(one: Column, other: Column) -> Column:
        return one if one.known is None else Column(np.where(one.known, one.values, other.values), other.known)

    return _each(work, *(plan.place(side) for side in node.arg))


def _is_null(plan: Plan, node: Any) -> Step:
    def work(one: Column) -> Column:
        return Column(np.zeros(one.values.shape, np.bool_) if one.known is None else ~one.known, None)

    return _each(work, plan.place(node.arg))


VALUES: Final[dict[type, Callable[[Plan, Any], Step]]] = {
    ops.Field: _field, ops.Literal: _literal, ops.Cast: _cast, ops.IfElse: _if_else, ops.Coalesce: _coalesce, ops.IsNull: _is_null,
    ops.Add: _of(np.add), ops.Subtract: _of(np.subtract), ops.Multiply: _of(np.multiply),
    ops.Divide: _of(np.true_divide), ops.FloorDivide: _of(_floor), ops.Equals: _of(np.equal),
    ops.NotEquals: _of(np.not_equal), ops.Greater: _of(np.greater), ops.Less: _of(np.less),
    ops.LessEqual: _of(np.less_equal), ops.Not: _of(np.logical_not), ops.And: _of(np.logical_and),
    ops.Least: _of(np.minimum), ops.Greatest: _of(np.maximum),
}  # fmt: skip
