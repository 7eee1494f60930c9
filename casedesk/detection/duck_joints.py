"""Gathers from DuckDB what tells whether a path may end with something new, once for all rules along paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from casedesk.detection.joints import LATE, MOST, NEAR, PAID, Numbers, Parties, Places, Transfers, first_asked
from casedesk.detection.keying import NAMED
from casedesk.detection.rule import Rule

_PARTIES: Final = f"SELECT account, lead, own FROM {NAMED.get_name()}"


class Met(NamedTuple):
    """The transfers from ``since`` on, and from ``first`` on those of their parties that they may join."""

    since: int
    first: int
    late: Transfers
    near: Transfers


def parties_in(connection: duckdb.DuckDBPyConnection) -> Parties:
    """Return all accounts: to look them up here takes less time than to have DuckDB join them."""
    return Parties.of(*_parties(connection.sql(f"{_PARTIES} ORDER BY account")))


def parties_with(connection: duckdb.DuckDBPyConnection, parties: Parties, account_ids: Sequence[str]) -> Parties:
    """Return all accounts once these came, none of whom leads one that was there."""
    asked = f"{_PARTIES} WHERE account_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY account"
    return parties.with_more(*_parties(connection.sql(asked, params=[list(account_ids)])))


def _parties(found: duckdb.DuckDBPyRelation) -> Iterator[Numbers]:
    return (column.to_numpy().astype(np.int64) for column in found.to_arrow_table().columns)


def gathered(
    connection: duckdb.DuckDBPyConnection, parties: Parties, rules: Sequence[Rule], since: int, met: Met | None
) -> Met | None:
    """Gather the neighbours of the transfers from a moment on for these rules; None where there are too many to ask.

    :param met: what is gathered, which may do.
    """
    first = first_asked((rule.joint for rule in rules if rule.joint is not None), since)
    if met is not None and met.since == since and met.first <= first:
        return met
    if first == since:
        return None
    found = connection.sql(LATE.format(first=since)).to_arrow_table()
    if found.num_rows > MOST:
        return None
    late = Transfers.of(found, parties)
    late = late.where(late.source != late.target)
    receiving = np.unique(late.target)
    reached, paying = parties.led_by(np.union1d(late.source, receiving)), parties.led_by(receiving)
    near = Transfers.of(_asked(connection, NEAR.format(first=first), reached=reached, paying=paying), parties)
    # in the order that each rule sorts them by: to sort what is in order takes hardly any time
    return Met(since, first, late, near.at_places(np.argsort(near.target, kind="stable")))


def paid_to(connection: duckdb.DuckDBPyConnection, parties: Parties, leads: Places, first: int) -> Transfers:
    """Return what came to some parties from others, by who leads them, from a moment on."""
    found = _asked(connection, PAID.format(first=first), reached=parties.led_by(leads))
    paid = Transfers.of(found, parties)
    return paid.where(paid.source != paid.target)


def _asked(connection: duckdb.DuckDBPyConnection, query: str, **accounts: Numbers) -> pa.Table:
    for name, keys in accounts.items():
        connection.register(name, pa.table({"account": keys.astype(np.int32)}))
    found = connection.sql(query).to_arrow_table()
    for name in accounts:
        connection.unregister(name)
    return found
