"""How much of a customer's past the data holds, and what that past makes of today: news, or more of the same.

A shop that banks 9,000 each evening and somebody who splits 45,000 over a week make the same deposits. Only their past
tells them apart, so rules that would fill the queue with shops compare a window with the same customer's rate before it.

A past may be missing. A customer whose account was opened long before the first transaction here had a life that the
data does not hold. It is judged by the part that the data does hold; while that is too short, each rule asks for more or
waits. A customer who came shortly before the first transaction, or at a date nobody knows, is known from the first day
on: before that there was nothing. So a new account is judged at once.

What a patient launderer gains: whoever raises the pace slowly, never to a multiple of the last months, is not news; and
who goes on at one pace becomes usual after a while, by then inside an episode that has been an alert from its first
window on. Both are the price of leaving honest shops alone, and what draws below the line are for.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import IntegerValue, Table

from casedesk.detection.legs import Views
from casedesk.detection.windows import DAY

#: Days between opening and first transaction after which an account is taken to have a past that the data lacks.
SETTLED = 28


def with_seen_from(legs: Table, views: Views) -> Table:
    """Add ``seen_from``: the customer's first moment in the data where its past is missing, null where it is known.

    ``legs`` have the lead account as ``account``; a customer's first moment is that of any transaction on any account.
    """
    subjects = legs.select("account").distinct()
    life = views.whole(subjects, "lead")
    life = life.mutate(account=life.lead)
    return legs.join(seen_from(life.group_by("account").aggregate(first_at=life["at"].min()), views), "account")


def seen_from(first: Table, views: Views) -> Table:
    """Return ``seen_from``, as above, for each customer of the desk among ``first``: its lead account and its first moment."""
    owned = views.accounts.filter(views.accounts.own)
    opened = owned.group_by(account=owned.lead).aggregate(opened_at=owned.opened_at.min())
    known = first.join(opened, "account")
    late = known.first_at - known.opened_at > SETTLED * DAY
    return known.select("account", seen_from=ibis.ifelse(late.coalesce(False), known.first_at, ibis.null("int64")))


def held(start: IntegerValue, seen_from: IntegerValue, most: int) -> IntegerValue:
    """Return how much of the ``most`` units of time before ``start`` the data holds; null ``seen_from`` means all."""
    part = ibis.greatest(ibis.literal(0, "int64"), ibis.least(start - seen_from, ibis.literal(most, "int64")))
    return part.coalesce(ibis.literal(most, "int64"))


def news(least: int, before: IntegerValue, held_units: IntegerValue, window: int, percent: int) -> IntegerValue:
    """Return what a window needs to be news: ``least``, or more than ``percent`` of the customer's rate before it.

    ``before`` events within ``held_units`` of time are ``before * window / held_units`` in a window. Whole numbers.
    """
    usual = before * (window * percent) // (ibis.greatest(held_units, ibis.literal(1, "int64")) * 100)
    return ibis.greatest(ibis.literal(least, "int64"), usual + 1)
