"""What a path takes at its joints, told from the transfers themselves: where none of the latest joins any, no path ends there.

A rule along paths reads weeks of everybody's transfers, however few are new. But a path has two hops at the least, and each of them
carries on another one's money. Most payments do not: a wage is not passed on whole, and a shop pays nobody back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from casedesk.detection.hops import LARGEST


class Joint(NamedTuple):
    """Every hop of a path has a neighbour on it: one party between them, and the later hop carries on the earlier one's money.

    The later one is booked at most ``gap`` after the other and at most ``slack`` before it, in microseconds, and its amount is between
    ``band[0]`` and ``band[1]`` percent of the other's. No hop is below ``smallest``, in minor units of the base currency. Where the path
    is ``closed``, every hop's sender is paid on it, and its receiver pays.
    """

    gap: int
    band: tuple[int, int]
    slack: int = 0
    smallest: int = 0
    closed: bool = False


#: After more transfers than these one joins another almost surely, and the rule is run without asking.
MOST: Final = 1_000

#: The transfers between two parties from a moment on.
_LATE: Final = """
CREATE OR REPLACE TABLE late AS
SELECT "at", base_minor, s.lead AS source, t.lead AS target
FROM all_keyed JOIN account_keys s ON s.account = from_key JOIN account_keys t ON t.account = to_key
WHERE "at" >= {since} AND s.lead <> t.lead"""

#: What came to their senders and went from their receivers (``lead``), from another moment on.
_MET: Final = """
CREATE OR REPLACE TABLE met AS
SELECT "at", base_minor, lead, true AS came
FROM all_keyed JOIN (FROM account_keys SEMI JOIN late ON lead = source) ON to_key = account WHERE "at" >= {first} AND from_key <> 0
UNION ALL
SELECT "at", base_minor, lead, false AS came
FROM all_keyed JOIN (FROM account_keys SEMI JOIN late ON lead = target) ON from_key = account WHERE "at" >= {first} AND to_key <> 0"""

#: Amounts as floating point, which cannot run over, a hair's breadth left for what it rounds off; those that paths cap are let through.
_CARRIED: Final = (
    """({later} >= {low} * {earlier} AND {later} <= {high} * {earlier} OR greatest({later}, {earlier}) >= {largest})"""
)

_JOINED: Final = """
WITH near AS (FROM met WHERE "at" >= {first}),
paid AS (SELECT DISTINCT lead FROM near WHERE came),
paying AS (SELECT DISTINCT lead FROM near WHERE NOT came),
came AS (
    SELECT 1 FROM near n JOIN late l ON l.source = n.lead
    WHERE n.came AND n.base_minor >= {smallest} AND l.base_minor >= {smallest}
      AND n."at" BETWEEN l."at" - {gap} AND l."at" + {slack} AND {came} AND (NOT {closed} OR l.target IN (FROM paying))),
went AS (
    SELECT 1 FROM near n JOIN late l ON l.target = n.lead
    WHERE NOT n.came AND n.base_minor >= {smallest} AND l.base_minor >= {smallest}
      AND n."at" BETWEEN l."at" - {slack} AND l."at" + {gap} AND {went} AND (NOT {closed} OR l.source IN (FROM paid)))
SELECT EXISTS (FROM came) OR EXISTS (FROM went)"""


def number_from(since: int) -> str:
    """Return the SQL that counts the transfers from a moment on."""
    return f'SELECT count(*) FROM all_keyed WHERE "at" >= {since}'


def first_asked(joints: Iterable[Joint], since: int) -> int:
    """Return from when on transfers are asked for those that join one from a moment on."""
    return min((since - max(joint.gap, joint.slack) for joint in joints), default=since)


def meeting_from(since: int, first: int) -> tuple[str, ...]:
    """Return the SQL that gathers the transfers from a moment on, and what their parties were paid and paid from another one on."""
    return _LATE.format(since=since), _MET.format(first=first)


def joined_from(joint: Joint, since: int) -> str:
    """Return the SQL that tells whether a transfer from a moment on, in microseconds since 1970 UTC, may stand on a path.

    What :func:`meeting_from` gathers has to be there, from :func:`first_asked` or earlier on.
    """
    low, high = joint.band[0] / 100 * (1 - 1e-9), joint.band[1] / 100 * (1 + 1e-9)
    figures = {"low": low, "high": high, "largest": LARGEST}
    new, old = "l.base_minor::DOUBLE", "n.base_minor::DOUBLE"
    return _JOINED.format(
        first=first_asked([joint], since),
        came=_CARRIED.format(later=new, earlier=old, **figures),
        went=_CARRIED.format(later=old, earlier=new, **figures),
        **joint._asdict(),
    )
