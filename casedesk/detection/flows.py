"""What the rules about money that moves through accounts share: who is a stranger, and which stretch of time a hit covers.

A counterparty is a *stranger* to an account when the two had no dealing, in either direction and through any channel,
from ``memory`` before to just before the window that ends at the transaction. So everybody who first appears within
the window counts, also with a second payment, and whoever dealt with the account before the window does not.

Who is a stranger cannot be told of an account that is older than its data. Where the opening day is known and lies
further back than ``settling`` before the account's first transaction, nobody counts as a stranger until ``settling``
after it. An account without an opening day is judged from its first transaction on.
"""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis.expr.types import Table

from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, parameter
from casedesk.detection.shared import shared
from casedesk.detection.windows import MINUTE, by_time
from casedesk.domain.transactions import Channel

HOUR: Final = 60 * MINUTE

#: Everything but cards: a purchase by card is not money handed on.
TRANSFERS: Final = frozenset(Channel) - {Channel.CARD}


def memory_parameter() -> Any:
    """Declare how long an account remembers whom it dealt with; 0 makes everybody a stranger."""
    return parameter(
        90,
        ge=0,
        le=3_650,
        unit="days",
        source=DESK,
        reason="Holds three monthly runs: staff, landlords, suppliers and regular customers are no strangers.",
    )


def settling_parameter() -> Any:
    """Declare for how long an account that is older than its data is watched before anybody is called a stranger."""
    return parameter(
        35,
        ge=0,
        le=365,
        unit="days",
        source=DESK,
        reason="A month and a weekend show an old account's monthly run once; before, its usual parties look new.",
    )


def channels_parameter() -> Any:
    """Declare which channels a rule about flows reads."""
    return parameter(
        TRANSFERS,
        min_length=1,
        unit="channels",
        source=DESK,
        reason="All but cards: card takings and purchases have hundreds of parties and are not handed on.",
    )


def with_strangers(views: Views, places: Table, window: int, memory: int, settling: int) -> Table:
    """Return all legs of the accounts in ``places`` with ``stranger``; ``memory`` and ``settling`` in microseconds.

    Nobody, the other side of cash, and the customer's own accounts are never strangers.
    """
    accounts = shared(places.select("account").distinct(), "placed")
    dealings = views.legs.semi_join(accounts, "account")
    known = views.accounts.filter(views.accounts.own).select("account", "opened_at")
    placed = dealings.join(known, "account")
    begun = placed.group_by("account").aggregate(first_at=placed["at"].min())
    placed = placed.join(begun, "account")
    forgotten: Any = ibis.literal(True)
    if views.past is not None:
        placed = _recalled(placed, views.past.semi_join(accounts, "account"))
        forgotten = (placed["at"] - placed.dealt_at > memory).coalesce(True)
    settled = (
        (placed.opened_at + settling < placed.first_at)
        .coalesce(False)
        .ifelse(placed["at"] >= placed.first_at + settling, ibis.literal(True))
    )
    named = (placed.counterparty != 0) & ~placed.internal & (placed.direction != "self")
    unmet: Any = ibis.literal(True)
    if memory > window:
        past = by_time(["account", "counterparty"], range=(-memory, -(window + 1)))
        unmet = (placed["at"].count().over(past) == 0) & forgotten
    marked = placed.mutate(stranger=unmet & settled & named).drop("opened_at", "first_at")
    return marked if views.past is None else marked.drop("dealt_at")


def _recalled(placed: Table, earlier: Table) -> Table:
    """Add ``dealt_at``, the pair's last dealing before the legs that are shown, and let ``first_at`` know of those before.

    The last one tells whether any lies within the memory, because the window begins after it.
    """
    pair = ["account", "counterparty"]
    times = {"dealt_at": earlier["at"].max(), "met_at": earlier["at"].min()}
    dealt = shared(earlier.group_by(pair).aggregate(**times), "dealt")
    begun = dealt.group_by("account").aggregate(begun_at=dealt.met_at.min())
    found = placed.left_join(begun, "account").drop("account_right")
    found = found.left_join(dealt.drop("met_at"), pair).drop("account_right", "counterparty_right")
    return found.mutate(first_at=ibis.least(found.first_at, found.begun_at.coalesce(found.first_at))).drop("begun_at")


def stretches(legs: Table, hits: Table) -> Table:
    """Keep the legs that lie in some hit's stretch, and number the episodes they form.

    ``hits`` has at most one row for each account and time: ``account``, ``at``, where the stretch ends, and ``start``,
    where it begins; both are times of legs and belong to it. ``legs`` has one row for each transaction that the rule
    counts. Stretches that share a transaction are one episode. The other columns of ``hits`` stand on the legs at its
    time, and are null on the rest.
    """
    timed = legs.left_join(hits, ["account", "at"]).drop("account_right", "at_right")
    timed = timed.mutate(reach=timed.start.min().over(by_time(range=(0, None))))
    evidence = timed.filter(timed.reach <= timed["at"])
    before = evidence["at"].lag(1).over(by_time())
    marked = evidence.mutate(begins=before.isnull() | (evidence.reach > before))
    begun_at = ibis.ifelse(marked.begins, marked["at"], ibis.null("int64"))
    return marked.mutate(episode=begun_at.max().over(by_time(range=(None, 0)))).drop("reach", "begins")
