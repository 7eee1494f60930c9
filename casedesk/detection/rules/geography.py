"""Geography: one account deals with several countries within half an hour.

The country is that of the other side, so money from three countries counts as much as cards used in three countries.
A leg without a country is not counted.

What keeps the benign look-alikes out: retailers, payroll and treasury deal at home and with few countries at a time. An
exporter or a marketplace with buyers abroad is busy in many countries all day; raise ``countries`` for such a desk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import ibis
from ibis.expr.types import Table

from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, ORIGINAL, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Rule
from casedesk.detection.sentences import counted, instant, listed, minutes, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import MINUTE, around, by_time, episodes


class GeographyParameters(RuleParameters):
    """Thresholds of the geography rule."""

    window_minutes: int = parameter(
        30, ge=1, le=10_080, unit="minutes", source=ORIGINAL, reason="Nobody travels through three countries in it."
    )
    countries: int = parameter(
        3, ge=2, le=200, unit="distinct countries", source=ORIGINAL, reason="Two are a border or a purchase abroad."
    )
    severity_at_threshold: int = parameter(
        40, ge=0, le=100, unit="severity", source=DESK, reason="Trade abroad is common; the least hit is Low."
    )


@dataclass(frozen=True)
class Geography(Rule):
    """Finds accounts that deal with many countries at once."""

    name: ClassVar[str] = "geography"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Geography"
    parameters: GeographyParameters = field(default_factory=GeographyParameters)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of many countries."""
        p = self.parameters
        window = p.window_minutes * MINUTE
        placed = views.legs.filter(views.legs.country != "")
        placed = around(placed, _restless(placed, p.countries, window), window)
        read = _distinct_countries(placed, window).mutate(needed=ibis.literal(p.countries, "int64"))
        return episodes(read.mutate(fired=read.observed >= read.needed), window)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Name the countries of the whole episode and the most seen within one window."""
        p = self.parameters
        most = max(leg.observed for leg in episode)
        countries = sorted({leg.country for leg in episode})
        spread = "all" if most == len(countries) else f"up to {most:,}"
        return Explanation(
            severity=severity(p.severity_at_threshold, excess(most, p.countries)),
            sentence=f"{counted(len(episode), 'transaction')} with {len(countries):,} countries ({listed(countries)}) "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}, {spread} of the countries within "
            f"{minutes(p.window_minutes)}.",
        )


def _restless(legs: Table, countries: int, window: int) -> Table:
    """Return account and time of each leg that ends ``countries - 1`` changes of country within the window.

    A window with n countries holds at least n - 1 legs whose predecessor, also in the window, went elsewhere, in
    whatever order ties stand. Most accounts never do this, and two cheap passes rule them out.
    """
    before = by_time()
    moves = legs.select(
        "account", "at", left=legs["at"].lag(1).over(before), moved=legs.country != legs.country.lag(1).over(before)
    )
    moves = moves.filter(moves.moved)
    paced = moves.select("account", "at", span=moves["at"] - moves.left.lag(countries - 2).over(by_time()))
    return paced.filter(paced.span <= window)


def _distinct_countries(legs: Table, window: int) -> Table:
    """Add ``observed``: how many distinct countries the window that ends at each leg holds.

    No engine slides a distinct count over time alike, so presence is swept: a leg makes its country present from its
    booking until the window has passed it by, or until the next leg with the same country takes over. The sum of what
    has begun and ended so far is the number of countries present.
    """
    next_at = legs["at"].lead(1).over(by_time(["account", "country"]))
    passed_by = legs["at"] + (window + 1)
    begins = legs.mutate(step=ibis.literal(1, "int64"))
    ends = legs.mutate(step=ibis.literal(-1, "int64"), at=ibis.least(passed_by, next_at.coalesce(passed_by)))
    steps = ibis.union(begins, ends)
    swept = steps.mutate(observed=steps.step.sum().over(by_time(range=(None, 0))))
    return swept.filter(swept.step == 1).drop("step")
