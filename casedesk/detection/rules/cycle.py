"""Cycle: money leaves a customer, goes from hand to hand, and comes back within a fortnight.

Each hop is booked after the one before it, or at most a day earlier, and carries between half and twice as much, so
fees, exchange rates and a share kept on the way do not hide the circle. Why a day earlier: banks post at different hours,
and a partner in a scheme need not wait for the money to arrive. Nobody stands on a circle twice. Customers go
round, not accounts: money that leaves one account of a customer and returns to another one has come back, and moving it
between the two is no hop.

The subject is the customer who sends the first hop; where that is somebody else's customer, the first of the desk's own
who sends one. Circles of one subject that overlap in time are one episode. Where a circle could begin at several of its
hops, it begins at the earliest of them; of several at one instant, at that of the party whose account id comes first.
In a crowd where everybody deals with everybody there are more circles than anybody can count. Of the ways of three hops
from one party to another, begun within one window, only the ``most_ways`` quickest count; and of the ways of three hops and
of six that lead from one party to anybody, only the ``most_onward`` quickest are followed on: enough to raise the alert, not
to tell every circle. Of equally quick ones it is those of parties whose account ids come first. The second bound touches
circles of seven hops and more only. Where all reach all, six hops lead to twenty times as many ways as three, and nine to
twenty times as many again.

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

from casedesk.detection import paths
from casedesk.detection.flows import HOUR, memory_parameter, settling_parameter
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Rule
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
        reason="A hop may be booked this much before the one that pays for it: banks post at different hours of a day.",
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
        unit="ways from one party to another",
        source=DESK,
        reason="Of ways of three hops, begun within one window, the quickest count; it bounds the work where everybody "
        "deals with everybody.",
    )
    most_onward: int = parameter(
        16,
        ge=1,
        le=1_000_000,
        unit="ways from one party to anybody",
        source=DESK,
        reason="Of ways of three hops and of six, begun within one window, the quickest lead to circles of seven hops "
        "and more; on HI-Small, s11 and s12 even 8 find the same attempts. It bounds the work where all reach all.",
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
    version: ClassVar[str] = "3"
    title: ClassVar[str] = "Cycle"
    parameters: CycleParameters = field(default_factory=CycleParameters)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of money in circles."""
        p = self.parameters
        window, most = p.window_days * DAY, p.most_hops
        found = paths.hops(views, window, (p.most_sent, p.most_received), heavy=(p.short_minor, p.short_percent))
        one = _going_round(shared(found, "found"))
        if p.memory_days > p.window_days and p.short_hops >= p.least_hops:
            one = paths.between_strangers(
                shared(one, "round"), views, window, p.memory_days * DAY, p.settling_days * DAY
            )
        one = shared(one, "one")
        band = (p.lowest_percent, p.highest_percent)
        join = partial(paths.joined, gap=window, window=window, band=band, slack=p.slack_hours * HOUR)
        two = shared(join(one, one), "two")
        circles = [join(one, one, home=True)]
        if most > 2:
            circles.append(join(two, one, home=True))
        if most > 3:
            circles.append(self._longer(one, two, join))
        return paths.told(views, self._closed(paths.either(circles)), "subject", p.least_hops)

    def _longer(self, one: Table, two: Table, join: Callable[..., Table]) -> Table:
        """Return the circles of four hops and more: three, six or nine hops out, and up to three home."""
        p = self.parameters
        quickest = partial(paths.quickest, window=p.window_days * DAY)
        three = shared(quickest(join(two, one), most=p.most_ways), "three")
        back = shared(paths.either([one, two, three]), "back")
        onward = partial(quickest, most=p.most_onward, ends=("start",))
        few = front = shared(onward(three), "few")
        out = [three]
        for length in range(6, p.most_hops, 3):
            longer = join(front, few)
            if length + 3 < p.most_hops:
                longer = shared(longer, f"longer{length}")
                front = shared(onward(longer), f"front{length}")
            out.append(
                paths.closing(longer, back)
            )  # the join below finds the same without it, and carries all the rest
        return join(paths.either(out), back, home=True)

    def _closed(self, circles: Table) -> Table:
        """Keep circles of the right length, heavy where they are short, each told once, from its beginning."""
        p = self.parameters
        length = circles.rows.length()
        fitting = circles.filter(length.between(p.least_hops, p.most_hops) & (circles.heavy | (length > p.short_hops)))
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


def _going_round(found: Table) -> Table:
    """Keep the hops from parties that are paid as well, to parties that pay as well: nobody else is on a circle."""
    paying = found.select(payer="start").distinct()
    paid = found.select(payee="end").distinct()
    return found.semi_join(paid, found.start == paid.payee).semi_join(paying, found.end == paying.payer)
