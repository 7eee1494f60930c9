"""Tables of the features' expressions as numpy makes them: each maker returns the step for one kind of node."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import ibis.expr.operations as ops
import numpy as np

from casedesk.modelling.few_tables import (
    Cell,
    Column,
    NoStep,
    Plan,
    Rows,
    Step,
    matched,
    numbered,
    picked,
    stacked,
    taken,
    true,
)
from casedesk.modelling.few_windows import Window, bounds, windowed


def _project(plan: Plan, node: Any) -> Step:
    parent = plan.place(node.parent)
    values = {name: plan.place(value) for name, value in node.values.items()}

    def step(cells: list[Cell]) -> Rows:
        count = cells[parent].size
        return Rows(count, {name: _long(cells[place], count) for name, place in values.items()})

    return step


def _long(column: Column, count: int) -> Column:
    if column.values.ndim and (column.known is None or column.known.ndim):
        return column
    known = None if column.known is None else np.broadcast_to(column.known, count)
    return Column(np.broadcast_to(column.values, count), known)


def _filter(plan: Plan, node: Any) -> Step:
    parent, tests = plan.place(node.parent), [plan.place(test) for test in node.predicates]

    def step(cells: list[Cell]) -> Rows:
        kept = np.flatnonzero(np.logical_and.reduce([true(cells[test]) for test in tests]))
        return taken(cells[parent], kept)

    return step


def _union(plan: Plan, node: Any) -> Step:
    if node.distinct:
        raise NoStep("a union that drops rows")
    left, right = plan.place(node.left), plan.place(node.right)

    def step(cells: list[Cell]) -> Rows:
        one, other = cells[left], cells[right]
        columns = {name: stacked(column, other.columns[name]) for name, column in one.columns.items()}
        return Rows(one.size + other.size, columns)

    return step


def _distinct(plan: Plan, node: Any) -> Step:
    parent = plan.place(node.parent)

    def step(cells: list[Cell]) -> Rows:
        rows = cells[parent]
        return taken(rows, np.unique(numbered(list(rows.columns.values()), rows.size), return_index=True)[1])

    return step


def _aggregate(plan: Plan, node: Any) -> Step:
    parent = plan.place(node.parent)
    groups = {name: plan.place(key) for name, key in node.groups.items()}
    metrics = {name: (type(one), plan.place(one.arg) if hasattr(one, "arg") and not isinstance(one, ops.CountStar) else 0)
               for name, one in node.metrics.items()}  # fmt: skip
    if any(kind not in (ops.Max, ops.CountStar) for kind, _ in metrics.values()):
        raise NoStep("a sum over groups")

    def step(cells: list[Cell]) -> Rows:
        count = cells[parent].size
        number = numbered([cells[key] for key in groups.values()], count)
        order = np.argsort(number, kind="stable")
        first = np.flatnonzero(np.diff(number[order], prepend=-1))
        found = {name: Column(cells[key].values[order][first], None) for name, key in groups.items()}
        for name, (kind, arg) in metrics.items():
            if kind is ops.Max and cells[arg].known is not None:
                raise NoStep("a most that may say nothing")
            sizes = np.diff(first, append=count)
            most = sizes if kind is ops.CountStar or not count else np.maximum.reduceat(cells[arg].values[order], first)
            found[name] = Column(most, None)
        return Rows(len(first), found)

    return step


def _join(plan: Plan, node: Any) -> Step:
    """Join by equal keys, one table after the other."""
    tables = {node.first: plan.place(node.first)}
    links = []
    for link in node.rest:
        if link.how not in ("inner", "left", "semi") or not all(isinstance(one, ops.Equals) for one in link.predicates):
            raise NoStep(f"a join of the kind {link.how}")
        keys = [
            (one.left, one.right) if one.right.rel is link.table else (one.right, one.left) for one in link.predicates
        ]
        tables[link.table] = plan.place(link.table)
        links.append((link.how, link.table, [(left.rel, left.name, right.name) for left, right in keys]))
    columns = {name: (value.rel, value.name) for name, value in node.values.items()}

    def step(cells: list[Cell]) -> Rows:
        at = {node.first: np.arange(cells[tables[node.first]].size)}
        for how, table, keys in links:
            right = cells[tables[table]]
            mine = [picked(cells[tables[rel]].columns[name], at[rel]) for rel, name, _ in keys]
            mine_at, its_at = matched(how, mine, [right.columns[name] for *_, name in keys], right.size)
            at = {rel: places[mine_at] for rel, places in at.items()}
            if how != "semi":
                at[table] = its_at
        count = len(next(iter(at.values())))
        found = {rel: taken(cells[tables[rel]], places) for rel, places in at.items()}
        return Rows(count, {name: found[rel].columns[source] for name, (rel, source) in columns.items()})

    return step


def _window(plan: Plan, node: Any) -> Step:
    key, func = node.order_by[0], node.func
    if node.how != "range" or not key.ascending or node.end is None or node.end.value.value or node.start is None:
        raise NoStep("a window that does not end at its row")
    groups, at = tuple(plan.place(one) for one in node.group_by), plan.place(key.arg)
    width = int(node.start.value.value)

    def shared(cells: list[Cell]) -> Window:
        count = len(cells[at].values)
        return bounds(numbered([cells[one] for one in groups], count), cells[at].values, width)

    window = plan.once(("window", groups, at, width), lambda: shared)
    arg = None if isinstance(func, ops.CountStar) else plan.place(func.arg)
    where = None if func.where is None else plan.place(func.where)
    work = partial(windowed, type(func).__name__)

    def step(cells: list[Cell]) -> Column:
        return work(cells[window], None if arg is None else cells[arg], None if where is None else true(cells[where]))

    return step


RELATIONS: Final[dict[type, Callable[[Plan, Any], Step]]] = {
    ops.Project: _project, ops.Filter: _filter, ops.Union: _union, ops.Distinct: _distinct,
    ops.Aggregate: _aggregate, ops.JoinChain: _join, ops.WindowFunction: _window,
}  # fmt: skip
