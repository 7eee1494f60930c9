"""The features of single payments, from what a store holds of those around them: the same expressions, over as few rows as they need.

What a feature looks at lies within 90 days of the payment's own two accounts, and within 37 days (a week, and the month before
it) of those whom they dealt with in the last 14. A hub's dealings are not looked at, so that stays few.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.modelling.building import Features, build, filled
from casedesk.modelling.few_rows import fits, worked_out
from casedesk.modelling.few_windows import TooManyPairs, bounds
from casedesk.modelling.pairs import RING_DAYS
from casedesk.modelling.payments import READ, Payments
from casedesk.modelling.sides import DAY, HUB, MONTH, PAIR_DAYS, WEEK

_AROUND: Final = WEEK + MONTH
#: Payments that are served together lie within so many days: what is read reaches back from the first and up to the last.
SPAN_DAYS: Final = MONTH


class Store(Protocol):
    """Whatever holds the payments."""

    def between(self, accounts: Sequence[str], since: int, until: int) -> pa.Table:
        """Return the payments from or to any of these accounts after ``since`` and up to ``until``, each once.

        Times are microseconds since 1970. The columns are those of ``payments.READ``, and may be more.
        """


def features_of(store: Store, transactions: pa.Table, listed: frozenset[str] = frozenset()) -> Features:
    """Return the features of transactions in their order, each as of its instant; they stand in the store already.

    :param transactions: rows with the columns of ``payments.READ``, at least one; ``SPAN_DAYS`` apart at most.
    """
    rows = transactions.select(list(READ))
    when = microseconds(rows["booked_at"])
    first, last = int(when.min()), int(when.max())
    own = sorted({name for side in ("from_account", "to_account") for name in rows[side].to_pylist()} - {""})
    near = store.between(own, first - PAIR_DAYS * DAY, last).select(list(READ))
    others = sorted(_dealt_with(near, own, first) - set(own))
    found = near
    if others:
        around = store.between(others, first - _AROUND * DAY, last).select(list(READ))
        known = pc.is_in(around["transaction_id"], near["transaction_id"].combine_chunks())
        found = pa.concat_tables([near, around.filter(pc.invert(known)).cast(near.schema)])
    made = _made(Payments.of(found, listed, frozenset([*own, *others])))
    places = np.asarray(pc.index_in(rows["transaction_id"], made.ids), np.int64)
    return Features(made.ids.take(pa.array(places)), made.matrix[places])


def _made(payments: Payments) -> Features:
    """Work the features out where it is quicker; both ways give the same bits."""
    if fits(payments):
        with suppress(TooManyPairs):
            return filled(payments, worked_out(payments))
    return build(payments, threads=1)


def microseconds(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return instants as microseconds since 1970."""
    return np.asarray(pc.cast(pc.cast(column, pa.timestamp("us", "UTC")), pa.int64()), np.int64)


def _dealt_with(near: pa.Table, own: Sequence[str], first: int) -> set[str]:
    """Return whom an account dealt with since two weeks before ``first`` while it was no hub."""
    sides = [pc.cast(near[side], pa.string()).combine_chunks() for side in ("from_account", "to_account")]
    numbers = [np.asarray(pc.fill_null(pc.index_in(side, pa.array(own, pa.string())), -1), np.int64) for side in sides]
    named = np.asarray(
        pc.and_(pc.not_equal(sides[0], sides[1]), pc.and_(pc.not_equal(sides[0], ""), pc.not_equal(sides[1], ""))), bool
    )
    when = microseconds(near["booked_at"])
    mine = [np.flatnonzero(named & (number >= 0)) for number in numbers]
    account = np.concatenate([number[places] for number, places in zip(numbers, mine, strict=True)])
    at = np.concatenate([when[places] for places in mine])
    week = bounds(account, at, WEEK * DAY - 1)
    quiet = np.empty(len(at), bool)
    quiet[week.order] = week.high - week.low <= HUB
    recent = quiet & (at > first - RING_DAYS * DAY)
    other = pa.concat_arrays([sides[1].take(pa.array(mine[0])), sides[0].take(pa.array(mine[1]))])
    return set(other.filter(pa.array(recent)).to_pylist())
