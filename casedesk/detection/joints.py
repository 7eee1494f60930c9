"""What a path takes at its joints, told from the transfers themselves: where none of the latest joins any, no path ends there.

A rule along paths reads weeks of everybody's transfers, however few are new. But a path has two hops at the least, and each of them
carries on another one's money. Most payments do not: a wage is not passed on whole, and a shop pays nobody back.
"""

from __future__ import annotations

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
SELECT "at", base_minor, s.lead AS source, t.lead AS target
FROM all_keyed JOIN account_keys s ON s.account = from_key JOIN account_keys t ON t.account = to_key
WHERE "at" >= {since} AND base_minor >= {smallest} AND s.lead <> t.lead"""

#: Amounts as floating point, which cannot run over, a hair's breadth left for what it rounds off; those that paths cap are let through.
_CARRIED: Final = (
    """({later} >= {low} * {earlier} AND {later} <= {high} * {earlier} OR greatest({later}, {earlier}) >= {largest})"""
)

_JOINED: Final = """
WITH late AS MATERIALIZED ({late}),
payers AS MATERIALIZED (SELECT account, lead FROM account_keys SEMI JOIN late ON lead = source),
payees AS MATERIALIZED (SELECT account, lead FROM account_keys SEMI JOIN late ON lead = target),
paid AS (
    SELECT DISTINCT lead FROM all_keyed n JOIN payers ON n.to_key = payers.account WHERE n."at" >= {first} AND n.from_key <> 0),
paying AS (
    SELECT DISTINCT lead FROM all_keyed n JOIN payees ON n.from_key = payees.account WHERE n."at" >= {first} AND n.to_key <> 0),
came AS (
    SELECT 1 FROM all_keyed n JOIN payers ON n.to_key = payers.account JOIN late l ON l.source = payers.lead
    WHERE n."at" >= {first} AND n.base_minor >= {smallest} AND n.from_key <> 0
      AND n."at" BETWEEN l."at" - {gap} AND l."at" + {slack} AND {came} AND (NOT {closed} OR l.target IN (FROM paying))),
went AS (
    SELECT 1 FROM all_keyed n JOIN payees ON n.from_key = payees.account JOIN late l ON l.target = payees.lead
    WHERE n."at" >= {first} AND n.base_minor >= {smallest} AND n.to_key <> 0
      AND n."at" BETWEEN l."at" - {slack} AND l."at" + {gap} AND {went} AND (NOT {closed} OR l.source IN (FROM paid)))
SELECT EXISTS (FROM came) OR EXISTS (FROM went)"""


def number_from(since: int) -> str:
    """Return the SQL that counts the transfers from a moment on."""
    return f'SELECT count(*) FROM all_keyed WHERE "at" >= {since}'


def joined_from(joint: Joint, since: int) -> str:
    """Return the SQL that tells whether a transfer from a moment on, in microseconds since 1970 UTC, may stand on a path."""
    low, high = joint.band[0] / 100 * (1 - 1e-9), joint.band[1] / 100 * (1 + 1e-9)
    figures = {"low": low, "high": high, "largest": LARGEST}
    new, old = "l.base_minor::DOUBLE", "n.base_minor::DOUBLE"
    return _JOINED.format(
        late=_LATE.format(since=since, smallest=joint.smallest),
        first=since - max(joint.gap, joint.slack),
        came=_CARRIED.format(later=new, earlier=old, **figures),
        went=_CARRIED.format(later=old, earlier=new, **figures),
        **joint._asdict(),
    )
