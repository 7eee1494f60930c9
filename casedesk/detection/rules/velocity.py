"""Velocity: more transactions within ten minutes than the account's own past allows for.

The upper bound is the busiest ten minutes of the account's last 90 days plus three standard deviations of a Poisson
count of that size (its standard deviation is its square root): at most ``peak + deviations * sqrt(peak)`` is expected.
Below a least count nothing fires. So a quiet account is judged from its first day on, by the least count, and no model
needs warming up. All figures are whole numbers that anyone can recount from the transactions.

The past is counted in whole UTC days and ends the day before yesterday: a burst that lasts for hours or passes midnight
never belongs to the past it is judged by.

What keeps the benign look-alikes out: payroll, marketplaces and card terminals have been as busy before, and 90 days hold
three monthly runs. An account that is older than its data may have paid a payroll before the data begins. So for its
first five weeks transfers to others do not make a burst, unless at least half of what they carry came in within the day
before, in cash or from strangers, and is at least half of all that came in so far: a payroll is paid from what many
customers paid, a mule's account from what has just arrived. Cards and money that comes in are judged from the first day
on. What a launderer gains: in those weeks, a run from money that was there longer. The first run of an account opened
within the data, or at a day nobody knows, does fire.

``windows`` "tumbling" reads ten minutes of the clock at a time, as the original definition did, today and in the past: a
burst over an edge counts as two smaller ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import ibis
from ibis.expr.types import Table

from casedesk.detection.flows import HOUR, TRANSFERS, settling_parameter
from casedesk.detection.least import Least, Needed, alone
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, ORIGINAL, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, instant, minutes, moment, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import DAY, MINUTE, Windows, by_time, crowds, framed, judged

#: Days between an account's past and the day it judges: yesterday, and the day itself.
PAUSE = 2
#: How far back money counts as just arrived.
JUST_NOW = 24 * HOUR


class VelocityParameters(RuleParameters):
    """Thresholds of the velocity rule."""

    window_minutes: int = parameter(
        10, ge=1, le=1_440, unit="minutes", source=ORIGINAL, reason="A script or a run on an account takes minutes."
    )
    windows: Windows = parameter(
        "sliding",
        unit="sliding or tumbling",
        source=DESK,
        reason="Tumbling windows, of the original definition, lose a burst that straddles an edge of the clock.",
    )
    count: int = parameter(
        10,
        ge=2,
        le=100_000,
        unit="transactions",
        source=DESK,
        reason="Fewer within the window are never called fast, however quiet the account was before.",
    )
    history_days: int = parameter(
        90,
        ge=1,
        le=3_650,
        unit="days",
        source=DESK,
        reason="Holds three monthly runs, and forgets what an account did last season.",
    )
    deviations: int = parameter(
        3,
        ge=0,
        le=20,
        unit="standard deviations of a Poisson count",
        source=DESK,
        reason="A count beyond three of them above the busiest moment on record is not chance.",
    )
    settling_days: int = settling_parameter()
    severity_at_threshold: int = parameter(
        25, ge=0, le=100, unit="severity", source=DESK, reason="Speed alone says little; the least hit is Low."
    )


@dataclass(frozen=True)
class Velocity(Rule):
    """Finds bursts that the account's own past does not cover."""

    name: ClassVar[str] = "velocity"
    version: ClassVar[str] = "2"
    title: ClassVar[str] = "Velocity"
    reach = Reach.ACCOUNT
    parameters: VelocityParameters = field(default_factory=VelocityParameters)

    @property
    def span(self) -> Span:
        """A crowd stands in its window; what is usual is read from the whole of a crowded account's past."""
        window = self.parameters.window_minutes * MINUTE
        return Span(window=window, before=window)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        return alone(Least(self.parameters.count))

    def evidence(self, views: Views) -> Table:
        """Return the episodes of unusual speed."""
        p = self.parameters
        window = p.window_minutes * MINUTE
        busy = views.whole(views.since(crowds(views.legs, p.count, window), self.read_before))
        busy, frame = framed(busy, p.windows, window)
        past = by_time(["account", "counterparty"], range=(-p.history_days * DAY, -(JUST_NOW + 1)))
        busy = busy.mutate(dealt=busy["at"].count().over(past))
        run = (busy.direction == "out") & busy.channel.isin(sorted(TRANSFERS)) & (busy.counterparty != 0)
        strange = (busy.counterparty == 0) | (busy.dealt == 0)
        into = ibis.ifelse((busy.direction == "in") & ~busy.internal, busy.base_minor, 0)
        counted_legs = busy.mutate(
            observed=ibis._.count().over(frame),
            day=busy["at"] // DAY,
            paid=run.cast("int64").sum().over(frame),
            carried=ibis.ifelse(run, busy.base_minor, 0).sum().over(frame),
            arrived=ibis.ifelse(strange, into, 0).sum().over(by_time(range=(-JUST_NOW, 0))),
            income=into.sum().over(by_time(range=(-p.history_days * DAY, 0))),
        )
        days = counted_legs.group_by("account", "day").aggregate(busiest=counted_legs.observed.max())
        past = ibis.window(group_by="account", order_by="day", range=(-(p.history_days + PAUSE - 1), -PAUSE))
        peaks = days.select("account", "day", peak=days.busiest.max().over(past).coalesce(0))
        read = counted_legs.join(peaks, ["account", "day"])
        read = self._waiting(read, views)
        # The square root of a whole number below 2^52 is correctly rounded by IEEE 754, so its floor is exact.
        margin = (read.peak * p.deviations**2).cast("float64").sqrt().floor().cast("int64")
        read = read.mutate(needed=ibis.greatest(ibis.literal(p.count, "int64"), read.peak + margin + 1))
        fresh = (read.arrived * 2 >= read.carried) & (read.arrived * 2 >= read.income)
        excused = read.waiting & (read.observed - read.paid < read.needed) & ~fresh
        read = read.mutate(fired=(read.observed >= read.needed) & ~excused)
        return judged(
            read.drop("day", "peak", "dealt", "paid", "carried", "arrived", "income", "waiting"), p.windows, window
        )

    def _waiting(self, legs: Table, views: Views) -> Table:
        """Add ``waiting``: the account is older than its data, and the data has not yet shown a month of it."""
        settling = self.parameters.settling_days * DAY
        begun = views.whole(legs).group_by("account").aggregate(first_at=ibis._["at"].min())
        opened = begun.join(views.accounts.select("account", "opened_at"), "account")
        old = (opened.opened_at + settling < opened.first_at).coalesce(False)
        known = opened.select("account", settled=ibis.ifelse(old, opened.first_at + settling, opened.first_at))
        found = legs.join(known, "account")
        return found.mutate(waiting=found["at"] < found.settled).drop("settled")

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Name the fastest window of the episode, measured against what was expected there."""
        p = self.parameters
        hits = [leg for leg in episode if leg.fired]
        worst = max(hits, key=lambda leg: (excess(leg.observed, leg.needed), leg.observed, -leg.at))
        run = f"{counted(len(episode), 'transaction')} {when(instant(episode[0].at), instant(episode[-1].at))}"
        length = minutes(p.window_minutes)
        if worst.observed < len(episode):
            run += f", {worst.observed:,} of them in the {length} to {moment(instant(worst.at))}"
        expected = (
            f"after this account's last {p.history_days} days at most {worst.needed - 1:,} in {length} are expected"
            if worst.needed > p.count
            else f"{p.count:,} or more in {length} are unusual for an account without such a past"
        )
        return Explanation(
            severity=severity(p.severity_at_threshold, excess(worst.observed, worst.needed)),
            sentence=f"{run}; {expected}.",
        )
