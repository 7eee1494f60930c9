"""Sums, counts and extremes over what lies within a time before each row that is asked for, in numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from casedesk.modelling.few_tables import ROOM, Column, Flags, Places, everywhere, runs

#: Pairs of a row and a row in its window that are looked at; beyond, an engine is quicker.
MOST_PAIRS: Final = 1_000_000


class TooManyPairs(Exception):
    """A window is too full to be looked at row by row."""


class Members(NamedTuple):
    """The rows that have the groups of those asked for: ``rows``, the number of each one's group, and that of each asked for."""

    rows: Places
    groups: Places
    asked: Places


class Window(NamedTuple):
    """Some rows in an order by group and time, and which of them lie in the window of each row that is asked for.

    They are those from ``low`` to before ``high``, at least one: the row itself.
    """

    rows: Places
    low: Places
    high: Places


def members(group: Places, asked: Places) -> Members:
    """Return the rows in the groups of those asked for. Groups are numbered anew, without gaps."""
    wanted, numbers = np.unique(group[asked], return_inverse=True)
    if not len(wanted):
        return Members(asked, asked, asked)
    place = wanted.searchsorted(group)
    place[place == len(wanted)] = 0
    rows = np.flatnonzero(wanted[place] == group)
    return Members(rows, place[rows], numbers)


def bounds(among: Members, at: Places, asked: Places, width: int) -> Window:
    """Return the windows that end with the instant of each row asked for and reach back so far.

    :raises TooManyPairs: if groups and times have no room in one number.
    """
    if not len(asked):
        return Window(asked, asked, asked)
    until, moments = at[asked], at[among.rows]
    first, last = int(until.min()) - width, int(until.max())
    span = last - first + 1
    if span * (int(among.asked.max()) + 1) >= ROOM:
        raise TooManyPairs
    near = np.flatnonzero((moments >= first) & (moments <= last))
    key = among.groups[near] * span + (moments[near] - first)
    order = key.argsort(kind="stable")
    key = key[order]
    # no window reaches into the group before: the first instant of any is that of a window of the earliest row
    end = among.asked * span + (until - first)
    return Window(among.rows[near[order]], key.searchsorted(end - width, "left"), key.searchsorted(end, "right"))


def windowed(name: str, window: Window, column: Column | None, where: Flags | None) -> Column:
    """Return what an aggregate, by the name of its operation, says of each window.

    :param column: what it is of, at the window's ``rows``.
    :param where: which of these rows count.
    :raises TooManyPairs: if rows have to be looked at one by one and are too many.
    """
    count = len(window.rows)
    counted = np.ones(count, np.bool_) if where is None else everywhere(where, count)
    if column is not None and column.known is not None:
        counted = counted & column.known
    values = None if column is None else everywhere(column.values, count)
    found = _AGGREGATES[name](window, values, counted)
    return Column(found.values, None if found.known is None or found.known.all() else found.known)


def running(window: Window, values: npt.NDArray[Any]) -> Places:
    """Return the sum of whole numbers over each window."""
    so_far = np.zeros(len(values) + 1, np.int64)
    values.cumsum(dtype=np.int64, out=so_far[1:])
    found: Places = so_far[window.high] - so_far[window.low]
    return found


def _count(window: Window, _values: Any, counted: Any) -> Column:
    return Column(running(window, counted), None)


def _sum(window: Window, values: Any, counted: Any) -> Column:
    return Column(running(window, np.where(counted, values, 0)), running(window, counted) > 0)


def _seen(window: Window) -> Places:
    """Return the rows of all windows, one window after the other."""
    if int((window.high - window.low).sum()) > MOST_PAIRS:
        raise TooManyPairs
    return runs(window.low, window.high)


def _distinct(window: Window, values: Any, counted: Any) -> Column:
    """Count the values that did not stand earlier in the same window."""
    places = np.flatnonzero(counted)
    places = places[np.argsort(values[places], kind="stable")]
    again = np.flatnonzero(values[places[1:]] == values[places[:-1]])
    # a row that does not count stands before itself in every window
    before = np.arange(len(counted))
    before[places] = -1
    before[places[again + 1]] = places[again]
    seen = _seen(window)
    sizes = window.high - window.low
    new = before[seen] < np.repeat(window.low, sizes)
    return Column(running(Window(seen, *_parted(sizes)), new), None)


def _parted(sizes: Places) -> tuple[Places, Places]:
    ends = np.cumsum(sizes)
    return ends - sizes, ends


def _extreme(reduce: Any, least: Callable[[Any], int], window: Window, values: Any, counted: Any) -> Column:
    if not len(window.low):
        return Column(values[:0], None)
    seen = _seen(window)
    start, _ = _parted(window.high - window.low)
    found = reduce(np.where(counted, values, least(np.iinfo(values.dtype)))[seen], start)
    return Column(found, running(window, counted) > 0)


_AGGREGATES: Final[dict[str, Callable[..., Column]]] = {
    "Sum": _sum,
    "Count": _count,
    "CountStar": _count,
    "CountDistinct": _distinct,
    "Max": lambda *given: _extreme(np.maximum.reduceat, lambda kind: int(kind.min), *given),
    "Min": lambda *given: _extreme(np.minimum.reduceat, lambda kind: int(kind.max), *given),
}
