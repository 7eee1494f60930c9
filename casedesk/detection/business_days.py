"""Business days as whole numbers, by one formula that every engine computes alike.

A day number counts days since 1970-01-01, a Thursday; three more, and multiples of seven are Mondays. With
``week, weekday = divmod(day + 3, 7)`` the business day is ``5 * week + min(weekday, 5)``: Monday to Friday are numbered
without gaps, and Saturday and Sunday get the number of the Monday after them. That is the rule for currency reports:
deposits "over a weekend" count as received on the next business day (31 CFR 1010.313(b)); which days those are is what
the bank tells its customers (31 CFR 1010.100(d)).

Not known here: public holidays, and banks that post on Saturdays or rest on Fridays. A holiday is an empty business day,
so a window reaches a day less far back than it could. The day ends at midnight UTC moved by an offset in minutes: -300
for the eastern United States in winter; with a cut-off at 18:00 there, -300 + 360, because what is deposited at night
belongs to the next day (same section). Summer time is not followed.
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
from ibis.expr.types import IntegerValue

from casedesk.detection.windows import DAY, MINUTE

_MONDAY = date(1969, 12, 29)  # business day 0


def business_day(at: IntegerValue, offset_minutes: int = 0) -> IntegerValue:
    """Number the business day a moment (microseconds since 1970 UTC) counts to."""
    day = (at + offset_minutes * MINUTE) // DAY + 3
    week = day // 7
    # No remainder operator: engines disagree on its sign before 1970.
    return 5 * week + ibis.least(day - 7 * week, ibis.literal(5, "int64"))


def date_of(number: int) -> date:
    """Return the date of a business day: the Monday, for what a weekend brought."""
    week, weekday = divmod(number, 5)
    return _MONDAY + timedelta(days=7 * week + weekday)


def number_of(at: int, offset_minutes: int = 0) -> int:
    """Number the business day of a moment outside an expression; the same as :func:`business_day`."""
    week, weekday = divmod((at + offset_minutes * MINUTE) // DAY + 3, 7)
    return 5 * week + min(weekday, 5)
