"""Hops: the transfers that a path may be made of, told from all transfers once, or brought up with what came since.

A hop leads from one customer to another (``paths``), and nobody is passed through while busy. A party that pays, or is paid, more than
so many times within the window is a marketplace, an employer or a bank. Of its transfers at most so many remain in any window. Who pays
is looked at first, and only what is left counts for whom it reaches.

Both look back only, so what is new changes nothing about the transfers before it. A process that stays warm keeps those that idle
parties sent (``KEPT``), and a run tells anew what was booked where something new was, or later.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import ibis
from ibis.expr.types import Table

from casedesk.detection.legs import IDLE, Views
from casedesk.detection.shared import shared

#: Larger amounts, in minor units, count as this much on a path, so that a percentage of one fits 64 bits.
LARGEST: Final = 9 * 10**15

#: The transfers that an idle party sent, and whether the one they reached was idle too: then they are hops.
KEPT: Final[Table] = ibis.table({**IDLE.schema(), "idle": "boolean"}, name="kept_hops")

#: What idle parties sent that is told anew.
SENT: Final[Table] = ibis.table(IDLE.schema(), name="sent_anew")

#: From when on they are told anew, in microseconds since 1970 UTC; one row.
STALE_FROM: Final[Table] = ibis.table({"moment": "!int64"}, name="stale_from")


class Hopping(NamedTuple):
    """Which transfers are hops: none below ``smallest``, in minor units of the base currency, and none that ends a window with more than
    ``most_sent`` of one sender or ``most_received`` to one receiver. ``window`` is in microseconds.
    """

    window: int
    most_sent: int
    most_received: int
    smallest: int = 0


def idle(views: Views, hopping: Hopping) -> Table:
    """Return the hops, with the columns of ``IDLE``.

    To tell those from a moment on, it needs the transfers from two windows before it.
    """
    if views.idle is not None:
        return views.idle
    sent = _not_busy(
        shared(_met(views, hopping, views.accounts), "paid_by_source"), "source", hopping.window, hopping.most_sent
    )
    return _not_busy(shared(sent, "paid_by_target"), "target", hopping.window, hopping.most_received)


def sent_anew(views: Views, hopping: Hopping) -> Table:
    """Return what idle parties sent from ``STALE_FROM`` on, with the columns of ``SENT``; it needs the transfers from one window before."""
    moment = STALE_FROM.moment.as_scalar()
    accounts, transfers = views.accounts, views.transfers
    paying = accounts.semi_join(transfers.filter(transfers["at"] >= moment), accounts.account == transfers.from_key)
    theirs = _met(views, hopping, accounts.semi_join(paying, "lead"))
    sent = _not_busy(shared(theirs, "paid_by_source"), "source", hopping.window, hopping.most_sent)
    return sent.filter(sent["at"] >= moment)


def told_anew(hopping: Hopping) -> Table:
    """Return what ``KEPT`` has to hold from ``STALE_FROM`` on, with its columns: what is in ``SENT``, and whether it is a hop.

    It needs in ``KEPT`` what idle parties sent in the window before.
    """
    moment = STALE_FROM.moment.as_scalar()
    before = KEPT.filter((KEPT["at"] >= moment - hopping.window) & (KEPT["at"] < moment)).drop("idle")
    both = ibis.union(before.semi_join(SENT, "target"), SENT)
    hops = _not_busy(shared(both, "paid_by_target"), "target", hopping.window, hopping.most_received)
    late = hops.filter(hops["at"] >= moment).select(hop="row")
    flagged = SENT.left_join(late, SENT.row == late.hop)
    return flagged.mutate(idle=flagged.hop.notnull()).select(*KEPT.columns)


def _met(views: Views, hopping: Hopping, paying: Table) -> Table:
    """Return the transfers from some of the accounts to another party, as whoever leads each of the two."""
    transfers = views.transfers
    senders = paying.select(from_key="account", source="lead")
    receivers = views.accounts.select(to_key="account", target="lead")
    met = transfers.filter(
        (transfers.from_key != 0) & (transfers.to_key != 0) & (transfers.base_minor >= hopping.smallest)
    )
    paid = met.join(senders, "from_key").join(receivers, "to_key")
    return paid.filter(paid.source != paid.target).select(
        "row",
        "at",
        "source",
        "target",
        minor=ibis.least(paid.base_minor, LARGEST),
        source_own=paid.from_own,
        target_own=paid.to_own,
    )


def _not_busy(paid: Table, party: str, window: int, busiest: int) -> Table:
    """Leave out the transfers that end a window with more than ``busiest`` of the same party.

    Most need not be counted window by window. Time is cut into pieces of half a window. Whoever has no more than ``busiest`` in all
    is never busy, and after a piece with more of them every window that ends in the next holds all of that piece. What is left is
    counted among the transfers that its windows can hold.
    """
    half = (window + 1) // 2
    cut = shared(paid.mutate(piece=paid["at"] // half), f"cut_by_{party}")
    counts = shared(cut.group_by(party, "piece").aggregate(number=cut.count()), f"counts_by_{party}")
    many = counts.group_by(party).aggregate(number=counts.number.sum())
    many = shared(many.filter(many.number > busiest).select(party), f"many_by_{party}")
    after = counts.filter(counts.number > busiest).select(party, piece=counts.piece + 1)
    open_ = shared(
        counts.semi_join(many, party).anti_join(after, [party, "piece"]).select(party, "piece"), f"open_by_{party}"
    )
    held = ibis.union(*(open_.mutate(piece=open_.piece - step) for step in (0, 1, 2)), distinct=True)
    before = ibis.window(group_by=party, order_by="at", range=(-window, 0))
    counted = cut.semi_join(held, [party, "piece"])
    counted = counted.mutate(number=ibis._.count().over(before)).filter(ibis._.number <= busiest).drop("number")
    judged = counted.semi_join(open_, [party, "piece"])
    return ibis.union(judged, cut.anti_join(many, party)).drop("piece")
