"""Who holds which account, kept in memory from run to run: each run asks three times for much the same ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

import duckdb

from casedesk.detection.keying import NAMED

#: Up to so many accounts, some 300 bytes each, all are read at once.
FEW: Final = 50_000
#: Beyond so many, all that were asked for are let go of.
MOST: Final = 250_000

_ALL: Final = f"SELECT account_id, account, own, lead, opened_at, customer_id FROM {NAMED.get_name()}"
#: Some accounts and, of the desk's own, all of the same customers: one account leads them.
_ASKED: Final = f"""
{_ALL}
WHERE lead IN (SELECT lead FROM {NAMED.get_name()} WHERE account_id IN (SELECT unnest(?::VARCHAR[])))"""


class Holder(NamedTuple):
    """The key of an account, whether it is the desk's own, who leads it, when it was opened, and its customer.

    ``opened_at`` is in microseconds since 1970 UTC, None where it is unknown.
    """

    key: int
    own: bool = False
    lead: int = 0
    opened_at: int | None = None
    customer_id: str = ""


class KnownHolders:
    """All accounts where they are few, else those that were asked for, with all of their customers'."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.forget()

    def forget(self) -> None:
        """Read them anew when somebody asks."""
        self._by_id: dict[str, Holder] = {}
        self._by_customer: defaultdict[str, set[str]] = defaultdict(set)
        self._asked = self._whole = False

    def came(self, account_ids: Collection[str]) -> None:
        """Take in accounts that came, and those of their customers anew, who may have another leader by now."""
        if len(account_ids) > FEW or len(self._by_id) > MOST:
            self.forget()
        elif self._asked:
            self._read(account_ids)

    def of(self, account_ids: Collection[str]) -> Mapping[str, Holder]:
        """Return at least these accounts by id, as far as they are there."""
        if not self._asked:
            self._asked = True
            rows = self._connection.execute(f"{_ALL} LIMIT {FEW + 1}").fetchall()
            self._whole = len(rows) <= FEW
            self._take(rows if self._whole else ())
        if not self._whole and any(name and name not in self._by_id for name in account_ids):
            if len(self._by_id) > MOST:
                self.forget()
                self._asked = True
            self._read([name for name in account_ids if name and name not in self._by_id])
        return self._by_id

    def with_customers(self, account_ids: Collection[str]) -> dict[str, str]:
        """Return all accounts of the customers that hold one of these, in the order of their ids, each with its customer."""
        known = self.of(account_ids)
        customers = {known[name].customer_id for name in account_ids if name in known and known[name].own}
        return dict(sorted((name, customer) for customer in customers for name in self._by_customer[customer]))

    def _read(self, account_ids: Collection[str]) -> None:
        self._take(self._connection.execute(_ASKED, [list(account_ids)]).fetchall())

    def _take(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for name, *told in rows:
            self._by_id[name] = holder = Holder(*told)
            if holder.own:
                self._by_customer[holder.customer_id].add(name)
