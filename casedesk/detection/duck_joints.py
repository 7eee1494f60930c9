"""Gathers from DuckDB what tells whether a path may end with something new, once for all rules along paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from casedesk.detection.duck_session import one_row
from casedesk.detection.joints import LATE, MOST, NEAR, PAID, Transfers, first_asked, number_from
from casedesk.detection.rule import Rule


class Met(NamedTuple):
    """The transfers from ``since`` on, and from ``first`` on those of their parties that they may join."""

    since: int
    first: int
    late: Transfers
    near: Transfers


def gathered(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], since: int, met: Met | None) -> Met | None:
    """Gather the neighbours of the transfers from a moment on for these rules; None where there are too many to ask.

    :param met: what is gathered, which may do.
    """
    first = first_asked((rule.joint for rule in rules if rule.joint is not None), since)
    if met is not None and met.since == since and met.first <= first:
        return met
    if first == since or one_row(connection, number_from(since))[0] > MOST:
        return None
    late = connection.sql(LATE.format(since=since)).to_arrow_table()
    connection.register("late", late)
    near = connection.sql(NEAR.format(first=first)).to_arrow_table()
    connection.unregister("late")
    return Met(since, first, Transfers.of(late), Transfers.of(near))


def paid_to(connection: duckdb.DuckDBPyConnection, leads: list[int], first: int) -> Transfers:
    """Return what came to some parties, by who leads them, from a moment on."""
    return Transfers.of(connection.sql(PAID.format(first=first), params=[leads]).to_arrow_table())
