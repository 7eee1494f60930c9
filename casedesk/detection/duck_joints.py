"""Asks DuckDB whether a path may end with what is new, after the neighbours of that were gathered once for all rules."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from casedesk.detection.duck_session import one_row
from casedesk.detection.joints import MOST, Joint, first_asked, joined_from, meeting_from, number_from
from casedesk.detection.rule import Rule

#: From when on transfers are new, and from when on those are there that they may join.
Met = tuple[int, int]


def gathered(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], since: int, met: Met | None) -> Met | None:
    """Gather the neighbours of the transfers from a moment on for these rules; None where there are too many to ask.

    :param met: what is gathered, which may do.
    """
    first = first_asked((rule.joint for rule in rules if rule.joint is not None), since)
    if met is not None and met[0] == since and met[1] <= first:
        return met
    if first == since or one_row(connection, number_from(since))[0] > MOST:
        return None
    for statement in meeting_from(since, first):
        connection.execute(statement)
    return since, first


def joins(connection: duckdb.DuckDBPyConnection, joint: Joint, since: int) -> bool:
    """Say whether a transfer from a moment on may stand on a path, as far as the neighbours tell that were gathered."""
    return bool(one_row(connection, joined_from(joint, since))[0])
