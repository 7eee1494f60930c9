"""Round amounts: most of a customer's transfers in two weeks are whole thousands, and this is new.

Prices, wages with deductions and bills are seldom round; sums that people agree on are. A few round transfers mean
nothing, a fortnight of hardly anything else does: money that is moved for its own sake. What is round is the amount as it
was paid, in its own currency: 5,000.00 pounds are round, whatever they are in dollars. How large a transfer is, is judged
in the base currency. A thousand is little in yen or won, so their amounts are round more easily.

What keeps the benign look-alikes out: rents, standing orders, wages and allowances are round too, but they come again to
the same payee with the same amount, so a transfer that repeats one of the last forty days counts for nothing. What is
left is compared with the customer's own past (``past``): somebody who always invoices in thousands is no news. The first
payroll or rent day of a customer whose past the data lacks is told from laundering by its direction: wages only go out
and rents only come in, so the first five weeks ask for round transfers both ways. Cash is round by nature and cards are
bought with, so neither is a transfer here; sweeps between a customer's own accounts are not counted either. What does
fire: a raise that gives everybody on a payroll a new round wage on one day.

What a launderer gains: repeating one amount to one counterparty counts once in forty days; that is for the rules about
flows. Whoever adds a few odd dollars to each amount is not found here at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

import ibis
from ibis.expr.types import BooleanValue, IntegerValue, Table
from pydantic import model_validator

from casedesk.detection.least import Least, Needed, alone
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.past import held, news, with_seen_from
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import DAY, READING, by_time, crowds, episodes
from casedesk.domain.money import LARGEST_MINOR, format_minor
from casedesk.domain.transactions import EFT, Channel

_LEG: Final = ("row", "at", "account", "base_minor", "direction", "country", "channel")


class RoundAmountsParameters(RuleParameters):
    """Thresholds of the rule."""

    window_days: int = parameter(
        14, ge=1, le=90, unit="days", source=DESK, reason="Two weeks: shorter than any monthly round of bills."
    )
    unit_minor: int = parameter(
        1_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="Whole thousands, of whatever currency is paid; whole hundreds are everyday gifts and loans. Transfers worth "
        "less in the base currency are not looked at.",
    )
    count: int = parameter(
        5, ge=2, le=1_000, unit="transfers", source=DESK, reason="Fewer are a deposit, a loan and a holiday."
    )
    percent: int = parameter(
        60,
        ge=1,
        le=100,
        unit="per cent of the transfers of at least one unit",
        source=DESK,
        reason="Most of what the customer moves is round, not some of much.",
    )
    repeat_days: int = parameter(
        40,
        ge=0,
        le=400,
        unit="days",
        source=DESK,
        reason="The same amount with the same counterparty, the same way, is a standing order: a month and some days.",
    )
    history_days: int = parameter(
        90, ge=1, le=1_830, unit="days", source=DESK, reason="The quarter before the window shows what is usual."
    )
    known_days: int = parameter(
        35, ge=0, le=1_830, unit="days", source=DESK, reason="A month, so that its payroll and rents were seen once."
    )
    both_ways: int = parameter(
        2,
        ge=0,
        le=1_000,
        unit="round transfers in, and as many out",
        source=DESK,
        reason="As long as the data holds less of a past it lacks; wages go one way, and rents.",
    )
    news_percent: int = parameter(
        200,
        ge=0,
        le=10_000,
        unit="per cent of the customer's own rate",
        source=DESK,
        reason="More than twice the usual number is news; 0 asks for no past.",
    )
    channels: frozenset[Channel] = parameter(
        frozenset({Channel.CHEQUE, *EFT}),
        min_length=1,
        unit="channels",
        source=DESK,
        reason="Transfers and cheques; notes are round by nature.",
    )
    severity_at_threshold: int = parameter(
        20, ge=0, le=100, unit="severity", source=DESK, reason="Round sums alone say little; the least hit is Low."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.known_days > self.history_days:
            raise ValueError(
                f"Parameter “known_days” ({self.known_days}) cannot exceed “history_days” ({self.history_days})"
            )
        return self


@dataclass(frozen=True)
class RoundAmounts(Rule):
    """Finds customers who suddenly move round sums."""

    name: ClassVar[str] = "round_amounts"
    version: ClassVar[str] = "2"
    title: ClassVar[str] = "Round amounts"
    reach = Reach.CUSTOMER
    parameters: RoundAmountsParameters = field(default_factory=RoundAmountsParameters)

    @property
    def span(self) -> Span:
        """A crowd stands in its window; what is usual is read from the whole of a crowded customer's past."""
        window = self.parameters.window_days * DAY
        return Span(window=window, before=window)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        return alone(
            Least(p.count, smallest_minor=p.unit_minor, channel=p.channels, of_lead=True, round_to=p.unit_minor)
        )

    def evidence(self, views: Views) -> Table:
        """Return the episodes of round transfers."""
        p = self.parameters
        window = p.window_days * DAY
        transfers = with_seen_from(self._transfers(views), views)
        sliding = by_time(range=(-window, 0))
        way = ibis._.direction
        read = transfers.mutate(
            observed=transfers.round.sum().over(sliding).cast("int64"),
            all=ibis._.count().over(sliding),
            incoming=ibis.ifelse(way == "in", transfers.round, 0).sum().over(sliding),
            before=transfers.round.sum().over(self._earlier).coalesce(0).cast("int64"),
            held=held(transfers["at"] - window, transfers.seen_from, p.history_days * DAY) // DAY,
        )
        read = read.mutate(needed=news(p.count, read.before, read.held, p.window_days, p.news_percent))
        outgoing = read.observed - read.incoming
        known = (read.held >= p.known_days) | ((read.incoming >= p.both_ways) & (outgoing >= p.both_ways))
        mostly = read.observed * 100 >= p.percent * read["all"]
        read = read.mutate(fired=(read.observed >= read.needed) & mostly & known)
        return episodes(read.filter(read.round == 1), window).select(*_LEG, *READING)

    def _transfers(self, views: Views) -> Table:
        """Return the transfers of at least one unit, round ones marked 1, repeated ones left out.

        Customers who never have enough round ones in a window are left out first, because that is cheap.
        """
        p = self.parameters
        large = self._large(views.legs)
        crowded = crowds(large.filter(large.round == 1), p.count, p.window_days * DAY)
        large = self._large(views.whole(views.since(crowded, self.read_before), "lead"))
        if not p.repeat_days:
            return large
        # Strictly earlier, so that two at one instant are both the first, in whatever order they stand.
        same = ["account", "counterparty", "direction", "paid_minor"]
        repeats = ibis._.count().over(by_time(same, range=(-p.repeat_days * DAY, -1)))
        marked = large.mutate(repeats=repeats)
        return marked.filter(marked.repeats == 0)

    def _large(self, legs: Table) -> Table:
        p = self.parameters
        large = legs.filter(
            ~legs.internal
            & (legs.direction != "self")
            & legs.channel.isin(sorted(p.channels))
            & (legs.base_minor >= p.unit_minor)
        )
        return large.mutate(account=large.lead, round=self._is_round(large.paid_minor).cast("int64"))

    def _is_round(self, paid: IntegerValue) -> BooleanValue:
        # what is below 0 has more decimals than a unit, and engines differ in the remainder of such numbers
        return (paid > 0) & (paid % self.parameters.unit_minor == 0)

    @property
    def _earlier(self) -> Any:
        window = self.parameters.window_days * DAY
        return by_time(range=(-(window + self.parameters.history_days * DAY), -(window + 1)))

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Count and add up the round transfers, and say what was usual."""
        p = self.parameters
        worst = max((leg for leg in episode if leg.fired), key=lambda leg: (excess(leg.observed, leg.needed), leg.at))
        incoming = sum(leg.direction == "in" for leg in episode)
        expected = (
            f"the customer's {counted(p.history_days, 'day')} before let at most {worst.needed - 1:,} be expected"
            if worst.needed > p.count
            else f"{p.count:,} or more are unusual for a customer without such a past"
        )
        return Explanation(
            severity=severity(p.severity_at_threshold, excess(worst.observed, worst.needed)),
            sentence=f"{counted(len(episode), 'transfer')} in whole multiples of {format_minor(p.unit_minor, currency)} of their currency "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}, {incoming:,} in and "
            f"{len(episode) - incoming:,} out, total {money(sum(leg.base_minor for leg in episode), currency)}, "
            f"up to {worst.observed:,} of them within {counted(p.window_days, 'day')} and at least {p.percent} % of the "
            f"transfers of that size there; {expected}.",
        )
