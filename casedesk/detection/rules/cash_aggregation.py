"""Cash aggregation: one customer's cash of one business day, in pieces, above the line of the currency report.

A bank reports currency of more than $10,000 in one business day and adds up what is by or on behalf of one person, over
transactions, accounts and branches, cash in and cash out each for itself (31 CFR 1010.311 and 1010.313(b)). A hit is a
business day on which several transactions cross the line together and none does alone: what a report by the single
transaction would miss. A weekend's cash counts to the next business day, as 31 CFR 1010.313(b) says (``business_days``).

The rule says whom to look at. It is not the filing itself: a report is due for every such day, whether the rule speaks or
not.

What keeps the benign look-alikes out: a retailer who banks 9,000 from Monday to Saturday crosses the line every Monday,
with Saturday's takings. That is customary after five such days in twelve weeks, the number by which FinCEN lets a bank
exempt a business from reports, and then it is no news. Where the data begins in the middle of a customer's life, the
first four weeks count only what crosses the line on one date, without a weekend's help. What a launderer gains: after
five days, each an alert, more of the same days are silent; 0 for ``customary_days`` lets every day speak. Payroll,
marketplaces and treasury sweeps move no cash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

import ibis
from ibis.expr.types import Table
from pydantic import model_validator

from casedesk.detection.business_days import business_day, date_of, number_of
from casedesk.detection.least import Least, Needed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.past import held, with_seen_from
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import MONTHS, counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import DAY, MINUTE, READING
from casedesk.domain.money import LARGEST_MINOR
from casedesk.domain.transactions import Channel

_LEG: Final = ("row", "at", "account", "base_minor", "direction", "country", "channel")
_NOUNS: Final = {"in": "cash deposit", "out": "cash withdrawal"}


class CashAggregationParameters(RuleParameters):
    """Thresholds of the rule."""

    line_minor: int = parameter(
        10_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source="31 CFR 1010.311: more than $10,000",
        reason="The day's total must exceed it, and no transaction may; exactly 10,000.00 is not reported.",
    )
    count: int = parameter(
        2, ge=2, le=1_000, unit="transactions", source="31 CFR 1010.313(b): multiple transactions", reason="Several."
    )
    customary_days: int = parameter(
        5,
        ge=0,
        le=1_300,
        unit="such days in the history",
        source="31 CFR 1020.315(b)(6)(ii), “frequently”, which FinCEN guidance reads as five times a year",
        reason="Whoever crosses the line as often as this does so in the way of business; 0 lets every day speak.",
    )
    history_days: int = parameter(
        60, ge=1, le=1_300, unit="business days", source=DESK, reason="Twelve weeks before the day show what is usual."
    )
    known_days: int = parameter(
        20,
        ge=0,
        le=1_300,
        unit="business days",
        source=DESK,
        reason="As long as the data holds less of a past it lacks, one date must cross the line; 0 asks for none.",
    )
    channels: frozenset[Channel] = parameter(
        frozenset({Channel.CASH}),
        min_length=1,
        unit="channels",
        source="31 CFR 1010.311: transactions in currency",
        reason="Only currency is reported by amount.",
    )
    day_offset_minutes: int = parameter(
        0, ge=-1_440, le=1_440, unit="minutes", source=DESK, reason="Business days are UTC days moved by this much."
    )
    severity_at_threshold: int = parameter(
        30, ge=0, le=100, unit="severity", source=DESK, reason="Cash twice a day is mostly trade; the least hit is Low."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.known_days > self.history_days:
            raise ValueError(
                f"Parameter “known_days” ({self.known_days}) cannot exceed “history_days” ({self.history_days})"
            )
        return self


@dataclass(frozen=True)
class CashAggregation(Rule):
    """Finds business days whose cash adds up to a report."""

    name: ClassVar[str] = "cash_aggregation"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Cash aggregation"
    reach = Reach.CUSTOMER
    parameters: CashAggregationParameters = field(default_factory=CashAggregationParameters)

    @property
    def span(self) -> Span:
        """A business day lasts three days at the most, over a weekend; the rest is read from the whole of its past."""
        return Span(window=4 * DAY, before=4 * DAY)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        pieces = Least(
            p.count, p.line_minor + 1, below_minor=p.line_minor + 1, channel=p.channels, of_lead=True, outside=True
        )
        return tuple((pieces._replace(direction={one}),) for one in ("in", "out"))

    def evidence(self, views: Views) -> Table:
        """Return the cash of each such day, cash in and cash out apart."""
        p = self.parameters
        cash = self._cash(views.legs)
        if views.past is not None:
            crossings = self._crossings(cash).select("account", at="last")
            cash = self._cash(views.whole(views.since(crossings, self.read_before), "lead"))
        found = self._new_days(self._crossings(cash), views).select("account", "direction", "day", "total", "last")
        days = cash.join(found, ["account", "direction", "day"])
        return days.mutate(
            fired=days["at"] == days["last"],
            observed=days.total.cast("int64"),
            needed=ibis.literal(p.line_minor + 1, "int64"),
            episode=days.day * 2 + ibis.ifelse(days.direction == "out", 1, 0),
        ).select(*_LEG, *READING)

    def _cash(self, legs: Table) -> Table:
        p = self.parameters
        cash = legs.filter(~legs.internal & (legs.direction != "self") & legs.channel.isin(sorted(p.channels)))
        return cash.mutate(
            account=cash.lead,
            day=business_day(cash["at"], p.day_offset_minutes),
            date=(cash["at"] + p.day_offset_minutes * MINUTE) // DAY,
        )

    def _crossings(self, cash: Table) -> Table:
        """Return the business days whose cash crosses the line in pieces, with the most that one date brought."""
        p = self.parameters
        dates = cash.group_by("account", "direction", "day", "date").aggregate(
            count=ibis._.count(), total=cash.base_minor.sum(), largest=cash.base_minor.max(), last=cash["at"].max()
        )
        days = dates.group_by("account", "direction", "day").aggregate(
            count=dates["count"].sum(),
            total=dates.total.sum(),
            on_date=dates.total.max(),
            largest=dates.largest.max(),
            last=dates["last"].max(),
        )
        return days.filter((days["count"] >= p.count) & (days.total > p.line_minor) & (days.largest <= p.line_minor))

    def _new_days(self, crossings: Table, views: Views) -> Table:
        """Keep the days that are not customary for the customer."""
        p = self.parameters
        earlier = ibis.window(group_by=["account", "direction"], order_by="day", range=(-p.history_days, -1))
        read = with_seen_from(crossings.mutate(before=ibis._.count().over(earlier)), views)
        first_day = business_day(read.seen_from, p.day_offset_minutes)
        read = read.mutate(held=held(read.day, first_day, p.history_days))
        read = read.filter((read.held >= p.known_days) | (read.on_date > p.line_minor))
        if not p.customary_days:
            return read
        # As many in the part of the history that the data holds as the customary number in the whole of it.
        return read.filter(read.before * p.history_days < p.customary_days * ibis.greatest(read.held, 1))

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Count and add up the day."""
        p = self.parameters
        total = sum(leg.base_minor for leg in episode)
        date = date_of(number_of(episode[0].at, p.day_offset_minutes))
        noun = _NOUNS[episode[0].direction] if p.channels == {Channel.CASH} else "transaction"
        return Explanation(
            severity=severity(p.severity_at_threshold, excess(total, p.line_minor)),
            sentence=f"{counted(len(episode), noun)} of the business day {date.day} {MONTHS[date.month - 1]} {date.year}, "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}, none above {money(p.line_minor, currency)} alone "
            f"(the largest {money(max(leg.base_minor for leg in episode), currency)}), "
            f"together {money(total, currency)}.",
        )
