"""Sums, counts and extremes over what lies within a time before each row, in numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from casedesk.modelling.few_tables import Column, Flags, Places

#: Pairs of a row and a row in its window that are looked at; beyond, an engine is quicker.
MOST_PAIRS: Final = 1_000_000


class TooManyPairs(Exception):
    """A window is too full to be looked at row by row."""


class Window(NamedTuple):
    """For each row, in an order by group and time, which rows lie in its window: from ``low`` to before ``high``."""

    order: Places
    low: Places
    high: Places


def bounds(group: Places, at: Places, width: int) -> Window:
    """Return the windows that end with the instant of each row and reach back so far.

    :raises TooManyPairs: if groups and times have no room in one number.
    """
    if not len(at):
        return Window(at, at, at)
    span = int(at.max()) - int(at.min()) + width + 1
    if span * (int(group.max()) + 1) >= 1 << 62:
        raise TooManyPairs
    key = group * span + (at - at.min())
    order = np.argsort(key, kind="stable")
    key = key[order]
    # what lies before the first instant of a group belongs to the group before it, and is further away than any window
    floor = np.maximum(key - width, group[order] * span)
    return Window(order, np.searchsorted(key, floor, "left"), np.searchsorted(key, key, "right"))


def windowed(name: str, window: Window, column: Column | None, where: Flags | None) -> Column:
    """Return what an aggregate, by the name of its operation, says of each row's window.

    :raises TooManyPairs: if rows have to be looked at one by one and are too many.
    """
    count = len(window.order)
    counted = np.ones(count, np.bool_) if where is None else np.broadcast_to(where, count)
    if column is not None and column.known is not None:
        counted = counted & column.known
    counted = counted[window.order]
    values = None if column is None else np.broadcast_to(column.values, count)[window.order]
    found = _AGGREGATES[name](window, values, counted)
    back = np.empty(count, np.int64)
    back[window.order] = np.arange(count)
    known = None if found.known is None or found.known.all() else found.known[back]
    return Column(found.values[back], known)


def _running(window: Window, values: npt.NDArray[Any]) -> Places:
    so_far = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    return np.asarray(so_far[window.high] - so_far[window.low])


def _count(window: Window, _values: Any, counted: Any) -> Column:
    return Column(_running(window, counted), None)


def _sum(window: Window, values: Any, counted: Any) -> Column:
    return Column(_running(window, np.where(counted, values, 0)), _running(window, counted) > 0)


def _pairs(window: Window) -> tuple[Places, Places, Places]:
    """Return for each pair its row and the row in its window; and where each row's pairs begin."""
    times = window.high - window.low
    total = int(times.sum())
    if total > MOST_PAIRS:
        raise TooManyPairs
    start = np.cumsum(times) - times
    row = np.repeat(np.arange(len(times)), times)
    return row, np.arange(total) - start[row] + window.low[row], start


def _distinct(window: Window, values: Any, counted: Any) -> Column:
    """Count the values that did not stand earlier in the same window."""
    last: dict[Any, int] = {}
    before = np.full(len(counted), -1, np.int64)
    for place in np.flatnonzero(counted).tolist():
        value = values[place]
        before[place] = last.get(value, -1)
        last[value] = place
    row, other, _ = _pairs(window)
    new = counted[other] & (before[other] < window.low[row])
    return Column(np.bincount(row[new], minlength=len(counted)).astype(np.int64), None)


def _extreme(reduce: Any, least: Callable[[Any], int], window: Window, values: Any, counted: Any) -> Column:
    if not len(counted):
        return Column(values, None)
    _, other, start = _pairs(window)
    found = reduce(np.where(counted, values, least(np.iinfo(values.dtype)))[other], start)
    return Column(found, _running(window, counted) > 0)


_AGGREGATES: Final[dict[str, Callable[..., Column]]] = {
    "Sum": _sum,
    "Count": _count,
    "CountStar": _count,
    "CountDistinct": _distinct,
    "Max": lambda *given: _extreme(np.maximum.reduceat, lambda kind: int(kind.min), *given),
    "Min": lambda *given: _extreme(np.minimum.reduceat, lambda kind: int(kind.max), *given),
}
