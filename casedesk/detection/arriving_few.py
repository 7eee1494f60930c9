"""A few transactions that come to those that are loaded, made ready in memory: their digest, their keys and their legs.

An engine takes some twenty milliseconds for it however few they are, because each statement is planned anew. What the engine would
refuse is left to the engine, which names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import pyarrow as pa

from casedesk.detection.fingerprint import Digest, digest_of_transactions
from casedesk.detection.known_holders import Holder
from casedesk.detection.legs import KEYED, LEGS
from casedesk.detection.paid import OWN_AMOUNT, as_paid
from casedesk.detection.sources import TRANSACTION_COLUMNS, ParquetFiles, fitting

#: Of more, the engine is quicker.
MOST: Final = 1_000


#: Where nobody stands: the other side of cash.
_NOBODY: Final = Holder(0)


@dataclass(frozen=True, slots=True)
class FewTransactions:
    """Transactions, each with what :func:`~casedesk.detection.duck_session.show` would show of it, by column."""

    rows: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, transactions: pa.Table, base_currency: str) -> Self | None:
        """Read transactions; None where they are too many, or something of them is to be refused.

        :raises UnfitSource: if a column is missing or wrong.
        """
        if not 0 < transactions.num_rows <= MOST:
            return None
        fit = fitting("transactions", transactions)
        if isinstance(fit, ParquetFiles):
            raise AssertionError("a table fits as a table")
        told = (*TRANSACTION_COLUMNS, *(name for name in OWN_AMOUNT if name in fit.column_names))
        if any(fit[name].null_count for name in told):
            return None
        at = fit["booked_at"].cast(pa.timestamp("us", fit.schema.field("booked_at").type.tz)).cast(pa.int64())
        columns = {name: fit[name].to_pylist() for name in told if name != "booked_at"} | {"at": at.to_pylist()}
        rows = tuple(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        if any(row["base_minor"] < 0 or row.get("amount_minor", 0) < 0 for row in rows):
            return None
        for row in rows:
            row["paid_minor"] = as_paid(row, base_currency)
        return cls(rows)

    def digest(self) -> Digest:
        """Return what the fingerprint is made of."""
        return digest_of_transactions(self.rows)

    @property
    def sides(self) -> list[str]:
        """The accounts on either side, each once."""
        return sorted({row[side] for row in self.rows for side in ("from_account", "to_account")} - {""})

    def keyed(self, first: int, holders: Mapping[str, Holder]) -> Keyed | None:
        """Give them keys, numbered from ``first`` on; None where an account has no holder."""
        known = {"": _NOBODY} | {name: holders[name] for name in self.sides if name in holders}
        if any(row[side] not in known for row in self.rows for side in ("from_account", "to_account")):
            return None
        keyed, legs = [], list[dict[str, Any]]()
        for number, row in enumerate(self.rows, first):
            source, target = known[row["from_account"]], known[row["to_account"]]
            one = row | {
                "row": number, "from_key": source.key, "to_key": target.key, "from_own": source.own, "to_own": target.own,
            }  # fmt: skip
            keyed.append(one)
            legs += _legs(one, source, target)
        ids = {"row": [one["row"] for one in keyed], "transaction_id": [one["transaction_id"] for one in keyed]}
        return Keyed(
            _table(keyed, KEYED),
            _table(legs, LEGS),
            pa.table(ids, pa.schema({"row": pa.int64(), "transaction_id": pa.string()})),
        )


class Keyed(NamedTuple):
    """The columns of ``legs.KEYED``, those of ``legs.LEGS``, and the ids by ``row``."""

    transactions: pa.Table
    legs: pa.Table
    ids: pa.Table


def _legs(row: Mapping[str, Any], source: Holder, target: Holder) -> Iterator[dict[str, Any]]:
    """Yield the legs of one transaction, as ``legs.legs_of`` does."""
    same = source.key == target.key
    internal = source.lead == target.lead  # who has no customer leads itself
    if target.own and not same:
        yield {
            **row, "account": target.key, "counterparty": source.key, "direction": "in", "country": row["from_country"],
            "lead": target.lead, "internal": internal,
        }  # fmt: skip
    if source.own:
        yield {
            **row, "account": source.key, "counterparty": target.key, "direction": "self" if same else "out",
            "country": row["to_country"], "lead": source.lead, "internal": internal,
        }  # fmt: skip


def _table(rows: list[dict[str, Any]], shape: Any) -> pa.Table:
    schema = shape.schema().to_pyarrow()
    return pa.table({name: pa.array([row[name] for row in rows], schema.field(name).type) for name in schema.names})
