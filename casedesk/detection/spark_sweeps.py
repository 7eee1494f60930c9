"""Sliding sums for Spark, which counts a sliding window anew at each row: a busy account would take it hours.

A sum over [t - W, t] is the running sum of what has come in less what has gone out of the window: each row adds its value
when it enters the window and takes it away when the window has passed it by. Running sums are what Spark does in one
pass. The rows, their values and what counts as a tie stay the same; edges are whole numbers, so "passed by" is one
more. DuckDB slides by itself, and is left alone.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import ibis
import ibis.expr.operations as ops
from ibis.expr.types import Table

_SWEPT: Final = (ops.Sum, ops.Count, ops.CountStar)


class _Frame(NamedTuple):
    """Whose rows, in which order, and between which offsets from the current row (0 or less)."""

    groups: tuple[str, ...]
    order: str
    first: int
    last: int


def swept(project: Any) -> Any:
    """Return a projection whose sliding sums and counts of whole numbers are running sums."""
    found: dict[Any, _Frame] = {}
    for value in project.values.values():
        for one in value.find(ops.WindowFunction, filter=ops.Value):
            frame = _sliding(one)
            if frame is not None:
                found[one] = frame
    if not found:
        return project
    table = project.parent.to_expr()
    columns: dict[Any, str] = {}
    for frame in dict.fromkeys(found.values()):
        together = [one for one, its in found.items() if its == frame]
        names = {one: f"_swept_{len(columns) + number}" for number, one in enumerate(together)}
        steps = {name: _step(one.func, project.parent, table) for one, name in names.items()}
        table = _running(table, frame, steps)
        columns |= names
    standing = {project.parent: table.op(), **{one: table[name].op() for one, name in columns.items()}}
    values = {name: value.replace(standing) for name, value in project.values.items()}
    return ops.Project(parent=table.op(), values=values)


def _sliding(one: Any) -> _Frame | None:
    """Return the frame of a window that is worth sweeping, None for any other."""
    if one.how != "range" or one.start is None or one.end is None or len(one.order_by) != 1:
        return None
    func, key = one.func, one.order_by[0]
    first, last = (_offset(edge) for edge in (one.start, one.end))
    fits = (
        isinstance(func, _SWEPT)
        and func.where is None
        and (isinstance(func, ops.CountStar) or not func.arg.find(ops.WindowFunction, filter=ops.Value))
        and (not isinstance(func, ops.Sum) or func.arg.dtype.is_integer())
        and key.ascending
        and isinstance(key.arg, ops.Field)
        and key.arg.dtype.is_integer()
        and all(isinstance(group, ops.Field) for group in one.group_by)
    )
    if not fits or first is None or last is None or not first <= last <= 0:
        return None
    return _Frame(tuple(group.name for group in one.group_by), key.arg.name, first, last)


def _offset(edge: Any) -> int | None:
    if not isinstance(edge.value, ops.Literal):
        return None
    return -int(edge.value.value) if edge.preceding else int(edge.value.value)


def _step(func: Any, parent: Any, table: Table) -> tuple[Any, bool]:
    """Return what a row adds, and whether a window without any value sums to null."""
    if isinstance(func, ops.CountStar):
        return ibis.literal(1, "int64"), False
    value = func.arg.replace({parent: table.op()}).to_expr()
    if isinstance(func, ops.Count):
        return value.notnull().cast("int64"), False
    return value.cast("int64"), True


def _running(table: Table, frame: _Frame, steps: dict[str, tuple[Any, bool]]) -> Table:
    """Add a column for each step: its sum over the frame that ends at each row."""
    entering, leaving, reading = 0, 1, 0 if frame.last == 0 else 2
    counted = {f"{name}_n": value.notnull().cast("int64") for name, (value, nullable) in steps.items() if nullable}
    wide = table.mutate(**{name: value.coalesce(0) for name, (value, _) in steps.items()}, **counted)
    wide = wide.mutate(
        _side=ibis.array([ibis.literal(side, "int64") for side in sorted({entering, leaving, reading})]).unnest()
    )
    moved = {
        name: ibis.cases((wide["_side"] == entering, wide[name]), (wide["_side"] == leaving, -wide[name]), else_=0)
        for name in (*steps, *counted)
    }
    due = ibis.cases(
        (wide["_side"] == leaving, wide[frame.order] - frame.first + 1),
        (wide["_side"] == reading, wide[frame.order]),
        else_=wide[frame.order] - frame.last,
    )
    timed = wide.mutate(_due=due.cast("int64"), **moved)
    so_far = ibis.window(group_by=list(frame.groups), order_by="_due", range=(None, 0))
    summed = timed.mutate(**{name: timed[name].sum().over(so_far) for name in moved})
    read = summed.filter(summed["_side"] == reading)
    nulls = {
        name: ibis.ifelse(read[f"{name}_n"] > 0, read[name], ibis.null("int64"))
        for name in steps
        if f"{name}_n" in counted
    }
    return read.mutate(**nulls).drop("_side", "_due", *counted)
