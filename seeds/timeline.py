"""The days of the world: everyday life and patterns are laid on numbered days, and only the last step knows the dates.

The world has six days more than were asked for. Its last *core* day is a Sunday. ``end`` decides which weekday the
period stops on, so between none and six of the extra days are shown and as many are dropped at the front. Thus weekdays
are right for every ``end``, planted patterns (which stay inside the core) are always shown, moving ``end`` by whole
weeks moves every date and nothing else, and moving it by one day within a week appends a day and drops one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

DAY: Final = 86_400
HOUR: Final = 3_600
MINUTE: Final = 60
EXTRA: Final = 6
#: The calendar that "monthly" is counted in; a Sunday. The months of the real period are as long, a day or two apart.
_ANCHOR: Final = date(2026, 6, 28)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Numbered days and the dates they stand for. Seconds count from the first moment (UTC) of day 0."""

    days: int
    end: date

    @property
    def length(self) -> int:
        """Days the world lives through, the extra ones included."""
        return self.days + EXTRA

    @property
    def shown_from(self) -> int:
        """Number of the first day of the period."""
        return (self.end.weekday() + 1) % 7

    @property
    def core(self) -> range:
        """Days that are inside the period whatever ``end`` is."""
        return range(EXTRA, self.days)

    def weekday(self, day: int) -> int:
        """Monday is 0."""
        return (day - self.days) % 7

    def working(self, day: int) -> bool:
        return (day - self.days) % 7 < 5

    def date(self, day: int) -> date:
        """Return the date a day (also one before the world began) stands for."""
        return self.end + timedelta(days=day - self.shown_from - self.days + 1)

    def shown(self) -> tuple[int, int]:
        """Return the first second of the period and the first after it."""
        return self.shown_from * DAY, (self.shown_from + self.days) * DAY

    def monthly(self, day_of_month: int) -> list[int]:
        """List the days on which a monthly booking falls, moved back to a working day."""
        found = []
        for day in range(self.length + 2):
            if (_ANCHOR + timedelta(days=day - self.days + 1)).day == day_of_month:
                while not self.working(day):
                    day -= 1
                if 0 <= day < self.length:
                    found.append(day)
        return found
