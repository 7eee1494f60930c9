"""Tables of few rows as numpy arrays, and what is done with whole rows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Places: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


class NoStep(TypeError):
    """An expression asks for what there is no numpy step for. Whoever writes such a feature writes the step, too."""


class Column(NamedTuple):
    """Values, and where they say something; None for everywhere."""

    values: npt.NDArray[Any]
    known: Flags | None


class Rows(NamedTuple):
    """A table: how many rows, and its columns."""

    size: int
    columns: Mapping[str, Column]


#: What a step makes: a table, a column, or what windows of one order share.
Cell: TypeAlias = Any
Step: TypeAlias = Callable[[list[Cell]], Cell]


class Plan(Protocol):
    """Gives each node of an expression the cell in which its result will stand."""

    def place(self, node: Any) -> int:
        """Return the cell of a node, after those of all that it reads."""

    def once(self, key: Any, make: Callable[[], Step]) -> int:
        """Return the cell of something that several nodes share."""


def true(column: Column) -> Flags:
    """Return where a condition holds; where it says nothing, it does not."""
    return column.values if column.known is None else column.values & column.known


def taken(rows: Rows, places: Places) -> Rows:
    """Return some rows, where the place -1 is a row that says nothing."""
    missing = places < 0
    lost = ~missing if missing.any() else None

    def of(column: Column) -> Column:
        if not rows.size and len(places):
            return Column(np.zeros(len(places), column.values.dtype), np.zeros(len(places), np.bool_))
        known = None if column.known is None else column.known[places]
        return Column(column.values[places], known if lost is None else lost if known is None else known & lost)

    return Rows(len(places), {name: of(column) for name, column in rows.columns.items()})


def stacked(one: Column, other: Column) -> Column:
    """Put one column under the other."""
    values = np.concatenate([one.values, other.values])
    if one.known is None and other.known is None:
        return Column(values, None)
    whole = [np.ones(len(c.values), np.bool_) if c.known is None else c.known for c in (one, other)]
    return Column(values, np.concatenate(whole))


def picked(column: Column, places: Places) -> Column:
    """Return the values at some places."""
    return Column(column.values[places], None if column.known is None else column.known[places])


def numbered(keys: list[Column], count: int) -> Places:
    """Return for each row the number of its combination of keys."""
    found = np.zeros(count, np.int64)
    for key in keys:
        if key.known is not None and not key.known.all():
            raise NoStep("a key that says nothing")
        values = np.unique(key.values, return_inverse=True)[1]
        found = np.unique(found * (count + 1) + values, return_inverse=True)[1]
    return found


def matched(how: str, left: list[Column], right: list[Column], count: int) -> tuple[Any, Any]:
    """Return the places of matching rows on the left and on the right."""
    mine = len(left[0].values)
    number = numbered([stacked(one, other) for one, other in zip(left, right, strict=True)], mine + count)
    order = np.argsort(number[mine:], kind="stable")
    theirs = number[mine:][order]
    low, high = (np.searchsorted(theirs, number[:mine], side) for side in ("left", "right"))
    if how == "semi":
        return np.flatnonzero(high > low), None
    many = high - low
    times = np.maximum(many, 1) if how == "left" else many
    start = np.cumsum(times) - times
    at = np.repeat(low - start, times) + np.arange(times.sum())
    alone = np.repeat(many == 0, times)
    return np.repeat(np.arange(mine), times), np.where(alone, -1, np.append(order, -1)[np.where(alone, -1, at)])
