"""How many different countries, senders or payees a sliding window holds, on every engine alike."""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from casedesk.detection.windows import by_time


def restless(legs: Table, column: str, least: int, window: int) -> Table:
    """Return account and time of each leg that ends ``least - 1`` changes of ``column`` within the window.

    A window with n different values holds at least n - 1 legs whose predecessor, also in the window, had another, in
    whatever order ties stand. Most accounts never do this, and two cheap passes rule them out. ``least`` is 2 or more.
    """
    before = by_time()
    value = legs[column]
    moves = legs.select("account", "at", left=legs["at"].lag(1).over(before), moved=value != value.lag(1).over(before))
    moves = moves.filter(moves.moved)
    paced = moves.select("account", "at", span=moves["at"] - moves.left.lag(least - 2).over(by_time()))
    return paced.filter(paced.span <= window)


def with_distinct(legs: Table, column: str, window: int, name: str) -> Table:
    """Add ``name``: how many different values of ``column`` the window that ends at each leg holds.

    A null is no value: the leg reads the count and does not add to it. No engine slides a distinct count over time
    alike, so presence is swept: a leg makes its value present from its booking until the window has passed it by, or
    until the next leg with the same value takes over. The sum of what has begun and ended is the number present.
    """
    counts = legs[column].notnull()
    next_at = legs["at"].lead(1).over(by_time(["account", column]))
    passed_by = legs["at"] + (window + 1)
    begins = legs.mutate(step=counts.cast("int64"), read=ibis.literal(True))
    ends = legs.mutate(
        step=ibis.literal(-1, "int64"),
        read=ibis.literal(False),
        at=ibis.least(passed_by, next_at.coalesce(passed_by)),
    ).filter(counts)
    steps = ibis.union(begins, ends)
    swept = steps.mutate(**{name: steps.step.sum().over(by_time(range=(None, 0)))})
    return swept.filter(swept.read).drop("step", "read")
