"""The features of one payment, from what a store holds of those around it: the same expressions, over as few rows as they need.

What a feature looks at lies within 90 days of the payment's own two accounts, and within 37 days (a week, and the month before
it) of those whom they dealt with in the last 14. A hub's dealings are not looked at, so that stays few.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.modelling.building import Features, build_in, filled
from casedesk.modelling.few_rows import fits, worked_out
from casedesk.modelling.few_windows import TooManyPairs
from casedesk.modelling.pairs import RING_DAYS
from casedesk.modelling.payments import READ, Payments
from casedesk.modelling.sides import DAY, HUB, MONTH, PAIR_DAYS, WEEK

_AROUND: Final = WEEK + MONTH


class Store(Protocol):
    """Whatever holds the payments."""

    def between(self, accounts: Sequence[str], since: int, until: int) -> pa.Table:
        """Return the payments from or to any of these accounts after ``since`` and up to ``until``, each once.

        Times are microseconds since 1970. The columns are those of ``payments.READ``, and may be more.
        """


def features_of(
    engine: duckdb.DuckDBPyConnection, store: Store, transaction: pa.Table, listed: frozenset[str] = frozenset()
) -> Features:
    """Return the features of one transaction as of its instant; it stands in the store already.

    :param engine: works them out where there is too much around the transaction for ``few_rows``.
    :param transaction: one row with the columns of ``payments.READ``.
    """
    row = transaction.select(list(READ))
    at = _microseconds(row["booked_at"])[0]
    own = sorted({row[side][0].as_py() for side in ("from_account", "to_account")} - {""})
    near = store.between(own, int(at) - PAIR_DAYS * DAY, int(at)).select(list(READ))
    others = sorted(_dealt_with(near, own, int(at)) - set(own))
    found = near
    if others:
        around = store.between(others, int(at) - (_AROUND) * DAY, int(at)).select(list(READ))
        known = pc.is_in(around["transaction_id"], near["transaction_id"].combine_chunks())
        found = pa.concat_tables([near, around.filter(pc.invert(known)).cast(near.schema)])
    made = _made(engine, Payments.of(found, listed, frozenset([*own, *others])))
    place = pc.index(made.ids, row["transaction_id"][0].as_py()).as_py()
    return Features(made.ids.slice(place, 1), made.matrix[place : place + 1])


def _made(engine: duckdb.DuckDBPyConnection, payments: Payments) -> Features:
    """Work the features out where it is quicker; both ways give the same bits."""
    if fits(payments):
        with suppress(TooManyPairs):
            return filled(payments, worked_out(payments))
    return build_in(engine, payments)


def _microseconds(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(pc.cast(pc.cast(column, pa.timestamp("us", "UTC")), pa.int64()), np.int64)


def _dealt_with(near: pa.Table, own: Sequence[str], at: int) -> set[str]:
    """Return whom an account dealt with in the last two weeks while it was no hub."""
    when = _microseconds(near["booked_at"])
    payer, payee = (near[side].to_numpy(zero_copy_only=False) for side in ("from_account", "to_account"))
    named = (payer != "") & (payee != "") & (payer != payee)
    found: set[str] = set()
    for account in own:
        mine = named & ((payer == account) | (payee == account))
        times = np.sort(when[mine])
        until = when[mine]
        busy = np.searchsorted(times, until, "right") - np.searchsorted(times, until - WEEK * DAY, "right")
        recent = (until > at - RING_DAYS * DAY) & (busy <= HUB)
        found.update(payer[mine][recent], payee[mine][recent])
    return found
