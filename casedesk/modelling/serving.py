"""The features of single payments, from what a store holds of those around them: the same expressions, over as few rows as they need.

What a feature looks at lies within 90 days of the payment's own two accounts; of those whom they dealt with in the last 7 days, within
the 30 days before they did; and of those who paid them in the last 14 days, within the week before. What others did later is not
looked at, nor a hub's dealings, so that stays few.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.modelling.building import Features, build, filled
from casedesk.modelling.few_rows import fits, worked_out
from casedesk.modelling.few_tables import Flags, Places
from casedesk.modelling.few_windows import TooManyPairs, Window, bounds, members, running
from casedesk.modelling.pairs import RING_DAYS
from casedesk.modelling.payments import OUTSIDE, READ, Payments
from casedesk.modelling.sides import DAY, HUB, MONTH, PAIR_DAYS, WEEK

#: Payments that are served together lie within so many days: what is read reaches back from the first and up to the last.
SPAN_DAYS: Final = MONTH


class Store(Protocol):
    """Whatever holds the payments. Times are microseconds since 1970."""

    def between(self, accounts: Sequence[str], since: int, until: int) -> pa.Table:
        """Return the payments from or to any of these accounts after ``since`` and up to ``until``, each once.

        The columns are those of ``payments.READ``, and may be more.
        """

    def legs(self, accounts: Sequence[str], since: Sequence[int], until: Sequence[int]) -> pa.Table:
        """Return when and with whom each account dealt after its ``since`` and up to its ``until``, and maybe some before or after.

        The columns are those of ``Payments.beside``. A payment between two of the accounts is a leg of each; one with the world
        outside is none.
        """


def features_of(store: Store, transactions: pa.Table, listed: frozenset[str] = frozenset()) -> Features:
    """Return the features of transactions in their order, each as of its instant; they stand in the store already.

    :param transactions: rows with the columns of ``payments.READ``, at least one, each once; ``SPAN_DAYS`` apart at most.
    """
    rows = transactions.select(list(READ))
    when = microseconds(rows["booked_at"])
    first, last = int(when.min()), int(when.max())
    own = sorted({name for side in ("from_account", "to_account") for name in rows[side].to_pylist()} - {""})
    near = Payments.of(store.between(own, first - PAIR_DAYS * DAY, last), listed)
    asked = np.asarray(pc.index_in(rows["transaction_id"], near.ids), np.int64)
    mine = np.append(False, np.asarray(pc.is_in(near.accounts, pa.array(own, pa.string())), bool))
    others = _others(near, mine, asked)
    legs = store.legs(near.accounts.take(pa.array(others.accounts - 1)).to_pylist(), others.since, others.until)
    followed = mine.copy()
    followed[others.accounts] = True
    return _made(near.beside(legs, mine, followed), asked)


def _made(payments: Payments, asked: Places) -> Features:
    """Work the features out where it is quicker; both ways give the same bits."""
    if fits(payments):
        with suppress(TooManyPairs):
            return filled(payments.ids.take(pa.array(asked)), worked_out(payments, asked))
    made = build(payments, threads=1)
    return Features(made.ids.take(pa.array(asked)), made.matrix[asked])


def microseconds(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return instants as microseconds since 1970."""
    return np.asarray(pc.cast(pc.cast(column, pa.timestamp("us", "UTC")), pa.int64()), np.int64)


class _Others(NamedTuple):
    """Accounts by their numbers, and from when to when the features look at each."""

    accounts: Places
    since: list[int]
    until: list[int]


def _others(near: Payments, mine: Flags, asked: Places) -> _Others:
    """Return whom the accounts of the asked payments dealt with, as far as these payments' features look at them.

    :param mine: which numbers are those of the asked payments' accounts.
    """
    side = {name: near.table[name].to_numpy() for name in ("payer", "payee", "at")}
    account = np.concatenate([side["payer"], side["payee"]])
    kept = np.flatnonzero(mine[account])  # of each payment its legs, those of the payers first
    count = len(near.ids)
    account, other = account[kept], np.concatenate([side["payee"], side["payer"]])[kept]
    at, got = side["at"][kept % count], kept >= count
    named = (other != OUTSIDE) & (other != account)
    week = bounds(members(account, every := np.arange(len(kept))), at, every, WEEK * DAY - 1)
    quiet = running(week, named[week.rows]) <= HUB
    ends = np.isin(kept % count, asked)

    def before(legs: Places, days: int) -> Flags:
        return _seen(bounds(members(account, legs), at, legs, days * DAY - 1), len(kept))

    foreign = named & ~mine[other]
    dealt = foreign & before(np.flatnonzero(ends & quiet), WEEK)
    brought = foreign & got & quiet & before(np.flatnonzero(ends), RING_DAYS)
    legs = np.flatnonzero(dealt | brought)
    numbers, place = np.unique(other[legs], return_inverse=True)
    since, until = np.full(len(numbers), np.iinfo(np.int64).max), np.full(len(numbers), np.iinfo(np.int64).min)
    np.minimum.at(since, place, at[legs] - np.where(dealt[legs], MONTH * DAY, WEEK * DAY))
    np.maximum.at(until, place, at[legs])
    return _Others(numbers, since.tolist(), until.tolist())


def _seen(window: Window, count: int) -> Flags:
    """Return which of so many rows lie in any of the windows."""
    edges = [np.bincount(edge, minlength=len(window.rows) + 1) for edge in (window.low, window.high)]
    found = np.zeros(count, bool)
    found[window.rows[np.cumsum(edges[0] - edges[1])[:-1] > 0]] = True
    return found
