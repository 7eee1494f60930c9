"""The order of the queue by expected value: what is at stake, and how near the due date is. Pure functions.

At stake is the severity, as a share, of the amount. It counts half for every seven days that the due date is further away, so that
neither a large case that is due in a month nor a small one that is due today hides the other. The order of two cases never
changes with time: both come nearer to their due dates by a day a day. So it can be stored once and read by an index.

Only what the queue shows to everybody enters it. Advice does not: an order made of it would tell of it (31 CFR 1020.320(e)).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

#: Days in which what is at stake counts twice as much. A week: people plan their work by it.
HALVING_DAYS: Final = 7
#: Steps of a doubling that are told apart; closer cases go by due date.
_FINE: Final = 100


def at_stake(severity: int, amount_minor: int) -> int:
    """Return the severity, as a share, of an amount, in minor units."""
    return severity * amount_minor // 100


def value_rank(severity: int, amount_minor: int, due_at: datetime) -> int:
    """Return a number by which cases are ordered, the smallest first: hundredths of a halving.

    It is 100 · due day / 7 - 100 · log2(severity · amount), each rounded down in whole numbers, so that every machine and every
    outsider gets the same.
    """
    weight = max(1, severity * amount_minor)
    return rank_of_day(due_at.astimezone(UTC).toordinal(), weight)


def rank_of_day(day: int, weight: int) -> int:
    """Return the same of a day's ordinal and a weight of at least 1."""
    # floor(100 · log2(n)) is one less than the bits of n to the hundredth; a float would round differently elsewhere
    power: int = weight**_FINE
    return _FINE * day // HALVING_DAYS - (power.bit_length() - 1)
