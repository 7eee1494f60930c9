"""Sliding windows that mean the same on every engine.

A window of W ends at a transaction and reaches back to exactly W before it, both edges included: [t - W, t].
Transactions booked at the same microsecond stand in the window together. Edges are whole microseconds, so no engine
rounds them.

Tumbling windows are what the first definitions of some rules asked for, and stay as an option to compare with: time is
cut into pieces of W that begin at multiples of W since 1970, each [k * W, (k + 1) * W), and every piece is judged by
itself. What is lost: a burst that straddles an edge is two halves, and neither need be a hit. Episodes do not merge over
an edge either.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import ibis
from ibis.expr.types import Table

MINUTE: Final = 60 * 1_000_000
DAY: Final = 24 * 60 * MINUTE

Windows: TypeAlias = Literal["sliding", "tumbling"]

#: What a rule's expression ends in, besides the columns of the legs: one row for each transaction of an episode.
#: ``fired`` says that a hit ends there, ``observed`` and ``needed`` what the rule read at that instant (a hit needs
#: ``observed >= needed``), ``episode`` is the same number on all rows of one episode and differs within an account.
READING: Final = ("fired", "observed", "needed", "episode")


def by_time(group: str | list[str] = "account", **frame: Any) -> Any:
    """Return a window over the rows of one account in order of booking; ``range=(-W, 0)`` slides it."""
    return ibis.window(group_by=group, order_by="at", **frame)


def crowds(legs: Table, least: int, window: int) -> Table:
    """Return account and time of each leg that ends a run of ``least`` legs within ``window`` microseconds.

    One cheap pass rules out most accounts before the costly windows run. Ties do not matter: in whatever order they
    stand, the last of a crowd finds its first ``least - 1`` rows before it.
    """
    paced = legs.select("account", "at", span=legs["at"] - legs["at"].lag(least - 1).over(by_time()))
    return paced.filter(paced.span <= window)


def around(legs: Table, places: Table, window: int) -> Table:
    """Keep the legs that lie within ``window`` of a place (account, time), and some that lie within twice of it.

    Time is cut into pieces as long as the window, and a leg is kept when its piece or a neighbour of it has a place: an
    equality join, which every engine does in one pass, instead of a join over ranges. Near the rim a window may have
    lost legs, so what counts there is never too high.
    """
    piece = places["at"] // window
    pieces = ibis.union(*(places.select("account", piece=piece + step) for step in (-1, 0, 1)))
    return legs.mutate(piece=legs["at"] // window).semi_join(pieces, ["account", "piece"]).drop("piece")


def episodes(readings: Table, window: int) -> Table:
    """Keep the transactions that stand in some hit's window, and number the episodes they form.

    Two hits overlap when they share a transaction; overlapping hits are one episode. ``readings`` has one row for each
    transaction that the rule counts, with ``account``, ``at`` and ``fired``.

    A transaction is evidence when the next hit, its own included, ends within ``window`` of it. An episode begins where
    that next hit does not reach back to the evidence before.
    """
    hit_at = ibis.ifelse(readings.fired, readings["at"], ibis.null("int64"))
    timed = readings.mutate(hit_at=hit_at.min().over(by_time(range=(0, None))))
    evidence = timed.filter(timed.hit_at - timed["at"] <= window)
    before = evidence["at"].lag(1).over(by_time())
    marked = evidence.mutate(begins=before.isnull() | (evidence.hit_at - before > window))
    begun_at = ibis.ifelse(marked.begins, marked["at"], ibis.null("int64"))
    return marked.mutate(episode=begun_at.max().over(by_time(range=(None, 0)))).drop("hit_at", "begins")


def framed(legs: Table, windows: Windows, window: int) -> tuple[Table, Any]:
    """Return the legs and the window that an aggregate over them takes; ``judged`` makes episodes of its readings.

    Tumbling windows are numbered in a column ``piece``, and every leg of one reads all of it.
    """
    if windows == "sliding":
        return legs, by_time(range=(-window, 0))
    return legs.mutate(piece=legs["at"] // window), ibis.window(group_by=["account", "piece"])


def judged(readings: Table, windows: Windows, window: int) -> Table:
    """Return the evidence of the hits among the readings of framed legs, with their episodes.

    A tumbling window is an episode by itself; it is a hit when its last leg says so, and the hit ends there.
    """
    if windows == "sliding":
        return episodes(readings, window)
    whole = ibis.window(group_by=["account", "piece"])
    last = readings.mutate(fired=readings.fired & (readings["at"] == readings["at"].max().over(whole)))
    hits = last.mutate(hit=last.fired.cast("int64").max().over(whole))
    return hits.filter(hits.hit == 1).mutate(episode=hits.piece).drop("hit", "piece")
