"""What the features are computed from: payments with accounts as numbers, in one order whatever order they came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table

from casedesk.errors import Invalid

#: Nobody's account: the cash side, or the world outside.
OUTSIDE: Final = 0

#: The columns that features may be made of, and no others: no label, no balance, no place in a file can reach them.
READ: Final = (
    "transaction_id",
    "booked_at",
    "from_account",
    "to_account",
    "base_minor",
    "channel",
    "from_country",
    "to_country",
)

#: The payments as the expressions see them. ``row`` leads back to the id and is never compared.
PAYMENTS: Final[Table] = ibis.table(
    {
        "row": "int64",
        "at": "int64",  # microseconds since 1970-01-01 UTC
        "payer": "int64",
        "payee": "int64",
        "amount": "int64",  # minor units of the base currency
        "cash": "boolean",
        "abroad": "boolean",  # the two countries are known and differ
        "payer_listed": "boolean",
        "payee_listed": "boolean",
        "payer_followed": "boolean",  # whether the account's own history is wanted; for a whole bank, everybody's is
        "payee_followed": "boolean",
    },
    name="payments",
)


class UnfitPayments(Invalid):
    """A column that the features need is missing, or holds what cannot be."""


@dataclass(frozen=True, slots=True)
class Payments:
    """Payments ready for the features: ``table`` has the columns of ``PAYMENTS``, ``ids`` and ``accounts`` the names."""

    table: pa.Table
    ids: pa.Array
    accounts: pa.Array  # the account with number n stands at n - 1

    @classmethod
    def of(
        cls, transactions: pa.Table, listed: frozenset[str] = frozenset(), followed: frozenset[str] | None = None
    ) -> Payments:
        """Take transactions with the columns of ``READ``; whatever other columns they have is left behind.

        :param listed: accounts on a list that was known when these payments were made.
        :param followed: accounts whose history is in these payments; None for all of them.
        :raises UnfitPayments: if a column is missing, or an amount is below 0.
        """
        missing = [name for name in READ if name not in transactions.column_names]
        if missing:
            raise UnfitPayments(f"The transactions have no column “{missing[0]}”; features cannot be made without it.")
        given = transactions.select(list(READ)).combine_chunks()
        given = given.sort_by([("booked_at", "ascending"), ("transaction_id", "ascending")])
        if given.num_rows and pc.min(given["base_minor"]).as_py() < 0:
            raise UnfitPayments("An amount is below 0; write a payment back as a payment of the other direction.")
        sides = [_plain(given[name]) for name in ("from_account", "to_account")]
        named = pc.unique(pa.chunked_array(sides, pa.string()))
        named = named.take(pc.sort_indices(named)).filter(pc.not_equal(named.take(pc.sort_indices(named)), ""))
        payer, payee = (_numbers(side, named) for side in sides)
        on_list = _among(named, listed)
        wanted = np.ones(len(named) + 1, bool) if followed is None else _among(named, followed)
        columns: dict[str, Any] = {
            "row": np.arange(given.num_rows, dtype=np.int64),
            "at": pc.cast(pc.cast(given["booked_at"], pa.timestamp("us", "UTC")), pa.int64()),
            "payer": payer,
            "payee": payee,
            "amount": given["base_minor"],
            "cash": pc.equal(pc.cast(given["channel"], pa.string()), "CASH"),
            "abroad": _abroad(_plain(given["from_country"]), _plain(given["to_country"])),
            "payer_listed": on_list[payer],
            "payee_listed": on_list[payee],
            "payer_followed": wanted[payer],
            "payee_followed": wanted[payee],
        }
        return cls(pa.table(columns), _plain(given["transaction_id"]), named)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    whole = pc.fill_null(pc.cast(column, pa.string()), "")
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


def _numbers(side: pa.Array, named: pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(pc.add(pc.cast(pc.index_in(side, named), pa.int64()), 1), OUTSIDE), np.int64)


def _among(named: pa.Array, accounts: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Say of the world outside, which is none, and of every account whether it is one of these."""
    return np.concatenate([[False], np.asarray(pc.is_in(named, pa.array(sorted(accounts), pa.string())), bool)])


def _abroad(payer: pa.Array, payee: pa.Array) -> pa.Array:
    both = pc.and_(pc.not_equal(payer, ""), pc.not_equal(payee, ""))
    return pc.and_(both, pc.not_equal(payer, payee))
