"""Funnel account: cash is paid in again and again, each time under the reporting line, and leaves soon after elsewhere.

FinCEN describes funnel accounts in its advisory FIN-2014-A005 (28 May 2014): an account in one area receives several
cash deposits below the reporting line, often by people who are not its holder and in places where it has no business,
and the money is withdrawn, wired or paid by cheque somewhere else within a short time. Of this the desk has the
deposits, their amounts and times, what leaves, and the country of each branch. It has neither the depositor nor the
city, so the default goes by the rhythm, several small deposits and quick withdrawals, and ``places`` asks for
deposits in several countries where a bank has branches in them.

A hit ends at money that leaves: within the window there are enough deposits, a day or more lies between the first and
the last of them, they are worth enough, and what left soon after a deposit is between two shares of it. Deposits of one
errand are the structuring rule's. Money that leaves without a deposit in the hours before is not counted.

What keeps the benign look-alikes out: a retailer who banks 9,000 a day pays suppliers, staff and rent by transfer, and
neither by wire nor in cash; payroll, marketplaces and sweeps have no cash. A trader who banks cash and wires it to
suppliers abroad every week does fire: that is what the advisory asks to look at, and suppression is for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

import ibis
from ibis.expr.types import Table
from pydantic import model_validator

from casedesk.detection.distinct import with_distinct
from casedesk.detection.flows import HOUR
from casedesk.detection.least import Least, Needed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, instant, listed, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import DAY, around, by_time, crowds, episodes
from casedesk.domain.money import LARGEST_MINOR
from casedesk.domain.transactions import Channel

ADVISORY = "FinCEN advisory FIN-2014-A005"


class FunnelParameters(RuleParameters):
    """Thresholds of the funnel rule."""

    window_days: int = parameter(
        7, ge=1, le=90, unit="days", source=DESK, reason="Deposits and withdrawals of one scheme follow within a week."
    )
    deposits: int = parameter(
        4, ge=2, le=1_000, unit="cash deposits", source=DESK, reason="Three a week are a shop that banks its takings."
    )
    below_minor: int = parameter(
        10_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=f"{ADVISORY}; 31 CFR 1010.311: cash over $10,000 is reported",
        reason="Deposits of a funnel stay strictly under the line; larger ones are reported anyway and not counted.",
    )
    total_minor: int = parameter(
        10_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source="31 CFR 1010.311",
        reason="Together the deposits are worth a report that none of them causes.",
    )
    places: int = parameter(
        1,
        ge=1,
        le=200,
        unit="distinct branch countries",
        source=f"{ADVISORY}: deposits in several places",
        reason="Most banks have branches in one country; raise it where there are more.",
    )
    spread_hours: int = parameter(
        24,
        ge=0,
        le=720,
        unit="hours from the first deposit of the window to the last",
        source=DESK,
        reason="Again and again: pieces of one errand are for the structuring rule, which would tell them twice.",
    )
    soon_hours: int = parameter(
        72, ge=1, le=720, unit="hours", source=f"{ADVISORY}: within a short time", reason="A weekend may lie between."
    )
    least_percent: int = parameter(
        40, ge=1, le=100, unit="percent of the deposits", source=DESK, reason="Part may still wait for its withdrawal."
    )
    most_percent: int = parameter(
        110, ge=1, le=1_000, unit="percent of the deposits", source=DESK, reason="Far more is not the same money."
    )
    channels: frozenset[Channel] = parameter(
        frozenset({Channel.CASH, Channel.WIRE}),
        min_length=1,
        unit="channels",
        source=ADVISORY,
        reason="Ways out that reach another place at once: withdrawals and wires. Add CHEQUE where cheques are used so.",
    )
    severity_at_threshold: int = parameter(
        50, ge=0, le=100, unit="severity", source=DESK, reason="Deposits under the line may be structured: Medium."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.least_percent > self.most_percent:
            raise ValueError(
                f"Parameter “least_percent” ({self.least_percent}) cannot exceed “most_percent” ({self.most_percent})"
            )
        return self


@dataclass(frozen=True)
class Funnel(Rule):
    """Finds accounts that cash runs through."""

    name: ClassVar[str] = "funnel"
    version: ClassVar[str] = "2"
    title: ClassVar[str] = "Funnel account"
    reach: ClassVar[Reach] = Reach.ACCOUNT
    parameters: FunnelParameters = field(default_factory=FunnelParameters)

    @property
    def span(self) -> Span:
        """A hit reads its window; whether money there follows a deposit depends on the hours before it."""
        window = self.parameters.window_days * DAY
        return Span(window=window, before=window + max(window, self.parameters.soon_hours * HOUR))

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        paid_in = Least(
            p.deposits, p.total_minor, below_minor=p.below_minor, direction={"in"}, channel={Channel.CASH}, outside=True
        )
        part = (p.total_minor * p.least_percent + 99) // 100
        left = Least(1, part, direction={"out"}, channel=p.channels, outside=True, ends=True)
        return ((paid_in, left),)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of small deposits and quick withdrawals."""
        p = self.parameters
        window = p.window_days * DAY
        legs = views.legs.filter(~views.legs.internal)
        small_cash = (legs.direction == "in") & (legs.channel == Channel.CASH) & (legs.base_minor < p.below_minor)
        leaving = (legs.direction == "out") & legs.channel.isin(sorted(p.channels))
        both = legs.filter(small_cash | leaving)
        # Money may leave a window after the crowd of deposits, and what it follows may lie before the window.
        reach = window + max(window, p.soon_hours * HOUR)
        both = around(both, crowds(both.filter(both.direction == "in"), p.deposits, window), reach)
        into = both.direction == "in"
        soon = into.cast("int64").sum().over(by_time(range=(-p.soon_hours * HOUR, 0))) > 0
        both = both.mutate(follows=~into & soon)
        both = both.filter(both.follows | (both.direction == "in"))
        country = ibis.ifelse(both.direction == "in", both.country, ibis.null("string"))
        read = with_distinct(both.mutate(place=country), "place", window, "seen")
        sliding = by_time(range=(-window, 0))
        paid_in_at = ibis.ifelse(read.direction == "in", read["at"], ibis.null("int64"))
        arrived, left = (ibis.ifelse(side, read.base_minor, 0) for side in (read.direction == "in", read.follows))
        read = read.mutate(
            observed=(read.direction == "in").cast("int64").sum().over(sliding).cast("int64"),
            arrived=arrived.sum().over(sliding),
            left=left.sum().over(sliding),
            spread=paid_in_at.max().over(sliding) - paid_in_at.min().over(sliding),
            needed=ibis.literal(p.deposits, "int64"),
        )
        fired = (
            read.follows
            & (read.observed >= p.deposits)
            & (read.arrived >= p.total_minor)
            & (read.seen >= p.places)
            & (read.spread >= p.spread_hours * HOUR)
            & (read.left * 100 >= read.arrived * p.least_percent)
            & (read.left * 100 <= read.arrived * p.most_percent)
        )
        return episodes(read.mutate(fired=fired).drop("follows", "place", "seen", "arrived", "left", "spread"), window)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Tell deposits and what left; severity rises with their number and with deposits away from the withdrawals."""
        p = self.parameters
        into = [leg for leg in episode if leg.direction == "in"]
        out = [leg for leg in episode if leg.direction == "out"]
        paid_in, left = (sum(leg.base_minor for leg in side) for side in (into, out))
        countries = sorted({leg.country for leg in into if leg.country})
        away = set(countries) - {leg.country for leg in out}
        where = f" in {listed(countries)}" if countries else ""
        most = max(leg.observed for leg in episode)
        return Explanation(
            severity=severity(
                p.severity_at_threshold, excess(most, p.deposits) + 500 * bool(away and len(countries) > 1)
            ),
            sentence=f"{counted(len(into), 'cash deposit')}{where}, each below {money(p.below_minor, currency)}, of "
            f"{money(paid_in, currency)} together, and {_ways_out(len(out))} of "
            f"{money(left, currency)} within {counted(p.soon_hours, 'hour')} of a deposit "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}.",
        )


def _ways_out(number: int) -> str:
    return "1 withdrawal or wire" if number == 1 else f"{number:,} withdrawals or wires"
