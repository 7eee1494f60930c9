"""Each payment seen from both of its accounts, with what each account had done by then.

Everything counted here lies within a window that ends at the payment's own instant. Payments of the same instant count
for each other, because most data knows only the day or the minute; nothing later counts, ever. Sums are of whole numbers,
so no order of adding can change them.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import ibis
from ibis.expr.types import Table, Value

from casedesk.modelling.payments import OUTSIDE, PAYMENTS

DAY: Final = 86_400_000_000
#: The windows, in days.
SHORT, WEEK, MONTH = 1, 7, 30
#: How far back a pair's own history counts.
PAIR_DAYS: Final = 90
#: More payments with named parties than this within a week, and the account is a hub: whom it deals with is not looked at.
HUB: Final = 256


def within(days: int, keys: tuple[str, ...], order: str = "at") -> ibis.Value:
    """Return the window of so many days up to and with the instant of each row."""
    return ibis.range_window(preceding=days * DAY - 1, following=0, group_by=list(keys), order_by=order)


@cache
def legs() -> Table:
    """Return each payment once for each of its named accounts: ``account`` against ``other``, in or out.

    ``paid`` and ``got`` are payments between two named parties, ``spent`` and ``banked`` those with the world outside. What an
    account pays itself is none of them.
    """
    p = PAYMENTS
    out = p.filter((p.payer != OUTSIDE) & p.payer_followed).select(
        "row", "at", "amount", "cash", out=ibis.literal(True), account=p.payer, other=p.payee, listed=p.payee_listed
    )
    into = p.filter((p.payee != OUTSIDE) & p.payee_followed).select(
        "row", "at", "amount", "cash", out=ibis.literal(False), account=p.payee, other=p.payer, listed=p.payer_listed
    )
    both = ibis.union(out, into)
    named = (both.other != OUTSIDE) & (both.other != both.account)
    return both.mutate(
        paid=both.out & named,
        got=~both.out & named,
        spent=both.out & (both.other == OUTSIDE),
        banked=~both.out & (both.other == OUTSIDE),
    )


def _measures(rows: Table) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for days in (SHORT, WEEK, MONTH):
        window = within(days, ("account",))
        for flow in ("paid", "got") if days == SHORT else ("paid", "got", "spent"):
            found[f"{flow}_n_{days}"] = rows[flow].sum().over(window)
            found[f"{flow}_sum_{days}"] = rows.amount.sum(where=rows[flow]).over(window).coalesce(0)
        for flow in ("paid", "got") if days != SHORT else ():
            found[f"{flow}_parties_{days}"] = rows.other.nunique(where=rows[flow]).over(window)
    month = within(MONTH, ("account",))
    found["banked_n_30"] = rows.banked.sum().over(month)
    found["cash_n_30"] = rows.cash.sum().over(month)
    found["active_days_30"] = (rows["at"] // DAY).nunique().over(month)
    for flow in ("paid", "got"):
        found[f"{flow}_max_30"] = rows.amount.max(where=rows[flow]).over(month)
        found[f"{flow}_listed_30"] = rows.amount.sum(where=rows[flow] & rows.listed).over(month).coalesce(0)
    return found


@cache
def known() -> Table:
    """Return the legs with the account's own history by then."""
    rows = legs()
    return rows.mutate(**_measures(rows))


#: The same, once an engine has worked it out.
KNOWN: Final[Table] = ibis.table(known().schema(), name="known")

#: What is asked of the parties an account deals with: how many they dealt with in a week, how busy they were in a month.
PARTIES: Final = ("got_parties_7", "paid_parties_7")
BUSY: Final = ("paid_n_30", "got_n_30")
#: Who they are to the account, by the flow that makes them so.
OTHERS: Final = {"funders": "got", "takers": "paid"}


@cache
def surroundings() -> Table:
    """Return the legs with what the parties that the account dealt with within a week were like when it did.

    A hub's are not looked at (``HUB``); there it says nothing.
    """
    theirs = KNOWN.select("row", out=~KNOWN.out, **{f"other_{name}": KNOWN[name] for name in (*PARTIES, *BUSY)})
    both = KNOWN.left_join(theirs, ["row", "out"])
    both = both.select(*KNOWN.columns, *(f"other_{name}" for name in (*PARTIES, *BUSY)))
    week = within(WEEK, ("account",))
    quiet = both.paid_n_7 + both.got_n_7 <= HUB
    found: dict[str, Value] = {}
    for words, flow in OTHERS.items():
        for name in PARTIES:
            most = both[f"other_{name}"].max(where=both[flow]).over(week)
            found[f"{words}_max_{name}"] = ibis.ifelse(quiet, most, None)
        for name in BUSY:
            total = both[f"other_{name}"].sum(where=both[flow]).over(week)
            found[f"{words}_sum_{name}"] = ibis.ifelse(quiet, total, None)
    return both.mutate(**found)


SURROUNDINGS: Final[Table] = ibis.table(surroundings().schema(), name="surroundings")
