"""Geography: one account deals with several countries within half an hour.

The country is that of the other side, so money from three countries counts as much as cards used in three countries.
A leg without a country is not counted.

What keeps the benign look-alikes out: retailers, payroll and treasury deal at home and with few countries at a time. An
exporter or a marketplace with buyers abroad is busy in many countries all day; raise ``countries`` for such a desk.

``windows`` "tumbling" reads half hours of the clock, as the original definition did, and loses countries on both sides of
an edge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import ibis
from ibis.expr.types import Table

from casedesk.detection.distinct import restless, with_distinct
from casedesk.detection.least import Least, Needed, alone
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, ORIGINAL, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, instant, listed, minutes, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import MINUTE, Windows, around, framed, judged


class GeographyParameters(RuleParameters):
    """Thresholds of the geography rule."""

    window_minutes: int = parameter(
        30, ge=1, le=10_080, unit="minutes", source=ORIGINAL, reason="Nobody travels through three countries in it."
    )
    windows: Windows = parameter(
        "sliding",
        unit="sliding or tumbling",
        source=DESK,
        reason="Tumbling windows, of the original definition, lose a burst that straddles an edge of the clock.",
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
    reach = Reach.ACCOUNT
    parameters: GeographyParameters = field(default_factory=GeographyParameters)

    @property
    def span(self) -> Span:
        """A hit reads its window, or its piece of the clock, which is as long."""
        window = self.parameters.window_minutes * MINUTE
        return Span(window=window, before=window)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        return alone(Least(self.parameters.countries, places=self.parameters.countries))

    def evidence(self, views: Views) -> Table:
        """Return the episodes of many countries."""
        p = self.parameters
        window = p.window_minutes * MINUTE
        placed = views.legs.filter(views.legs.country != "")
        placed = around(placed, restless(placed, "country", p.countries, window), window)
        if p.windows == "sliding":
            read = with_distinct(placed, "country", window, "observed")
        else:
            placed, _ = framed(placed, p.windows, window)
            spread = placed.group_by("account", "piece").aggregate(observed=placed.country.nunique())
            read = placed.join(spread, ["account", "piece"])
        read = read.mutate(needed=ibis.literal(p.countries, "int64"))
        return judged(read.mutate(fired=read.observed >= read.needed), p.windows, window)

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
