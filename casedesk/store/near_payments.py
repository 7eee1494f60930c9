"""The payments around some accounts within a span: what the features of single payments are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.errors import Conflict
from casedesk.store.dialects import fetched
from casedesk.store.kept_legs import KeptLegs
from casedesk.store.near_rows import BOOKED, CHUNK, LEGS, accounts_named, legs_of, moment, table, within
from casedesk.store.tables import transactions

#: The accounts of a statement whose times differ are read in so many parts: more read fewer rows, and take longer to say.
PARTS: Final = 4

_SCHEMA: Final = pa.schema(
    [
        ("transaction_id", pa.string()), ("booked_at", pa.timestamp("us", "UTC")), ("from_account", pa.string()),
        ("to_account", pa.string()), ("base_minor", pa.int64()), ("channel", pa.string()), ("from_country", pa.string()),
        ("to_country", pa.string()),
    ]
)  # fmt: skip
_ID, _AT = _SCHEMA.names.index("transaction_id"), _SCHEMA.names.index("booked_at")
_READ: Final = sa.select(*(BOOKED if name == "booked_at" else transactions.c[name] for name in _SCHEMA.names))


class TooMuchAround(Conflict):
    """More payments lie around a payment than are read for it."""

    def __init__(self) -> None:
        super().__init__(
            "So many payments lie around it that it is not scored by itself; “casedesk model run” scores every account."
        )


class Around:
    """Reads payments and legs up to a number, and then refuses. ``read`` is how many they were."""

    def __init__(self, connection: Connection, most: int, kept: KeptLegs | None) -> None:
        self._connection = connection
        self._most = most
        self._kept = kept
        self.read = 0

    def between(self, accounts: Sequence[str], since: int, until: int) -> pa.Table:
        """Return the payments from or to any of these accounts after ``since`` and up to ``until``, each once.

        Times are microseconds since 1970.

        :raises TooMuchAround: if they are more than this reader still reads.
        """
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(accounts), CHUNK):
            part = {"accounts": accounts[start : start + CHUNK], "since": moment(since), "until": moment(until)}
            found += self._fetched(_BETWEEN, part)
        if len(accounts) > CHUNK:  # a payment between accounts of two statements came twice
            found = list({row[_ID]: row for row in found}.values())
        return table(found, _SCHEMA)

    def legs(self, accounts: Sequence[str], since: Sequence[int], until: Sequence[int]) -> pa.Table:
        """Return when and with whom each account dealt after its ``since`` and up to its ``until``, and some before or after.

        :raises TooMuchAround: if they are more than this reader still reads.
        """
        if self._kept is not None:
            held = self._kept.of(self._connection, accounts, since, until, self._most - self.read)
            if held is not None:
                self.read += held.num_rows
                return held
        by_end = sorted(zip(until, since, accounts, strict=True))
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(by_end), CHUNK):
            chunk = by_end[start : start + CHUNK]
            size = -(-len(chunk) // PARTS)
            parts = [chunk[first : first + size] for first in range(0, len(chunk), size)]
            given: dict[str, Any] = {}
            for number, part in enumerate(parts):
                given[f"accounts_{number}"] = [account for _, _, account in part]
                given[f"since_{number}"] = moment(min(begin for _, begin, _ in part))
                given[f"until_{number}"] = moment(part[-1][0])
            found += self._fetched(_legs(len(parts)), given)
        return table(found, LEGS)

    def _fetched(self, query: sa.Select[Any], given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        rows = fetched(self._connection, query.limit(self._most - self.read + 1), given)
        self.read += len(rows)
        if self.read > self._most:
            raise TooMuchAround
        return rows


class NearReader:
    """Reads payments with the columns that features are made of, times as instants in UTC."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def named(self, transaction_ids: Sequence[str]) -> pa.Table:
        """Return those of the payments that are stored, in order of booking."""
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(transaction_ids), CHUNK):
            part = transactions.c.transaction_id.in_(transaction_ids[start : start + CHUNK])
            rows += fetched(self._connection, _READ.where(part))
        return table(sorted(rows, key=itemgetter(_AT, _ID)), _SCHEMA)

    def newest(self, count: int) -> list[str]:
        """Return the ids of up to so many payments that came last."""
        query = sa.select(transactions.c.transaction_id).order_by(transactions.c.arrival.desc()).limit(count)
        return list(self._connection.execute(query).scalars())

    def around(self, most: int, kept: KeptLegs | None = None) -> Around:
        """Return a reader that refuses to read more than so many payments in all.

        :param kept: legs that this process keeps of this database.
        """
        return Around(self._connection, most, kept)


def _between() -> sa.Select[Any]:
    """Select by each side's own index; one condition over both sides would read through all payments."""
    accounts = accounts_named("accounts")
    source, target = transactions.c.from_account, transactions.c.to_account
    span = _READ.where(*within("since", "until"))
    both = sa.union_all(span.where(source.in_(accounts)), span.where(target.in_(accounts), source.not_in(accounts)))
    return sa.select(both.subquery())


#: Made once: to put a statement together takes as long as to read some hundred rows.
_BETWEEN: Final = _between()
_legs: Final = cache(legs_of)
