"""Accounts that come to others that have keys: each gets one in the order of the ids, and its customer's first account may change."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Final

import duckdb
import pyarrow as pa

#: What a key may be at the most, and how far behind the last one a new one stands.
_LARGEST: Final = 2**31 - 1
_APART: Final = 1_000

#: The new accounts by id, each between the keys of its neighbours; the upper one is null for the last.
_BETWEEN: Final = """
SELECT account_id, coalesce(below, 0) AS below, above FROM (
    SELECT h.account_id, (SELECT max(account) FROM account_keys k WHERE k.account_id < h.account_id) AS below,
           (SELECT min(account) FROM account_keys k WHERE k.account_id > h.account_id) AS above
    FROM holders h)
ORDER BY account_id"""

_NAMED: Final = """
INSERT INTO account_keys BY NAME
SELECT account_id, customer_id, customer_id <> '' AS own, account, account AS lead, opened_at, peer_group
FROM holders JOIN new_keys USING (account_id)"""

#: Accounts whose customer has another first account now.
_LED: Final = """
CREATE OR REPLACE TABLE led AS
SELECT account, first AS lead FROM (
    SELECT account, lead, min(account) OVER (PARTITION BY customer_id) AS first
    FROM account_keys SEMI JOIN (FROM holders WHERE customer_id <> '') USING (customer_id))
WHERE lead <> first"""

_MOVED: Final = "UPDATE {table} SET lead = led.lead FROM led WHERE {table}.account = led.account"


class Crowded(Exception):
    """Between two accounts there is no key left."""


def key_new_accounts(connection: duckdb.DuckDBPyConnection) -> bool:
    """Name the accounts that are handed in, give them keys, and let each customer's first account lead.

    Return whether a customer that was there has another first account now.

    :raises Crowded: if there is no key left between two accounts.
    """
    connection.register("new_keys", _keys(connection.execute(_BETWEEN).fetchall()))
    connection.execute(_NAMED)
    connection.unregister("new_keys")
    connection.execute(_LED)
    moved = connection.execute("SELECT count(*) FROM led").fetchall() != [(0,)]
    if moved:
        for table in ("account_keys", "standing_legs"):
            connection.execute(_MOVED.format(table=table))
    return moved


def _keys(between: list[tuple[str, int, int | None]]) -> pa.Table:
    """Spread the new accounts evenly between their neighbours."""
    ids: list[str] = []
    keys: list[int] = []
    for (below, above), group in groupby(between, key=itemgetter(1, 2)):
        names = [name for name, _, _ in group]
        step = _APART if above is None else (above - below) // (len(names) + 1)
        if step == 0 or below + step * len(names) > _LARGEST:
            raise Crowded
        ids += names
        keys += [below + step * place for place in range(1, len(names) + 1)]
    return pa.table({"account_id": pa.array(ids, pa.string()), "account": pa.array(keys, pa.int32())})
