"""Fan-in and fan-out are one idea seen from two sides: many strangers on the other side of one account in few days."""

from __future__ import annotations

from typing import Literal, NamedTuple

import ibis
from ibis.expr.types import Table

from casedesk.detection.distinct import restless, with_distinct
from casedesk.detection.flows import (
    channels_parameter,
    memory_parameter,
    settling_parameter,
    with_strangers,
)
from casedesk.detection.least import Least, Needed, alone
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.shared import shared
from casedesk.detection.windows import DAY, around, episodes
from casedesk.domain.money import LARGEST_MINOR
from casedesk.domain.transactions import Channel


class FanParameters(RuleParameters):
    """Thresholds of a fan; each rule adds its window."""

    window_days: int
    parties: int = parameter(
        4,
        ge=2,
        le=10_000,
        unit="distinct counterparties, strangers to the account",
        source=DESK,
        reason="Three new names in a few days are a household's week; a fourth is where splitting becomes visible.",
    )
    smallest_minor: int = parameter(
        0,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="Smaller amounts are not counted; 0 counts all, because mules are also paid in small sums.",
    )
    channels: frozenset[Channel] = channels_parameter()
    memory_days: int = memory_parameter()
    settling_days: int = settling_parameter()
    severity_at_threshold: int = parameter(
        30, ge=0, le=100, unit="severity", source=DESK, reason="Many new names are unusual, not yet wrong: Low."
    )


class Large(NamedTuple):
    """So many counterparties are enough where each moves ``minor`` or more in one payment."""

    parties: int
    minor: int


def fan_needs(direction: Literal["in", "out"], p: FanParameters, large: Large | None = None) -> Needed:
    """Return what a hit takes at the least: enough strangers, or fewer who move large sums, and one of them at its end."""
    stranger = Least(
        1, 0, p.smallest_minor, {direction}, p.channels, strangers=p.memory_days * DAY, settling=p.settling_days * DAY
    )
    many = stranger._replace(legs=p.parties, parties=p.parties, ends=True)
    if large is None or large.parties >= p.parties:
        return alone(many)
    movers = stranger._replace(smallest_minor=max(large.minor, p.smallest_minor))
    return (many,), (stranger._replace(ends=True), movers._replace(legs=large.parties, parties=large.parties))


def fan(
    views: Views, direction: Literal["in", "out"], p: FanParameters, before: int, large: Large | None = None
) -> Table:
    """Return the episodes of many strangers on the other side of legs in one direction, or of few with large sums.

    :param before: that of the rule's span.
    """
    window = p.window_days * DAY

    def fitting(legs: Table) -> Table:
        chosen = legs.filter(
            (legs.direction == direction)
            & legs.channel.isin(sorted(p.channels))
            & (legs.counterparty != 0)
            & ~legs.internal
        )
        return chosen.filter(chosen.base_minor >= p.smallest_minor) if p.smallest_minor else chosen

    fit, memory = fitting(views.legs), p.memory_days * DAY
    # a hit may end with a leg to whom the one before it went: any change of counterparty counts that its window can hold
    places = _crowded(views.since(fit, before), p, large)
    seen = with_strangers(views, places, window, memory, p.settling_days * DAY)
    new = shared(fitting(seen.filter(seen.stranger)), "new")
    new = shared(around(new, _crowded(new, p, large), window), "near")
    read = with_distinct(new, "counterparty", window, "observed").mutate(needed=ibis.literal(p.parties, "int64"))
    if large is not None:
        read = _with_large(read, large, window)
    return episodes(read.mutate(fired=read.observed >= read.needed), window)


def _crowded(legs: Table, p: FanParameters, large: Large | None) -> Table:
    """Return account and time of each leg that may end a window of enough counterparties."""
    window = p.window_days * DAY
    places = restless(legs, "counterparty", p.parties, window)
    if large is None:
        return places
    return places.union(restless(legs.filter(legs.base_minor >= large.minor), "counterparty", large.parties, window))


def _with_large(read: Table, large: Large, window: int) -> Table:
    """Lower ``needed`` where enough counterparties moved large sums; those are among the observed ones."""
    named = ibis.ifelse(read.base_minor >= large.minor, read.counterparty, ibis.null("int32"))
    read = with_distinct(read.mutate(mover=named), "mover", window, "movers")
    enough = ibis.least(read.needed, ibis.literal(large.parties, "int64"))
    needed = ibis.ifelse(read.movers >= large.parties, enough, read.needed)
    return read.mutate(needed=needed).drop("mover", "movers")


def explain_fan(
    episode: tuple[Evidence, ...], currency: str, p: FanParameters, verb: str, noun: str, large: Large | None = None
) -> Explanation:
    """Count and add up the episode, and name the most strangers that a hit's window holds; say where sums made it a hit."""
    most = max(leg.observed for leg in episode if leg.fired)
    few = ""
    if large is not None and most < p.parties:
        few = f", {large.parties:,} or more of them with {money(large.minor, currency)} or more at once"
    total = sum(leg.base_minor for leg in episode)
    span = when(instant(episode[0].at), instant(episode[-1].at))
    return Explanation(
        severity=severity(p.severity_at_threshold, excess(most, p.parties)),
        sentence=f"{counted(len(episode), 'payment')} {verb} {span}, total {money(total, currency)}, with up to "
        f"{counted(most, noun)} within {counted(p.window_days, 'day')} whom this account had not dealt with before{few}.",
    )
