"""Tables of the features' expressions as numpy makes them: each maker returns the step for one kind of node."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial, reduce
from operator import and_
from typing import Any, Final

import ibis.expr.operations as ops
import numpy as np

from casedesk.modelling.few_tables import (
    Asked,
    Cell,
    Column,
    NoStep,
    Places,
    Plan,
    Rows,
    Step,
    chosen,
    everywhere,
    given,
    matched,
    numbered,
    picked,
    runs,
    stacked,
    true,
)
from casedesk.modelling.few_windows import Members, Window, bounds, members, windowed


def _project(plan: Plan, node: Any) -> Step:
    parent = plan.place(node.parent)
    values = {name: (plan.place(value), value.shape.is_scalar()) for name, value in node.values.items()}

    def step(cells: list[Cell]) -> Rows:
        columns = {name: _long(cells[place]) if scalar else cells[place] for name, (place, scalar) in values.items()}
        return Rows(cells[parent].size, columns, cells[parent].every)

    return step


def _long(single: Asked[Column]) -> Asked[Column]:
    """Write a single value into every row."""

    def at(places: Places) -> Column:
        column = single.at(places)
        known = None if column.known is None else everywhere(column.known, len(places))
        return Column(everywhere(column.values, len(places)), known)

    return Asked(at)


def _filter(plan: Plan, node: Any) -> Step:
    parent, tests = plan.place(node.parent), [plan.place(test) for test in node.predicates]

    def step(cells: list[Cell]) -> Rows:
        rows = cells[parent]
        return chosen(rows, np.flatnonzero(reduce(and_, [true(cells[test].at(rows.every)) for test in tests])))

    return step


def _union(plan: Plan, node: Any) -> Step:
    if node.distinct:
        raise NoStep("a union that drops rows")
    left, right = plan.place(node.left), plan.place(node.right)

    def step(cells: list[Cell]) -> Rows:
        one, other = cells[left], cells[right]
        # what is put together here are columns that stand already, or nearly; to part places anew for each would take longer
        columns = {name: _kept(partial(_stacked, one, other, name)) for name in one.columns}
        return Rows(one.size + other.size, columns)

    return step


def _stacked(one: Rows, other: Rows, name: str) -> Column:
    return stacked(one.whole(name), other.whole(name))


def _kept(make: Callable[[], Column]) -> Asked[Column]:
    """Return a column that is made at every row as soon as it is asked for at any."""
    whole = cache(make)
    return Asked(lambda places: picked(whole(), places))


def _distinct(plan: Plan, node: Any) -> Step:
    parent = plan.place(node.parent)

    def step(cells: list[Cell]) -> Rows:
        rows = cells[parent]
        number = numbered([rows.whole(name) for name in rows.columns], rows.size)
        return chosen(rows, np.unique(number, return_index=True)[1])

    return step


def _aggregate(plan: Plan, node: Any) -> Step:
    parent = plan.place(node.parent)
    groups = {name: plan.place(key) for name, key in node.groups.items()}
    metrics = {name: (type(one), plan.place(one.arg) if hasattr(one, "arg") and not isinstance(one, ops.CountStar) else 0)
               for name, one in node.metrics.items()}  # fmt: skip
    if any(kind not in (ops.Max, ops.CountStar) for kind, _ in metrics.values()):
        raise NoStep("a sum over groups")

    def step(cells: list[Cell]) -> Rows:
        rows = cells[parent]
        number = numbered([cells[key].at(rows.every) for key in groups.values()], rows.size)
        order = np.argsort(number, kind="stable")
        first = np.flatnonzero(np.diff(number[order], prepend=-1))
        sizes = np.diff(first, append=rows.size)
        heads = Asked(lambda places: order[first[places]])
        group = Asked(lambda places: order[runs(first[places], first[places] + sizes[places])])

        def most(arg: Asked[Column], places: Places) -> Column:
            column = arg.at(group.at(places))
            if column.known is not None:
                raise NoStep("a most that may say nothing")
            if not len(places):
                return column
            return Column(np.maximum.reduceat(column.values, np.cumsum(sizes[places]) - sizes[places]), None)

        found = {name: Asked(partial(_headed, cells[key], heads)) for name, key in groups.items()}
        for name, (kind, arg) in metrics.items():
            found[name] = given(sizes) if kind is ops.CountStar else Asked(partial(most, cells[arg]))
        return Rows(len(first), found)

    return step


def _headed(key: Asked[Column], heads: Asked[Places], places: Places) -> Column:
    return Column(key.at(heads.at(places)).values, None)


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
        at = {node.first: cells[tables[node.first]].every}
        for how, table, keys in links:
            right = cells[tables[table]]
            mine = [cells[tables[rel]].columns[name].at(at[rel]) for rel, name, _ in keys]
            mine_at, its_at = matched(how, mine, [right.whole(name) for *_, name in keys], right.size)
            at = {rel: places[mine_at] for rel, places in at.items()}
            if how != "semi":
                at[table] = its_at
        count = len(next(iter(at.values())))
        found = {rel: chosen(cells[tables[rel]], places) for rel, places in at.items()}
        return Rows(count, {name: found[rel].columns[source] for name, (rel, source) in columns.items()})

    return step


def _window(plan: Plan, node: Any) -> Step:
    key, func = node.order_by[0], node.func
    if node.how != "range" or not key.ascending or node.end is None or node.end.value.value or node.start is None:
        raise NoStep("a window that does not end at its row")
    # the rows that are seen are those of the fields' table
    parent, groups, at = plan.place(key.arg.rel), tuple(plan.place(one) for one in node.group_by), plan.place(key.arg)
    width = int(node.start.value.value)

    def grouped(cells: list[Cell]) -> Asked[Members]:
        rows = cells[parent]
        number = numbered([cells[one].at(rows.every) for one in groups], rows.size)
        return Asked(partial(members, number))

    by = plan.once(("groups", groups, parent), lambda: grouped)

    def shared(cells: list[Cell]) -> Asked[Window]:
        among, moments = cells[by], cells[at].at(cells[parent].every).values
        return Asked(lambda asked: bounds(among.at(asked), moments, asked, width))

    window = plan.once(("window", by, at, width), lambda: shared)
    arg = None if isinstance(func, ops.CountStar) else plan.place(func.arg)
    where = None if func.where is None else plan.place(func.where)
    name = type(func).__name__

    def step(cells: list[Cell]) -> Asked[Column]:
        def found(asked: Places) -> Column:
            seen = cells[window].at(asked)
            return windowed(
                name, seen, None if arg is None else cells[arg].at(seen.rows),
                None if where is None else true(cells[where].at(seen.rows)),
            )  # fmt: skip

        return Asked(found)

    return step


RELATIONS: Final[dict[type, Callable[[Plan, Any], Step]]] = {
    ops.Project: _project, ops.Filter: _filter, ops.Union: _union, ops.Distinct: _distinct,
    ops.Aggregate: _aggregate, ops.JoinChain: _join, ops.WindowFunction: _window,
}  # fmt: skip
