"""Gather-scatter: one account collects from strangers and then pays strangers, several times each, within ten days.

The account is a turntable of a layering scheme. At the last payment the window holds enough different senders and
enough different payees; a payee counts only when, at its payment, enough senders had paid in during the window before it.
So gathering comes first, though a scheme may begin to pay before it has collected everything.

Two senders and two payees are enough, fewer than fan-in or fan-out ask for, because both must happen on one account, in
this order, with people it never dealt with. Amounts are not compared: what a turntable keeps, adds from other sources,
or changes into another currency would hide it.

One party is enough where large sums keep turning: three or more came in, and after them three or more went out. A name
on the other side may stand for many (a payment service, a collective account), and two accounts that met last week
and send thousands to and fro settle no debt, for each payment undoes the one before.

What keeps the benign look-alikes out: customers, suppliers, staff and the landlord are no strangers; cash and cards
are not counted; a sweep stays within one customer; a family's gifts for a house go to one notary, in one or two sums;
friends who pay each other back pay less.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import ibis
from ibis.expr.types import Table

from casedesk.detection.distinct import with_distinct
from casedesk.detection.flows import (
    channels_parameter,
    memory_parameter,
    settling_parameter,
    with_strangers,
)
from casedesk.detection.least import Least, Needed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.shared import shared
from casedesk.detection.windows import DAY, around, by_time, episodes
from casedesk.domain.money import LARGEST_MINOR
from casedesk.domain.transactions import Channel


class GatherScatterParameters(RuleParameters):
    """Thresholds of the gather-scatter rule."""

    window_days: int = parameter(
        10,
        ge=1,
        le=90,
        unit="days",
        source=DESK,
        reason="Three days of collecting and four of paying on, as in the fan rules, with a weekend between.",
    )
    senders: int = parameter(
        2,
        ge=1,
        le=10_000,
        unit="distinct senders",
        source=DESK,
        reason="One sender is a pass-through, not a gathering.",
    )
    payees: int = parameter(
        2, ge=1, le=10_000, unit="distinct payees", source=DESK, reason="One payee is a pass-through, not a scattering."
    )
    parties: int = parameter(
        4,
        ge=2,
        le=20_000,
        unit="distinct senders and payees",
        source=DESK,
        reason="The least of both sides together; raise it to ask for larger turntables of any shape.",
    )
    turns: int = parameter(
        3,
        ge=2,
        le=10_000,
        unit="large payments in, and as many out after them",
        source=DESK,
        reason="Whoever is on the other side: once is a loan, and twice may be one with a mistake.",
    )
    large_minor: int = parameter(
        300_000,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source="31 CFR 1010.410(e) and (f): records of transfers are kept from $3,000",
        reason="A turn counts from here on: friends who pay each other back pay less.",
    )
    channels: frozenset[Channel] = channels_parameter()
    memory_days: int = memory_parameter()
    settling_days: int = settling_parameter()
    severity_at_threshold: int = parameter(
        40, ge=0, le=100, unit="severity", source=DESK, reason="Both halves of a layering step, with strangers only."
    )


@dataclass(frozen=True)
class GatherScatter(Rule):
    """Finds accounts that collect from many and pay on to many."""

    name: ClassVar[str] = "gather_scatter"
    version: ClassVar[str] = "2"
    title: ClassVar[str] = "Gather-scatter"
    reach: ClassVar[Reach] = Reach.ACCOUNT
    parameters: GatherScatterParameters = field(default_factory=GatherScatterParameters)

    @property
    def span(self) -> Span:
        """A payee counts by a window of its own before it, and a stranger there by one more."""
        window = self.parameters.window_days * DAY
        return Span(window=window, before=3 * window + 1, backward=True)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        into = Least(
            direction={"in"}, channel=p.channels, strangers=p.memory_days * DAY, settling=p.settling_days * DAY
        )
        out = into._replace(direction={"out"}, ends=True)
        many = into._replace(legs=p.senders, parties=p.senders), out._replace(legs=p.payees, parties=p.payees)
        turned = [one._replace(legs=p.turns, smallest_minor=p.large_minor) for one in (into, out)]
        return tuple((came, went._replace(after=came)) for came, went in (many, turned))

    def evidence(self, views: Views) -> Table:
        """Return the episodes of gathering and scattering."""
        p = self.parameters
        window = p.window_days * DAY
        memory = p.memory_days * DAY
        fit = _fitting(views.legs, p)
        places = views.since(_turning(views.since(fit, self.span.before), p, window), self.read_before)
        seen = with_strangers(views, places, window, memory, p.settling_days * DAY)
        new = shared(_fitting(seen.filter(seen.stranger), p), "new")
        # twice the window: whether a payment within it follows a gathering is read in a window of that payment's own
        new = shared(around(new, _turning(new, p, window), 2 * window), "near")
        read = _with_turns(_with_parties(new, p, window), p, window)
        parties = ibis.literal(p.parties, "int64")
        read = read.mutate(needed=ibis.ifelse(read.many, parties, ibis.least(parties, read.observed)))
        return episodes(read.mutate(fired=read.many | read.turned).drop("many", "turned"), window)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Tell both halves with counts and sums; severity rises with the parties within one window."""
        p = self.parameters
        most = max(leg.observed for leg in episode if leg.fired)
        into = [leg.base_minor for leg in episode if leg.direction == "in"]
        out = [leg.base_minor for leg in episode if leg.direction == "out"]
        days = counted(p.window_days, "day")
        parties, turns = f"up to {most:,} senders and payees within {days}", ""
        if most < p.parties:
            least = f"{counted(p.turns, 'payment')} of {money(p.large_minor, currency)} or more"
            parties, turns = "parties", f"; {least} came in within {days}, and as many went out after them"
        return Explanation(
            severity=severity(p.severity_at_threshold, excess(most, p.parties)),
            sentence=f"{counted(len(into), 'payment')} of {money(sum(into), currency)} came in and "
            f"{counted(len(out), 'payment')} of {money(sum(out), currency)} went out "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}, with {parties} whom this account had not dealt "
            f"with before{turns}.",
        )


