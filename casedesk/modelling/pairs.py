"""What two parties had to do with each other by then, and what ran between them by way of a third."""

from __future__ import annotations

from functools import cache
from typing import Final

import ibis
from ibis.expr.types import Table, Value

from casedesk.modelling.payments import OUTSIDE, PAYMENTS
from casedesk.modelling.sides import DAY, HUB, KNOWN, MONTH, PAIR_DAYS, WEEK, within

#: Within so many days a ring of three closes, and a middleman passes on what he got.
RING_DAYS: Final = 14


@cache
def pairs() -> Table:
    """Return for each payment between two named parties what had gone between them by then, in either direction."""
    p = PAYMENTS
    rows = p.filter((p.payer != OUTSIDE) & (p.payee != OUTSIDE) & (p.payer != p.payee))
    rows = rows.mutate(low=ibis.least(rows.payer, rows.payee), high=ibis.greatest(rows.payer, rows.payee))
    rows = rows.mutate(up=rows.payer < rows.payee)
    both, same = ("low", "high"), ("low", "high", "up")
    found: dict[str, Value] = {
        "pair_n_90": rows.count().over(within(PAIR_DAYS, same)),
        "pair_sum_90": rows.amount.sum().over(within(PAIR_DAYS, same)),
        "pair_n_7": rows.count().over(within(WEEK, same)),
        "pair_age": rows["at"] - rows["at"].min().over(within(PAIR_DAYS, same)),
        "either_n_90": rows.count().over(within(PAIR_DAYS, both)),
        "either_n_7": rows.count().over(within(WEEK, both)),
        "either_sum_30": rows.amount.sum().over(within(MONTH, both)),
        "pair_sum_30": rows.amount.sum().over(within(MONTH, same)),
    }
    rows = rows.mutate(**found)
    return rows.select(
        "row", "pair_n_90", "pair_sum_90", "pair_n_7", "pair_age",
        returned_n_90=rows.either_n_90 - rows.pair_n_90,
        returned_n_7=rows.either_n_7 - rows.pair_n_7,
        returned_sum_30=rows.either_sum_30 - rows.pair_sum_30,
    )  # fmt: skip


PAIRS: Final[Table] = ibis.table(pairs().schema(), name="pairs")


@cache
def ways() -> Table:
    """Return each way of two hops: who paid a middleman that within a week paid on, by the payment that he made.

    A hub is nobody's middleman and ends no way: without that limit one busy account would make millions of them.
    """
    quiet = KNOWN.filter(KNOWN.paid_n_7 + KNOWN.got_n_7 <= HUB)
    on = quiet.filter(quiet.paid).select("row", "at", middle=quiet.account, last=quiet.other, slot=quiet["at"] // _WEEK)
    on = on.semi_join(quiet.filter(quiet.got), "row")
    got = KNOWN.filter(KNOWN.got).select(first=KNOWN.other, middle=KNOWN.account, then=KNOWN["at"])
    # an equality for each of the two weeks that a window can touch: a join by time alone would try all pairs
    near = ibis.union(got.mutate(slot=got.then // _WEEK), got.mutate(slot=got.then // _WEEK + 1))
    found = on.join(near, ["middle", "slot"])
    found = found.filter((found.then <= found["at"]) & (found.then > found["at"] - _WEEK) & (found.first != found.last))
    return found.select("row", "at", "first", "middle", "last").distinct()


_WEEK: Final = WEEK * DAY
WAYS: Final[Table] = ibis.table(ways().schema(), name="ways")


@cache
def middlemen() -> Table:
    """Return for each payment that passed money on how many middlemen had brought it from one source to its payee."""
    counted = WAYS.mutate(middlemen=WAYS.middle.nunique().over(within(RING_DAYS, ("first", "last"))))
    return counted.group_by("row").aggregate(middlemen_14=counted.middlemen.max(), sources_7=counted.count())


@cache
def rings() -> Table:
    """Return for each payment how many ways of two hops had come back from its payee to its payer by then."""
    p = PAYMENTS
    ends = WAYS.select("row", "at", a=WAYS.first, b=WAYS.last, middle=WAYS.middle)
    asks = p.filter((p.payer != OUTSIDE) & (p.payee != OUTSIDE) & (p.payer != p.payee))
    asks = asks.select("row", "at", a=asks.payee, b=asks.payer, middle=ibis.null("int64"))
    both = ibis.union(ends, asks)
    both = both.mutate(rings_14=both.middle.count().over(within(RING_DAYS, ("a", "b"))))
    return both.filter(both.middle.isnull()).select("row", "rings_14")


MIDDLEMEN: Final[Table] = ibis.table(middlemen().schema(), name="middlemen")
RINGS: Final[Table] = ibis.table(rings().schema(), name="rings")
