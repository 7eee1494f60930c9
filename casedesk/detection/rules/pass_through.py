"""Pass-through: money comes in and nearly all of it leaves again within hours.

A hit is a stretch of time that begins with money in, ends with money out and is at most ``window_hours`` long, in
which between ``least_percent`` and ``most_percent`` of what came in went out. Both sums cover the same stretch, so the
same money is counted once on each side: a second payment out needs a second payment in, and money that was in the
account before, or stays in it, does not excuse a stretch. Amounts are in the base currency, so a change of currency on
the way hides nothing. The longest such stretch is the evidence, and stretches that share a transaction are one episode.

At least half of the money that came in must come from strangers, and at least half of what left must go to strangers
(see ``casedesk.detection.flows``): a salary that pays the rent, or a customer whose payment pays a supplier, passes
through between parties the account has long dealt with on one side or on both. Cash has nobody behind it and is no
stranger's; deposits that are withdrawn elsewhere belong to the funnel rule.

What keeps the benign look-alikes out: a corporate that pays its suppliers on the day its customers pay deals with known
parties; a sweep stays within one customer; a retailer's takings are cash; a payroll is paid from a month's income, not from a day's; a marketplace
keeps a margin over days and moves too often. A family's gifts for a house arrive over weeks and leave at once, so the
last two days of gifts are a small part of what leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

import ibis
from ibis.expr.types import Table
from pydantic import model_validator

from casedesk.detection.flows import (
    HOUR,
    channels_parameter,
    memory_parameter,
    settling_parameter,
    stretches,
    with_strangers,
)
from casedesk.detection.least import Least, Needed, Passed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.shared import shared
from casedesk.detection.windows import DAY, around, by_time
from casedesk.domain.money import LARGEST_MINOR
from casedesk.domain.transactions import Channel


class PassThroughParameters(RuleParameters):
    """Thresholds of the pass-through rule."""

    window_hours: int = parameter(
        48, ge=1, le=720, unit="hours", source=DESK, reason="Two days bridge a cut-off hour and a wire's value date."
    )
    least_percent: int = parameter(
        80, ge=1, le=100, unit="percent of what came in", source=DESK, reason="What stays is the mule's commission."
    )
    most_percent: int = parameter(
        100, ge=1, le=200, unit="percent of what came in", source=DESK, reason="More cannot be the same money."
    )
    least_minor: int = parameter(
        1_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source="FATF Recommendation 16: USD/EUR 1,000, below which a wire needs no verified originator",
        reason="Less came in: not worth hiding whose money it is.",
    )
    most_moments: int = parameter(
        50,
        ge=2,
        le=1_000,
        unit="points in time at which the account moves within the window",
        source=DESK,
        reason="Whoever moves more often turns money over as a business; velocity and fans watch such accounts.",
    )
    channels: frozenset[Channel] = channels_parameter()
    memory_days: int = memory_parameter()
    settling_days: int = settling_parameter()
    severity_at_threshold: int = parameter(
        40, ge=0, le=100, unit="severity", source=DESK, reason="An account used as a pipe needs an explanation."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.least_percent > self.most_percent:
            raise ValueError(
                f"Parameter “least_percent” ({self.least_percent}) cannot exceed “most_percent” ({self.most_percent})"
            )
        return self


@dataclass(frozen=True)
class PassThrough(Rule):
    """Finds accounts that money only passes through."""

    name: ClassVar[str] = "pass_through"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Rapid pass-through"
    reach: ClassVar[Reach] = Reach.ACCOUNT
    parameters: PassThroughParameters = field(default_factory=PassThroughParameters)

    @property
    def span(self) -> Span:
        """A hit reads its window; who is a stranger there depends on dealings before a window of its own."""
        window = self.parameters.window_hours * HOUR
        return Span(window=window, before=2 * window + 1, backward=True)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        into = Least(total_minor=p.least_minor, direction={"in"}, channel=p.channels)
        least_out = p.least_minor * min(p.least_percent, 100) // 100
        out = into._replace(total_minor=least_out, direction={"out"})
        strange = Least(strangers=p.memory_days * DAY, settling=p.settling_days * DAY, channel=p.channels)
        half = [
            strange._replace(total_minor=(one.total_minor + 1) // 2, direction=one.direction) for one in (out, into)
        ]
        passed = Passed(p.least_percent, p.most_percent, p.least_minor)
        both = strange._replace(legs=2, direction={"in", "out"}, outside=True, passed=passed)
        return ((out._replace(ends=True), into, *half, both),)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of money that came and went."""
        p = self.parameters
        window = p.window_hours * HOUR
        recent = views.since(_fitting(views.legs, p), self.span.before)
        places = views.since(_emptied(recent, p, window), self.read_before)
        seen = with_strangers(views, places, window, p.memory_days * DAY, p.settling_days * DAY)
        legs = shared(_fitting(seen, p), "fitting")
        legs = shared(around(legs, _emptied(legs, p, window), window), "near")
        moments = shared(_moments(legs, window), "moments")
        found = stretches(legs, _matched(moments, p, window))
        fired = found.start.notnull() & (found.direction == "out")
        read = found.mutate(
            fired=fired,
            observed=ibis.ifelse(fired, found.passed, ibis.literal(0, "int64")),
            needed=ibis.literal(p.least_minor, "int64"),
        )
        return read.drop("start", "passed", "stranger")

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Say what came in and what left, and its share; severity rises with the amount."""
        p = self.parameters
        into = [leg.base_minor for leg in episode if leg.direction == "in"]
        out = [leg.base_minor for leg in episode if leg.direction == "out"]
        most = max(leg.observed for leg in episode)
        share = sum(out) * 100 // sum(into)
        return Explanation(
            severity=severity(p.severity_at_threshold, excess(most, p.least_minor) // 10),
            sentence=f"{money(sum(into), currency)} came in with {counted(len(into), 'payment')} and "
            f"{money(sum(out), currency)} ({share} %) left with {counted(len(out), 'payment')} "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}; what leaves follows what comes in within "
            f"{counted(p.window_hours, 'hour')}.",
        )


def _fitting(legs: Table, p: PassThroughParameters) -> Table:
    return legs.filter(
        legs.direction.isin(["in", "out"])
        & legs.channel.isin(sorted(p.channels))
        & ~legs.internal
        & (legs.base_minor > 0)
    )


def _emptied(legs: Table, p: PassThroughParameters, window: int) -> Table:
    """Return account and time of each payment out that has enough money in and out in the window before it.

    A stretch that matches lies within this window, so its sums are no larger. Two cheap passes rule out most accounts.
    """
    sliding = by_time(range=(-window, 0))
    into, out = (ibis.ifelse(legs.direction == side, legs.base_minor, 0).sum().over(sliding) for side in ("in", "out"))
    paced = legs.select("account", "at", "direction", into=into, out=out)
    enough = (paced.into >= p.least_minor) & (paced.out * 100 >= p.least_minor * p.least_percent)
    return paced.filter(enough & (paced.direction == "out")).select("account", "at")


def _moments(legs: Table, window: int) -> Table:
    """Add up each account's legs by time, and run the sums: money in and out, and of each what strangers moved."""
    into, out = legs.direction == "in", legs.direction == "out"
    sums = {"into": into, "out": out, "new_into": into & legs.stranger, "new_out": out & legs.stranger}
    moments = legs.group_by("account", "at").aggregate(
        **{name: ibis.ifelse(side, legs.base_minor, 0).sum().cast("int64") for name, side in sums.items()}
    )
    running = by_time(range=(None, 0))
    return moments.mutate(
        **{f"all_{name}": moments[name].sum().over(running).cast("int64") for name in sums},
        crowd=moments["at"].count().over(by_time(range=(-window, 0))),
        piece=moments["at"] // window,
    )


