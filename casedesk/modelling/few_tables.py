"""Tables of few rows as numpy arrays, whose columns are made only at the rows that are asked for, and what is done with whole rows.

Of thousands of payments around a few, most features are asked of the few alone. So a column knows how it is made, and makes itself
where somebody asks; only what rows are chosen and joined by is made everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Places: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
T = TypeVar("T")
#: What numbers of groups have room for in 64 bits.
ROOM = 1 << 62


class NoStep(TypeError):
    """An expression asks for what there is no numpy step for. Whoever writes such a feature writes the step, too."""


class Column(NamedTuple):
    """Values, and where they say something; None for everywhere."""

    values: npt.NDArray[Any]
    known: Flags | None


class Asked(Generic[T]):
    """What is made for some places of a table, once for each array of places: the same array asks again and again."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[Places], T]) -> None:
        self._make = make
        self._made: dict[int, tuple[Places, T]] = {}  # with the array, so that no other one gets its id

    def at(self, places: Places) -> T:
        """Return what is made for these places."""
        found = self._made.get(id(places))
        if found is None:
            found = self._made[id(places)] = places, self._make(places)
        return found[1]


class Rows:
    """A table: how many rows, all their places, and its columns."""

    __slots__ = ("columns", "every", "size")

    def __init__(self, size: int, columns: Mapping[str, Asked[Column]], every: Places | None = None) -> None:
        self.size = size
        self.columns = columns
        self.every: Places = np.arange(size) if every is None else every

    def whole(self, name: str) -> Column:
        """Return a column at every row."""
        return self.columns[name].at(self.every)


#: What a step makes: a table, a column, or what windows of one order share.
Cell: TypeAlias = Any
Step: TypeAlias = Callable[[list[Cell]], Cell]


class Plan(Protocol):
    """Gives each node of an expression the cell in which its result will stand."""

    def place(self, node: Any) -> int:
        """Return the cell of a node, after those of all that it reads."""

    def once(self, key: Any, make: Callable[[], Step]) -> int:
        """Return the cell of something that several nodes share."""


def given(values: npt.NDArray[Any]) -> Asked[Column]:
    """Return a column that stands already."""
    return Asked(lambda places: Column(values[places], None))


def everywhere(values: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    """Write a single value into so many rows; others stand there already."""
    return values if values.ndim else np.broadcast_to(values, count)


def true(column: Column) -> Flags:
    """Return where a condition holds; where it says nothing, it does not."""
    return column.values if column.known is None else column.values & column.known


def chosen(rows: Rows, places: Places) -> Rows:
    """Return some rows, where the place -1 is a row that says nothing."""
    there = Asked(lambda asked: places[asked])
    held = Asked(lambda asked: there.at(asked) >= 0) if len(places) and int(places.min()) < 0 else None

    def of(column: Asked[Column]) -> Asked[Column]:
        def at(asked: Places) -> Column:
            if not rows.size and len(asked):
                kind = column.at(rows.every).values.dtype
                return Column(np.zeros(len(asked), kind), np.zeros(len(asked), np.bool_))
            found = column.at(there.at(asked))  # the place -1 shows the last row, which is not known here
            if held is None:
                return found
            known = held.at(asked)
            return Column(found.values, known if found.known is None else found.known & known)

        return Asked(at)

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


def runs(low: Places, high: Places) -> Places:
    """Return the numbers from each ``low`` to before its ``high``, one run after the other."""
    times = high - low
    ends = times.cumsum()
    return np.arange(int(times.sum())) + (low - ends + times).repeat(times)


def numbered(keys: list[Column], count: int) -> Places:
    """Return for each row the number of its combination of keys; there may be gaps between numbers."""
    found, most = np.zeros(count, np.int64), 1
    if not count:
        return found
    for key in keys:
        if key.known is not None and not key.known.all():
            raise NoStep("a key that says nothing")
        values = key.values.astype(np.int64, copy=False)
        low = int(values.min())
        room = int(values.max()) - low + 1
        if most * room >= ROOM:
            found, values = (np.unique(one, return_inverse=True)[1] for one in (found, values))
            low, most, room = 0, int(found.max()) + 1, int(values.max()) + 1
        found = found * room + (values - low)
        most *= room
    return found


def matched(how: str, left: list[Column], right: list[Column], count: int) -> tuple[Any, Any]:
    """Return the places of matching rows on the left and on the right."""
    mine = len(left[0].values)
    number = numbered([stacked(one, other) for one, other in zip(left, right, strict=True)], mine + count)
    order = number[mine:].argsort(kind="stable")
    theirs = number[mine:][order]
    low, high = theirs.searchsorted(number[:mine], "left"), theirs.searchsorted(number[:mine], "right")
    if how == "semi":
        return np.flatnonzero(high > low), None
    many = high - low
    times = np.maximum(many, 1) if how == "left" else many
    at = runs(low, low + times)
    alone = np.repeat(many == 0, times)
    return np.repeat(np.arange(mine), times), np.where(alone, -1, np.append(order, -1)[np.where(alone, -1, at)])
