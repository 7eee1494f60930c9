"""What the features are computed from: payments with accounts as numbers, in one order whatever order they came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table

from casedesk.errors import Invalid

Flags: TypeAlias = npt.NDArray[np.bool_]

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
    def of(cls, transactions: pa.Table, listed: frozenset[str] = frozenset()) -> Payments:
        """Take transactions with the columns of ``READ``; whatever other columns they have is left behind.

        :param listed: accounts on a list that was known when these payments were made.
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
        named = named.take(pc.sort_indices(named))
        named = named.filter(pc.not_equal(named, ""))
        payer, payee = (_numbers(side, named) for side in sides)
        on_list = _among(named, listed)
        everybody = np.ones(given.num_rows, bool)
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
            "payer_followed": everybody,
            "payee_followed": everybody,
        }
        return cls(pa.table(columns), _plain(given["transaction_id"]), named)

    def beside(self, legs: pa.Table, own: Flags, followed: Flags) -> Payments:
        """Return these payments and, below them, what else is known of some of their accounts: with whom and when they dealt.

        A leg stands there as a payment of which one side is followed; it has no id and no amount.

        :param legs: ``account``, one of ``accounts``, whether it paid (``out``), ``other``, a named party, and ``booked_at``.
        :param own: by the numbers of ``accounts``, from 0 for the world outside, whose payments are these: legs with them are left out.
        :param followed: likewise, whose history is in all of it.
        """
        names, named = (_coded(legs[name]) for name in ("other", "account"))
        known = np.asarray(pc.fill_null(pc.index_in(names.dictionary, self.accounts), -1), np.int64)
        fresh = known < 0
        number = np.where(fresh, len(self.accounts) + np.cumsum(fresh), known + 1)
        its = number[np.asarray(names.indices)]
        kept = np.flatnonzero(~np.append(own, np.zeros(fresh.sum(), bool))[its])
        mine, its = _numbers(named.dictionary, self.accounts)[np.asarray(named.indices)[kept]], its[kept]
        at = np.asarray(pc.cast(pc.cast(legs["booked_at"], pa.timestamp("us", "UTC")), pa.int64()), np.int64)[kept]
        out = np.asarray(legs["out"], bool)[kept]
        none = np.zeros(len(kept), bool)
        below = {
            "row": np.arange(len(self.ids), len(self.ids) + len(kept)),
            "at": at,
            "payer": np.where(out, mine, its),
            "payee": np.where(out, its, mine),
            "amount": np.zeros(len(kept), np.int64),
            "payer_followed": out,
            "payee_followed": ~out,
        }
        above = {name: self.table[name].to_numpy() for name in PAYMENTS.columns}
        above |= {f"{side}_followed": followed[above[side]] for side in ("payer", "payee")}
        whole = {name: np.concatenate([column, below.get(name, none)]) for name, column in above.items()}
        accounts = pa.concat_arrays([self.accounts, names.dictionary.filter(pa.array(fresh))])
        return Payments(pa.table(whole), pa.concat_arrays([self.ids, pa.repeat("", len(kept))]), accounts)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    whole = pc.fill_null(pc.cast(column, pa.string()), "")
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


def _coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return names with each one said once, as they come or made so."""
    return column.combine_chunks() if pa.types.is_dictionary(column.type) else _plain(column).dictionary_encode()


def _numbers(side: pa.Array, named: pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(pc.add(pc.cast(pc.index_in(side, named), pa.int64()), 1), OUTSIDE), np.int64)


def _among(named: pa.Array, accounts: frozenset[str]) -> Flags:
    """Say of the world outside, which is none, and of every account whether it is one of these."""
    return np.concatenate([[False], np.asarray(pc.is_in(named, pa.array(sorted(accounts), pa.string())), bool)])


def _abroad(payer: pa.Array, payee: pa.Array) -> pa.Array:
    both = pc.and_(pc.not_equal(payer, ""), pc.not_equal(payee, ""))
    return pc.and_(both, pc.not_equal(payer, payee))
