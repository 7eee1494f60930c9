"""Fan-in and fan-out are one idea seen from two sides: many strangers on the other side of one account in few days."""

from __future__ import annotations

from typing import Literal

import ibis
from ibis.expr.types import Table

from casedesk.detection.distinct import restless, with_distinct
from casedesk.detection.flows import channels_parameter, memory_parameter, settling_parameter, with_strangers
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.shared import shared
from casedesk.detection.windows import DAY, around, episodes
from casedesk.domain.money import LARGEST_MINOR


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
    channels: frozenset[str] = channels_parameter()
    memory_days: int = memory_parameter()
    settling_days: int = settling_parameter()
    severity_at_threshold: int = parameter(
        30, ge=0, le=100, unit="severity", source=DESK, reason="Many new names are unusual, not yet wrong: Low."
    )


def fan(views: Views, direction: Literal["in", "out"], p: FanParameters) -> Table:
    """Return the episodes of many strangers on the other side of legs in one direction."""
    window = p.window_days * DAY

    def fitting(legs: Table) -> Table:
        chosen = legs.filter(
            (legs.direction == direction)
            & legs.channel.isin(sorted(p.channels))
            & (legs.counterparty != 0)
            & ~legs.internal
        )
        return chosen.filter(chosen.base_minor >= p.smallest_minor) if p.smallest_minor else chosen

    places = restless(fitting(views.legs), "counterparty", p.parties, window)
    seen = with_strangers(views, places, window, p.memory_days * DAY, p.settling_days * DAY)
    new = shared(fitting(seen.filter(seen.stranger)), "new")
    new = shared(around(new, restless(new, "counterparty", p.parties, window), window), "near")
    read = with_distinct(new, "counterparty", window, "observed").mutate(needed=ibis.literal(p.parties, "int64"))
    return episodes(read.mutate(fired=read.observed >= read.needed), window)


def explain_fan(episode: tuple[Evidence, ...], currency: str, p: FanParameters, verb: str, noun: str) -> Explanation:
    """Count and add up the episode, and name the most strangers that one window holds."""
    most = max(leg.observed for leg in episode)
    total = sum(leg.base_minor for leg in episode)
    span = when(instant(episode[0].at), instant(episode[-1].at))
    return Explanation(
        severity=severity(p.severity_at_threshold, excess(most, p.parties)),
        sentence=f"{counted(len(episode), 'payment')} {verb} {span}, total {money(total, currency)}, with up to "
        f"{counted(most, noun)} within {counted(p.window_days, 'day')} whom this account had not dealt with before.",
    )
