"""Cycle: money leaves a customer, goes from hand to hand, and comes back within a fortnight.

Each hop is booked after all before it, or at most a day earlier than any of them, and carries between half and twice as much, so
fees, exchange rates and a share kept on the way do not hide the circle. Why a day earlier: banks post at different hours,
and a partner in a scheme need not wait for the money to arrive. Nobody stands on a circle twice. Customers go
round, not accounts: money that leaves one account of a customer and returns to another one has come back, and moving it
between the two is no hop.

The subject is the customer who sends the first hop; where that is somebody else's customer, the first of the desk's own
who sends one. Circles of one subject that overlap in time are one episode. Where a circle could begin at several of its
hops, it begins at the earliest of them; of several at one instant, at that of the party whose account id comes first.
In a crowd where everybody deals with everybody there are more circles than anybody can count. Of the ways of three hops
that begin with the same transfer and reach the same party, only the ``most_ways`` that end first count; and of the ways of three
hops and of six that begin with the same transfer, whoever they reach, only the ``most_onward`` that end first are followed on: enough to
raise the alert, not to tell every circle. Of those that end together it is those of parties whose account ids come first. The
second bound touches circles of seven hops and more only. Where all reach all, six hops lead to twenty times as many ways as three, and
nine to twenty times as many again. Nothing that is booked after the end of a circle bears on it, so what ended stays told.

Twelve hops are read, not eight: the longest published circles have as many.

What keeps the benign look-alikes out: a treasury sweep runs between accounts of one customer and is no hop; payroll and
the marketplace pay, or are paid, more often than ``most_sent`` and ``most_received`` allow; cash has nobody on its other
side. Trading partners who buy and sell, and friends who pay each other back, make circles of two again and again. So in
a circle of two the parties must be strangers, without a dealing in the 90 days before the window, and each hop must be
3,000 or a quarter of all that its sender paid within the window. Circles of two between old partners are missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Self

import ibis
from ibis.expr.types import Table
from pydantic import model_validator

from casedesk.detection import paths, short_paths
from casedesk.detection.flows import HOUR, memory_parameter, settling_parameter
from casedesk.detection.hops import Hopping
from casedesk.detection.joints import Joint
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Rule, Span
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.shared import shared
from casedesk.detection.windows import DAY
from casedesk.domain.money import LARGEST_MINOR


class CycleParameters(RuleParameters):
    """Thresholds of the cycle rule."""

    window_days: int = parameter(
        14, ge=1, le=90, unit="days", source=DESK, reason="All hops lie within it; launderers do not wait."
    )
    least_hops: int = parameter(
        2, ge=2, le=12, unit="hops", source=DESK, reason="There and back is the shortest circle."
    )
    most_hops: int = parameter(
        12, ge=2, le=12, unit="hops", source=DESK, reason="As many as the longest circles published have."
    )
    lowest_percent: int = parameter(
        50, ge=0, le=100, unit="percent of the hop before", source=DESK, reason="Half may be kept on the way."
    )
    highest_percent: int = parameter(
        200,
        ge=100,
        le=paths.HIGHEST,
        unit="percent of the hop before",
        source=DESK,
        reason="Other money may join on the way, as much again.",
    )
    slack_hours: int = parameter(
        24,
        ge=0,
        le=24,
        unit="hours",
        source=DESK,
        reason="A hop may be booked this much before those that pay for it: banks post at different hours of a day.",
    )
    short_hops: int = parameter(
        2, ge=1, le=12, unit="hops", source=DESK, reason="Circles up to here also arise between friends and traders."
    )
    short_minor: int = parameter(
        3_000_00,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source="31 CFR 1010.410(e) and (f): records of transfers are kept from $3,000",
        reason="A hop of a short circle counts from here on: friends who pay each other back pay less.",
    )
    short_percent: int = parameter(
        25,
        ge=1,
        le=101,
        unit="percent of all its sender paid in the window",
        source=DESK,
        reason="Or when it is much of what its sender paid, however small; 101 leaves only the amount.",
    )
    memory_days: int = memory_parameter()
    settling_days: int = settling_parameter()
    most_sent: int = parameter(
        20,
        ge=1,
        le=1_000,
        unit="hops from one sender within the window",
        source=DESK,
        reason="Who pays more often is a business with many payees; it also bounds the work.",
    )
    most_received: int = parameter(
        40,
        ge=1,
        le=1_000,
        unit="hops to one receiver within the window",
        source=DESK,
        reason="Who is paid more often is a shop or a marketplace; it also bounds the work.",
    )
    most_ways: int = parameter(
        8,
        ge=1,
        le=1_000_000,
        unit="ways from one transfer to one party",
        source=DESK,
        reason="Of ways of three hops that begin with one transfer, those that end first count; it bounds the work where everybody "
        "deals with everybody.",
    )
    most_onward: int = parameter(
        4,
        ge=1,
        le=1_000_000,
        unit="ways from one transfer to anybody",
        source=DESK,
        reason="Of ways of three hops and of six that begin with one transfer, those that end first lead to circles of seven hops "
        "and more. It bounds the work where all reach all.",
    )
    severity_at_threshold: int = parameter(
        45, ge=0, le=100, unit="severity", source=DESK, reason="Money back from a trip has few honest reasons."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.least_hops > self.most_hops:
            raise ValueError(f"Parameter “least_hops” ({self.least_hops}) cannot exceed “most_hops” ({self.most_hops})")
        return self


@dataclass(frozen=True)
class Cycle(Rule):
    """Finds money that comes back."""

    name: ClassVar[str] = "cycle"
    version: ClassVar[str] = "4"
    title: ClassVar[str] = "Cycle"
    parameters: CycleParameters = field(default_factory=CycleParameters)

    @property
    def span(self) -> Span:
        """A circle lies in its window; ways that it is ranked with reach a slack before, those that these are ranked with one more, and
        hops are told by two windows before.
        """
        p = self.parameters
        return Span(window=0, before=3 * p.window_days * DAY + 2 * p.slack_hours * HOUR)

    @property
    def hopping(self) -> Hopping:
        """Which transfers a circle is made of."""
        p = self.parameters
        return Hopping(p.window_days * DAY, p.most_sent, p.most_received)

    @property
    def joint(self) -> Joint:
        """What two hops that follow each other have in common."""
        p = self.parameters
        return Joint(
            p.window_days * DAY, (p.lowest_percent, p.highest_percent), p.slack_hours * HOUR, closed=p.most_hops
        )

    def evidence(self, views: Views) -> Table:
        """Return the episodes of money in circles."""
        p = self.parameters
        window, most = p.window_days * DAY, p.most_hops
        slack = p.slack_hours * HOUR
        found = paths.hops(views, self.hopping)
        one = shared(views.ending(found, window + 2 * slack), "one")
        band = (p.lowest_percent, p.highest_percent)
        join = partial(paths.joined, gap=window, window=window, band=band, slack=slack)
        two = shared(join(one, one), "two")
        circles = [join(one, one, home=True)]
        if most > 2:
            circles.append(join(two, one, home=True))
        if most > 3:
            circles.append(self._longer(one, two, join, views))
        closed = shared(self._closed(views.ending(paths.either(circles))), "closed")
        return paths.told(views, self._without_small_change(closed, one, views), "subject", p.least_hops)

    def _without_small_change(self, closed: Table, one: Table, views: Views) -> Table:
        """Leave out the short circles with a light hop, or one between parties that may have known each other."""
        p = self.parameters
        window, memory = p.window_days * DAY, p.memory_days * DAY
        short = shared(closed.filter(closed.rows.length() <= p.short_hops), "short")
        steps = short_paths.steps_of(short, one)
        unfit = [short_paths.light(steps, views, window, p.short_minor, p.short_percent)]
        if memory > window:
            unfit.append(short_paths.between_acquaintances(steps, views, window, memory))
            unfit.append(short_paths.between_unsettled(steps, views, p.settling_days * DAY))
        return short_paths.without(closed, short, paths.either(unfit))

    def _longer(self, one: Table, two: Table, join: Callable[..., Table], views: Views) -> Table:
        """Return the circles of four hops and more: three, six or nine hops out, and up to three home."""
        p = self.parameters
        three = shared(paths.quickest(join(two, one), most=p.most_ways, ends=("end",)), "three")
        # whatever is booked after a hop is booked at most the slack before it, so the way home ends where the circle does
        back = shared(views.ending(paths.either([one, two, three]), p.slack_hours * HOUR), "back")
        homes = shared(paths.homes(back), "homes")
        onward = partial(paths.quickest, most=p.most_onward)
        few = front = shared(onward(three), "few")
        out = [three]
        for length in range(6, p.most_hops, 3):
            # the last join below finds the same in all that is longer, and carries the rest of it along
            if length + 3 < p.most_hops:
                longer = shared(join(front, few), f"longer{length}")
                front = shared(onward(longer), f"front{length}")
                out.append(paths.closing(longer, homes))
            else:
                led = shared(paths.led(front, homes), f"led{length}")
                out.append(join(led, few, led=True))
        return join(paths.either(out), back, home=True)

    def _closed(self, circles: Table) -> Table:
        """Keep circles of the right length, each told once, from its beginning."""
        p = self.parameters
        fitting = circles.filter(circles.rows.length().between(p.least_hops, p.most_hops))
        fitting = fitting.mutate(members=fitting.rows.sort())
        begun = fitting.first_at.min().over(ibis.window(group_by="members"))
        first = fitting.mutate(begun=begun).filter(ibis._.first_at == ibis._.begun)
        least = first.start.min().over(ibis.window(group_by="members"))
        return first.mutate(least=least).filter(ibis._.start == ibis._.least).drop("members", "begun", "least")

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Say how many hops the longest circle has, what left the subject and what came back."""
        p = self.parameters
        longest = max(hop.observed for hop in episode)
        circles = sum(hop.fired for hop in episode)
        left = sum(hop.base_minor for hop in episode if hop.direction == "out")
        back = sum(hop.base_minor for hop in episode if hop.direction == "in")
        shape = f"a circle of {longest:,} hops" if circles == 1 else f"circles of up to {longest:,} hops"
        above = excess(longest, p.least_hops) // 2 + excess(circles, 1) // 4
        return Explanation(
            severity=severity(p.severity_at_threshold, above),
            sentence=f"{counted(len(episode), 'transfer')} {when(instant(episode[0].at), instant(episode[-1].at))} "
            f"form {shape}: {money(left, currency)} left this customer and {money(back, currency)} came back.",
        )