def _matched(moments: Table, p: PassThroughParameters, window: int) -> Table:
    """Return each end of a stretch that matches, its earliest start, and how much left in it.

    Starts and ends meet in the same or the next piece of time, an equality join. No account has more than
    ``most_moments`` starts for an end.
    """
    names = ("into", "out", "new_into", "new_out")
    ends = moments.filter((moments.out > 0) & (moments.crowd <= p.most_moments))
    begins = moments.filter(moments.into > 0)
    starts = begins.select(
        "account",
        "piece",
        start=begins["at"],
        **{f"before_{name}": begins[f"all_{name}"] - begins[name] for name in names},
    )
    near = ibis.union(starts, starts.mutate(piece=starts.piece + 1))
    pairs = ends.join(near, ["account", "piece"])
    pairs = pairs.filter((pairs.start <= pairs["at"]) & (pairs["at"] - pairs.start <= window))
    pairs = pairs.select("account", "at", "start", **{n: pairs[f"all_{n}"] - pairs[f"before_{n}"] for n in names})
    matched = pairs.filter(
        (pairs.into >= p.least_minor)
        & (pairs.out * 100 >= pairs.into * p.least_percent)
        & (pairs.out * 100 <= pairs.into * p.most_percent)
        & (pairs.new_into * 2 >= pairs.into)
        & (pairs.new_out * 2 >= pairs.out)
    )
    return matched.group_by("account", "at").aggregate(start=matched.start.min(), passed=matched.out.max())
