"""Structuring over days: cash that one customer pays in, in pieces, over business days, branches and accounts.

The law knows no hour: splitting is splitting over days, branches and accounts (31 USC 5324, 31 CFR 1010.100(xx)). Two
kinds of pieces are looked for, each with its own alert:

- *near* the line, the classic: four or more deposits within ten business days between 8,000 and the line of 10,000,
  which itself is not reported, and at least half of the customer's deposits are such;
- *far below* it: ten or more small deposits within ten business days that together cross the line.

Deposits above the line are reported anyway, so they are no pieces, and one of them does not hide the rest. Branches need
no condition: wherever the cash came in, it came to this customer. Windows are whole business days (``business_days``).

What keeps the benign look-alikes out: a retailer who banks 9,000 each evening does so in every fortnight of the last
twelve weeks, and only more than twice the customer's own rate is news (``past``, which also says what that gives away).
Where the data begins in the middle of a customer's life, the first four weeks ask for more: a day on which the pieces
alone cross the line, because a shop banks its takings once a day. Payroll, marketplaces and treasury sweeps move no cash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

import ibis
from ibis.expr.types import Table
from pydantic import model_validator

from casedesk.detection.business_days import business_day, number_of
from casedesk.detection.least import Least, Needed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.past import held, news, with_seen_from
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import DAY, MINUTE, READING, crowds, episodes
from casedesk.domain.money import LARGEST_MINOR
from casedesk.domain.transactions import Channel

_MINOR: Final = "minor units of the base currency"
_LEG: Final = ("row", "at", "account", "base_minor", "direction", "country", "channel")


class StructuringOverDaysParameters(RuleParameters):
    """Thresholds of the rule."""

    window_days: int = parameter(
        10, ge=1, le=60, unit="business days", source=DESK, reason="Two weeks: pieces of one sum are placed by then."
    )
    line_minor: int = parameter(
        10_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit=_MINOR,
        source="31 CFR 1010.311: cash over $10,000 is reported",
        reason="A deposit above it is reported anyway; one of exactly 10,000.00 is not, and is a piece.",
    )
    near_minor: int = parameter(
        8_000_00, ge=1, le=LARGEST_MINOR, unit=_MINOR, source=DESK, reason="From here to the line is near below it."
    )
    near_count: int = parameter(
        4, ge=2, le=1_000, unit="deposits", source=DESK, reason="Two or three can be a sold car or a good month."
    )
    near_percent: int = parameter(
        50,
        ge=0,
        le=100,
        unit="per cent of the customer's deposits",
        source=DESK,
        reason="Takings of all sizes are sometimes near the line; pieces mostly are.",
    )
    small_count: int = parameter(
        10, ge=2, le=10_000, unit="deposits", source=DESK, reason="One each business day: few people have as much cash."
    )
    smallest_minor: int = parameter(
        500_00,
        ge=0,
        le=LARGEST_MINOR,
        unit=_MINOR,
        source=DESK,
        reason="Smaller deposits are pocket money, not pieces.",
    )
    total_minor: int = parameter(
        10_000_00,
        ge=0,
        le=LARGEST_MINOR,
        unit=_MINOR,
        source="31 CFR 1010.311: cash over $10,000 is reported",
        reason="Pieces must together exceed it: a smaller sum needed no splitting.",
    )
    history_days: int = parameter(
        60,
        ge=1,
        le=1_300,
        unit="business days",
        source=DESK,
        reason="Twelve weeks before the window show what is usual.",
    )
    known_days: int = parameter(
        20,
        ge=0,
        le=1_300,
        unit="business days",
        source=DESK,
        reason="As long as the data holds less of a past it lacks, one day's pieces must cross the line; 0 asks for none.",
    )
    news_percent: int = parameter(
        200,
        ge=0,
        le=10_000,
        unit="per cent of the customer's own rate",
        source=DESK,
        reason="More than twice the usual number of deposits is news; 0 asks for no past.",
    )
    channels: frozenset[Channel] = parameter(
        frozenset({Channel.CASH}),
        min_length=1,
        unit="channels",
        source="31 CFR 1010.311 speaks of currency",
        reason="Only cash is reported by amount, so only cash is split to stay below.",
    )
    day_offset_minutes: int = parameter(
        0, ge=-1_440, le=1_440, unit="minutes", source=DESK, reason="Business days are UTC days moved by this much."
    )
    severity_near: int = parameter(
        50,
        ge=0,
        le=100,
        unit="severity",
        source=DESK,
        reason="Evading a report is itself an offence (31 USC 5324), so the least hit near the line is Medium.",
    )
    severity_small: int = parameter(
        35, ge=0, le=100, unit="severity", source=DESK, reason="Far below the line intent is less plain."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.smallest_minor < self.near_minor <= self.line_minor:
            raise ValueError(
                f"Parameters “smallest_minor” ({self.smallest_minor}), “near_minor” ({self.near_minor}) and "
                f"“line_minor” ({self.line_minor}) must stand in this order"
            )
        if self.known_days > self.history_days:
            raise ValueError(
                f"Parameter “known_days” ({self.known_days}) cannot exceed “history_days” ({self.history_days})"
            )
        return self


@dataclass(frozen=True)
class StructuringOverDays(Rule):
    """Finds cash that was split over days."""

    name: ClassVar[str] = "structuring_over_days"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Structuring over days"
    reach = Reach.CUSTOMER
    parameters: StructuringOverDaysParameters = field(default_factory=StructuringOverDaysParameters)

    @property
    def span(self) -> Span:
        """A crowd stands within business days, weekends between them; the rest is read from the whole of its past."""
        days = self.parameters.window_days
        window = (days + 2 * (days // 5 + 1) + 2) * DAY
        return Span(window=window, before=window)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        piece = Least(total_minor=p.total_minor + 1, direction={"in"}, channel=p.channels, of_lead=True, outside=True)
        near = piece._replace(legs=p.near_count, smallest_minor=p.near_minor, below_minor=p.line_minor + 1)
        small = piece._replace(legs=p.small_count, smallest_minor=p.smallest_minor, below_minor=p.near_minor)
        return ((near,), (small,))

    def evidence(self, views: Views) -> Table:
        """Return the episodes of split cash: those near the line, and those far below it, each of its own pieces."""
        p = self.parameters
        cash = self._cash(views.legs)
        daily = cash.mutate(at=cash.day)
        crowded = ibis.union(
            crowds(daily.filter(daily.near), p.near_count, p.window_days - 1),
            crowds(daily.filter(daily.small), p.small_count, p.window_days - 1),
        )
        cash = with_seen_from(self._cash(views.whole(crowded, "lead")), views)
        first_day = business_day(cash.seen_from, p.day_offset_minutes)
        cash = cash.mutate(
            held=held(cash.day - (p.window_days - 1), first_day, p.history_days),
            mostly_near=cash.near.cast("int64").sum().over(self._window) * 100
            >= p.near_percent * ibis._.count().over(self._window),
        )
        near_pieces = self._arm(cash.mutate(piece=cash.near, fits=cash.mostly_near), p.near_count)
        small_pieces = self._arm(cash.mutate(piece=cash.small, fits=ibis.literal(True)), p.small_count)
        return ibis.union(
            near_pieces.mutate(episode=near_pieces.episode * 2),
            small_pieces.mutate(episode=small_pieces.episode * 2 + 1),
        )

    def _cash(self, legs: Table) -> Table:
        """Return the deposits of a size that counts, with their days and sizes."""
        p = self.parameters
        cash = legs.filter(
            ~legs.internal
            & (legs.direction == "in")
            & legs.channel.isin(sorted(p.channels))
            & (legs.base_minor >= p.smallest_minor)
        )
        cash = cash.mutate(
            account=cash.lead,
            day=business_day(cash["at"], p.day_offset_minutes),
            date=(cash["at"] + p.day_offset_minutes * MINUTE) // DAY,
        )
        near = (cash.base_minor >= p.near_minor) & (cash.base_minor <= p.line_minor)
        return cash.mutate(near=near, small=cash.base_minor < p.near_minor)

    def _arm(self, cash: Table, least: int) -> Table:
        """Return the episodes of the rows marked ``piece``, hits only where ``fits``."""
        p = self.parameters
        pieces = cash.filter(cash.piece)
        on_date = ibis.window(group_by=["account", "date"])
        earlier = self._days(-(p.window_days - 1 + p.history_days), -p.window_days)
        read = pieces.mutate(
            observed=ibis._.count().over(self._window),
            total=pieces.base_minor.sum().over(self._window),
            crossed=(pieces.base_minor.sum().over(on_date) > p.line_minor).cast("int64"),
            needed=news(least, ibis._.count().over(earlier), pieces.held, p.window_days, p.news_percent),
        )
        read = read.mutate(known=(read.held >= p.known_days) | (read.crossed.max().over(self._window) == 1))
        enough = (read.observed >= read.needed) & (read.total > p.total_minor)
        read = read.mutate(fired=enough & read.known & read.fits, booked=read["at"], at=read.day)
        found = episodes(read, p.window_days - 1)
        return found.mutate(at=found.booked).select(*_LEG, *READING)

    @property
    def _window(self) -> Any:
        return self._days(1 - self.parameters.window_days, 0)

    def _days(self, first: int, last: int) -> Any:
        return ibis.window(group_by="account", order_by="day", range=(first, last))

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Say which kind of pieces, how many on how many days, their total, and what was usual."""
        p = self.parameters
        near = episode[0].base_minor >= p.near_minor
        least, start = (p.near_count, p.severity_near) if near else (p.small_count, p.severity_small)
        worst = max(
            (leg for leg in episode if leg.fired), key=lambda leg: (excess(leg.observed, leg.needed), leg.observed)
        )
        line = money(p.line_minor, currency)
        days = len({number_of(leg.at, p.day_offset_minutes) for leg in episode})
        kind = "cash deposit" if p.channels == {Channel.CASH} else "deposit"
        size = (
            f"just below the reporting line of {line} (from {money(p.near_minor, currency)} up to it)"
            if near
            else f"far below the reporting line of {line} (each under {money(p.near_minor, currency)})"
        )
        expected = (
            f"the customer's {counted(p.history_days, 'business day')} before let at most {worst.needed - 1:,} be expected"
            if worst.needed > least
            else f"{least:,} or more are unusual for a customer without such a past"
        )
        return Explanation(
            severity=severity(start, excess(worst.observed, worst.needed)),
            sentence=f"{counted(len(episode), kind)} {size} on {counted(days, 'business day')} "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}, "
            f"total {money(sum(leg.base_minor for leg in episode), currency)}, up to {worst.observed:,} of them within "
            f"{counted(p.window_days, 'business day')}; {expected}.",
        )