def _fitting(legs: Table, p: GatherScatterParameters) -> Table:
    return legs.filter(
        legs.direction.isin(["in", "out"])
        & legs.channel.isin(sorted(p.channels))
        & (legs.counterparty != 0)
        & ~legs.internal
    )


def _with_parties(legs: Table, p: GatherScatterParameters, window: int) -> Table:
    """Add ``observed``, the senders and payees of the window, and ``many``: enough of both, gathering first."""
    nobody = ibis.null("int32")
    sided = legs.mutate(sender=ibis.ifelse(legs.direction == "in", legs.counterparty, nobody))
    gathered = with_distinct(sided, "sender", window, "gathered")
    follows = (gathered.direction == "out") & (gathered.gathered >= p.senders)
    paid = gathered.mutate(payee=ibis.ifelse(follows, gathered.counterparty, nobody))
    read = with_distinct(paid, "payee", window, "scattered")
    read = read.mutate(observed=read.gathered + read.scattered)
    enough = (read.gathered >= p.senders) & (read.scattered >= p.payees) & (read.observed >= p.parties)
    return read.mutate(many=enough & read.payee.notnull()).drop("sender", "payee", "gathered", "scattered")


def _with_turns(legs: Table, p: GatherScatterParameters, window: int) -> Table:
    """Add ``turned``: the last of enough large payments out, each with enough large payments in before it."""
    sliding = by_time(range=(-window, 0))
    into, out = ((legs.direction == side) & (legs.base_minor >= p.large_minor) for side in ("in", "out"))
    came = legs.mutate(follows=out & (into.cast("int64").sum().over(sliding) >= p.turns))
    read = came.mutate(turned=came.follows & (came.follows.cast("int64").sum().over(sliding) >= p.turns))
    return read.drop("follows")


def _turning(legs: Table, p: GatherScatterParameters, window: int) -> Table:
    """Return account and time of each payment out whose window has the legs in and out that a hit takes.

    Fewer legs than parties or turns cannot be a hit. Counting legs is one cheap pass, counting parties is not.
    """
    sliding = by_time(range=(-window, 0))
    into, out = (legs.direction == side for side in ("in", "out"))
    large = legs.base_minor >= p.large_minor
    sides = {"into": into, "out": out, "large_into": into & large, "large_out": out & large}
    counts = {name: side.cast("int64").sum().over(sliding) for name, side in sides.items()}
    paced = legs.select("account", "at", "direction", **counts)
    many = (paced.into >= p.senders) & (paced.out >= p.payees) & (paced.into + paced.out >= p.parties)
    turned = (paced.large_into >= p.turns) & (paced.large_out >= p.turns)
    return paced.filter((many | turned) & (paced.direction == "out")).select("account", "at")
