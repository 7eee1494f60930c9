"""What short paths must be besides: friends and traders make them too, with small sums, and with whom they know.

A path is judged by each of its hops, so what is unfit is told as hops, and every short path with one of them is left out.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from casedesk.detection.hops import LARGEST
from casedesk.detection.legs import Views
from casedesk.detection.past import seen_from
from casedesk.detection.shared import shared


def steps_of(short: Table, one: Table) -> Table:
    """Return the hops of short paths: ``row``, ``at``, ``source``, ``target`` and ``minor``.

    :param one: the paths of one hop that they are made of.
    """
    on_short = short.select(row=short.rows.unnest()).distinct()
    hops = one.select("at", source="start", target="end", minor="last_minor", row=one.rows[0])
    return shared(hops.semi_join(on_short, "row"), "steps")


def without(paths: Table, short: Table, unfit: Table) -> Table:
    """Leave out the short paths with one of the hops in ``unfit`` (``row``)."""
    trips = short.select("rows", row=short.rows.unnest()).semi_join(unfit, "row")
    return paths.anti_join(trips.select("rows").distinct(), "rows")


def light(steps: Table, views: Views, window: int, least: int, percent: int) -> Table:
    """Return the hops below ``least`` minor units and below so much of all that their sender paid in the window they end.

    What the sender paid counts whoever got it, cash included, but for what stayed with the same customer.
    """
    senders = _members(steps.select(account=steps.source).distinct(), views)
    receivers = views.accounts.select(to_key="account", target="lead")
    paid = views.transfers.select("at", "from_key", "to_key", "base_minor")
    paid = paid.join(senders.select(from_key="account", source="lead"), "from_key").left_join(receivers, "to_key")
    paid = paid.filter(paid.source != paid.target.coalesce(0))
    paid = paid.select("source", paid_at="at", paid_minor=ibis.least(paid.base_minor, LARGEST))
    both = steps.join(paid, "source")
    both = both.filter((both.paid_at <= both["at"]) & (both["at"] - both.paid_at <= window))
    sums = both.group_by("row", "minor").aggregate(total=both.paid_minor.sum())
    return sums.filter((sums.minor < least) & (sums.minor * 100 < sums.total * percent)).select("row")


def between_acquaintances(steps: Table, views: Views, window: int, memory: int) -> Table:
    """Return the hops between parties that had dealt with each other before.

    That is a transfer in either direction from ``memory`` before to just before the window that ends with the hop.
    """
    parties = ibis.union(*(steps.select(account=steps[side]) for side in ("source", "target"))).distinct()
    members = shared(_members(parties, views), "members")
    dealings = views.ever_transfers.select("at", "from_key", "to_key")
    for key, side in (("from_key", "source"), ("to_key", "target")):
        dealings = dealings.join(members.select(**{key: members.account, side: members.lead}), key)
    dealings = _paired(dealings).select("low", "high", dealt_at="at")
    both = _paired(steps).join(dealings, ["low", "high"])
    return both.filter((both.dealt_at >= both["at"] - memory) & (both.dealt_at < both["at"] - window)).select("row")


def between_unsettled(steps: Table, views: Views, settling: int) -> Table:
    """Return the hops of customers whose past the data lacks (``past``) until ``settling`` after their first transaction."""
    sides = [steps.select("row", "at", account=steps[side]) for side in ("source", "target")]
    both = ibis.union(*sides)
    members, ever = _members(both.select("account").distinct(), views), views.ever_transfers
    life = ibis.union(
        *(
            ever.select("at", account=ever[key]).join(members, "account").select("at", account="lead")
            for key in ("from_key", "to_key")
        )
    )
    late = seen_from(life.group_by("account").aggregate(first_at=life["at"].min()), views)
    found = both.join(late, "account")
    return found.filter((found["at"] < found.seen_from + settling).coalesce(False)).select("row")


def _members(parties: Table, views: Views) -> Table:
    """Return the accounts of these parties, and whose they are (``lead``)."""
    accounts = views.accounts
    return accounts.semi_join(parties, accounts.lead == parties.account).select("account", "lead")


def _paired(table: Table) -> Table:
    return table.mutate(
        low=ibis.least(table.source, table.target).cast("int32"),
        high=ibis.greatest(table.source, table.target).cast("int32"),
    )
