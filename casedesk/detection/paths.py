"""Paths of money: hops from customer to customer, joined one after the other, and the episodes that paths form.

Who stands on a path is a customer, told by the first of the customer's accounts, or an external account by itself. So
a transfer between two accounts of one customer is no hop, and money that leaves one account of a customer and reaches
another one has come back. Cash has nobody on its other side and is no hop either.

Each hop is booked later than all before it or at the same instant: many banks book by the day, and within one
instant nobody knows the order. A rule may let a hop come somewhat earlier than that (``slack``).

What keeps the joins small: paths are joined where they meet, by party and piece of time; the hop after a joint carries
on about the amount of the hop before; and nobody is passed through while busier than a cap (``hops``). Paths double and treble in
length at each join, so twelve hops take six joins and not eleven.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
from ibis.expr.types import Table

from casedesk.detection.hops import Hopping, idle
from casedesk.detection.legs import Views

#: The largest percentage that does.
HIGHEST: Final = 1_000

#: A path of one or more hops. ``stops`` and ``rows`` are arrays: who sent each hop, and its transaction.
PATH: Final = (
    "start",  # who sent the first hop
    "end",  # whom the last hop reached
    "first_at",  # when the first hop was booked
    "at",  # when the last one was
    "earliest",  # the first of all its bookings, and the last: where there is slack, not those of the first and last hop
    "latest",
    "first_minor",
    "last_minor",
    "subject",  # the first own party among those who sent a hop, 0 if there is none
    "passer",  # the same without the sender of the first hop
    "owns",  # how many on the path are own, its end left out
    "end_own",
    "stops",
    "rows",
)


def either(tables: Sequence[Table]) -> Table:
    """Put paths of several lengths under one another; one table may be all there is."""
    return ibis.union(*tables) if len(tables) > 1 else tables[0]


def hops(views: Views, hopping: Hopping) -> Table:
    """Return the hops as paths of one hop."""
    return _single(idle(views, hopping))


def _single(paid: Table) -> Table:
    nobody = ibis.literal(0, "int32")
    return paid.select(
        start=paid.source,
        end=paid.target,
        first_at=paid["at"],
        at=paid["at"],
        earliest=paid["at"],
        latest=paid["at"],
        first_minor=paid.minor,
        last_minor=paid.minor,
        subject=ibis.ifelse(paid.source_own, paid.source, nobody),
        passer=nobody,
        owns=paid.source_own.cast("int64"),
        end_own=paid.target_own,
        stops=ibis.array([paid.source]),
        rows=ibis.array([paid.row]),
    )


def joined(
    paths: Table,
    following: Table,
    gap: int,
    window: int,
    band: tuple[int, int],
    *,
    slack: int = 0,
    home: bool = False,
    led: bool = False,
) -> Table:
    """Join paths end to start, as paths again. Nobody stands on a path twice, but with ``home`` it ends at its start.

    With ``led`` the paths are those of :func:`led`, and only what ``closing`` would keep is made.

    The hop after the joint is booked at most ``gap`` after the one before it, none after it more than ``slack`` before any
    before it (microseconds, ``slack`` not more than ``gap``), and it carries between ``band[0]`` and ``band[1]`` percent of it; the whole path fits
    ``window``.
    """
    left = paths.mutate(piece=paths["at"] // gap)
    right = following.select(**{f"next_{name}": following[name] for name in PATH}, piece=following.first_at // gap)
    right = ibis.union(*(right.mutate(piece=right.piece + step) for step in ((-1, 0, 1) if slack else (-1, 0))))
    ends = [("start", "next_end")] if home else [("home_from", "next_end")] if led else []
    keys = [("end", "next_start"), "piece", *ends]
    met = left.join(right, keys)
    met = met.filter(
        (met.next_earliest + slack >= met.latest)
        & (met.next_first_at - met["at"] <= gap)
        & (ibis.greatest(met.latest, met.next_latest) - ibis.least(met.earliest, met.next_earliest) <= window)
        & (met.next_first_minor * 100 >= met.last_minor * band[0])
        & (met.next_first_minor * 100 <= met.last_minor * band[1])
        & (met.stops.intersect(met.next_stops).length() == 0)
    )
    if not home:
        met = met.filter(~met.stops.contains(met.next_end))
    return met.select(
        "start",
        "first_at",
        "first_minor",
        end=met.next_end,
        at=met.next_at,
        earliest=ibis.least(met.earliest, met.next_earliest),
        latest=ibis.greatest(met.latest, met.next_latest),
        last_minor=met.next_last_minor,
        subject=ibis.ifelse(met.subject != 0, met.subject, met.next_subject),
        passer=ibis.ifelse(met.passer != 0, met.passer, met.next_subject),
        owns=met.owns + met.next_owns,
        end_own=met.next_end_own,
        stops=met.stops.concat(met.next_stops),
        rows=met.rows.concat(met.next_rows),
    )


def quickest(paths: Table, *, most: int, ends: Sequence[str] = ()) -> Table:
    """Keep, of the paths that begin with the same transfer, the ``most`` that end first.

    ``ends`` ("end",) tells them apart by whom they reach as well. Of those that end at one time the one whose last hop is
    booked first comes first, then the smaller one, then that by parties whose account ids come first: where a bank books by
    the day and sums are round, all end at one time. Paths by the same parties that agree in all of this stand or fall together, so
    the order of rows changes nothing. Whatever is booked later than the end of a path never takes its place.
    """
    begun = paths.mutate(begun=paths.rows[0])
    order = ["latest", "at", "last_minor", "stops", "end"]
    place = ibis.rank().over(ibis.window(group_by=["begun", *ends], order_by=order))
    return begun.mutate(place=place).filter(ibis._.place < most).select(*PATH)


def homes(back: Table) -> Table:
    """Return from where to where ``back`` takes a path home: ``home_from`` and ``home_to``, each pair once."""
    return back.select(home_from="start", home_to="end").distinct()


def closing(paths: Table, homes: Table) -> Table:
    """Keep the paths that one of the ways in ``homes`` takes home, whatever time and amounts say; no other can be closed with it."""
    return paths.semi_join(homes, [paths.end == homes.home_from, paths.start == homes.home_to])


def led(paths: Table, homes: Table) -> Table:
    """Add to paths from where one of the ways in ``homes`` takes them home, ``home_from``; a path stands there once for each.

    In a crowd paths can be joined in thousands of ways of which none can be closed.
    """
    return paths.join(homes, paths.start == homes.home_to).drop("home_to")


def told(views: Views, paths: Table, subject: str, needed: int) -> Table:
    """Turn paths into the evidence of a rule, for the own party in the column ``subject``.

    Paths of one subject that overlap in time, be it at one instant, are one episode. A transaction is read as the
    longest path it stands on; the last one of a path is a hit.
    """
    own = paths.filter(paths[subject] != 0).select("rows", account=subject, first_at="earliest", at="latest")
    earlier = own["at"].max().over(ibis.window(group_by="account", order_by="first_at", range=(None, -1)))
    apart = (earlier < own.first_at).coalesce(True)
    begun = own.mutate(begun_at=ibis.ifelse(apart, own.first_at, ibis.null("int64")))
    so_far = ibis.window(group_by="account", order_by="first_at", range=(None, 0))
    numbered = begun.mutate(episode=begun.begun_at.max().over(so_far), length=begun.rows.length())
    last = numbered.rows[numbered.length - 1]
    steps = numbered.select("account", "episode", "length", last=last, row=numbered.rows.unnest())
    pieces = steps.group_by("account", "episode", "row").aggregate(
        observed=steps.length.max(), fired=(steps.row == steps["last"]).any()
    )
    return _seen(views, pieces).mutate(needed=ibis.literal(needed, "int64"))


def _seen(views: Views, pieces: Table) -> Table:
    """Add what the subject saw of each transaction; between, where it stands on neither side."""
    senders = views.accounts.select(from_key="account", source="lead")
    receivers = views.accounts.select(to_key="account", target="lead")
    full = pieces.join(views.transfers, "row").join(senders, "from_key").join(receivers, "to_key")
    inward, outward = full.target == full.account, full.source == full.account
    return full.select(
        "row",
        "at",
        "account",
        "base_minor",
        "channel",
        "fired",
        "observed",
        "episode",
        direction=ibis.cases((outward, "out"), (inward, "in"), else_="between"),
        country=ibis.ifelse(inward, full.from_country, full.to_country),
    )
