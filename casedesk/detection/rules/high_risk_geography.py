"""High-risk geography: money to or from countries on a FATF list on the day it was booked.

The list is dated and part of the parameters: name, countries and the days between which each was listed. So two lists have
two hashes, an old run can be replayed on the list it used, and an operator sets another one with :meth:`with_list`. A
country counts from the day (UTC) its listing was published to the day before it was taken off. The country is that of the
other side of the transaction; one without a country is not counted.

Why two amounts: for a call for action FATF asks for enhanced due diligence or counter-measures, so little money is enough.
For increased monitoring it asks for neither and warns against cutting whole countries off; only a larger sum counts.

What keeps the benign look-alikes out: retailers, payroll, marketplaces and treasuries do not deal with listed countries.
Families that send small sums home to a country under increased monitoring stay below its amount.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, reduce
from operator import or_
from typing import Any, ClassVar, Self

import ibis
from ibis.expr.types import Table
from pydantic import field_validator

from casedesk.detection.least import Least, Needed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import EPOCH, counted, instant, listed, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import DAY, by_time, episodes
from casedesk.domain.countries import COUNTRIES
from casedesk.domain.jurisdictions import BadJurisdictions, Jurisdictions, Tier, Window, fatf
from casedesk.domain.money import LARGEST_MINOR

_FATF = "FATF public statements, one row each in casedesk/domain/fatf.csv"


class HighRiskGeographyParameters(RuleParameters):
    """Thresholds of the high-risk geography rule, and its list."""

    window_days: int = parameter(
        14,
        ge=1,
        le=365,
        unit="days",
        source=DESK,
        reason="A sum is sent in pieces over a fortnight, not over a season.",
    )
    call_minor: int = parameter(
        1_000_00,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source="FATF Recommendation 16: from USD/EUR 1,000 on, payer and payee of a wire must be verified",
        reason="With a country under a call for action, as little as this within the window is a hit.",
    )
    monitored_minor: int = parameter(
        10_000_00,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="With listed countries of either tier, this much within the window is a hit.",
    )
    smallest_minor: int = parameter(
        100_00,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="Smaller amounts are not counted: meals and tickets of a journey; 0 counts all.",
    )
    list_name: str = parameter(
        fatf().name, min_length=1, max_length=100, unit="name", source=_FATF, reason="What alerts call the list."
    )
    call_for_action: frozenset[str] = parameter(
        frozenset(map(str, fatf().windows[Tier.CALL_FOR_ACTION])),
        unit="countries, each from a day to (not including) a day",
        source=_FATF,
        reason="FATF calls on its members to apply enhanced due diligence or counter-measures.",
    )
    increased_monitoring: frozenset[str] = parameter(
        frozenset(map(str, fatf().windows[Tier.INCREASED_MONITORING])),
        unit="countries, each from a day to (not including) a day",
        source=_FATF,
        reason="FATF asks its members to take the deficiencies into account.",
    )
    severity_of_call: int = parameter(
        65, ge=0, le=100, unit="severity", source=DESK, reason="A call for action leaves little room for doubt."
    )
    severity_of_monitored: int = parameter(
        40, ge=0, le=100, unit="severity", source=DESK, reason="Most trade with these countries is honest."
    )

    @field_validator("call_for_action", "increased_monitoring")
    @classmethod
    def _windows(cls, texts: frozenset[str]) -> frozenset[str]:
        try:
            _read(texts)
        except BadJurisdictions as error:
            raise ValueError(str(error)) from None
        return texts


@dataclass(frozen=True)
class HighRiskGeography(Rule):
    """Finds accounts that deal with listed countries."""

    name: ClassVar[str] = "high_risk_geography"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "High-risk geography"
    reach: ClassVar[Reach] = Reach.ACCOUNT
    parameters: HighRiskGeographyParameters = field(default_factory=HighRiskGeographyParameters)

    def with_list(self, jurisdictions: Jurisdictions) -> Self:
        """Return the rule with another list.

        :raises BadParameter: if the list's name is empty or too long.
        """
        windows = {tier.value: frozenset(map(str, found)) for tier, found in jurisdictions.windows.items()}
        return self.with_values({"list_name": jurisdictions.name, **windows})

    @property
    def span(self) -> Span:
        """A hit reads its window."""
        window = self.parameters.window_days * DAY
        return Span(window=window, before=window)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        grave, watched = ({one.country for one in _read(text)} for text in (p.call_for_action, p.increased_monitoring))
        by_call = Least(1, p.call_minor, p.smallest_minor, country=grave)
        return ((by_call,), (Least(1, p.monitored_minor, p.smallest_minor, country=grave | watched),))

    def evidence(self, views: Views) -> Table:
        """Return the episodes of dealings with listed countries."""
        p = self.parameters
        window = p.window_days * DAY
        grave, watched = _read(p.call_for_action), _read(p.increased_monitoring)
        named = sorted({one.country for one in (*grave, *watched)})
        legs = views.legs.filter(views.legs.country.isin(named) & (views.legs.base_minor >= p.smallest_minor))
        legs = legs.mutate(grave=_standing(legs, grave), watched=_standing(legs, watched))
        legs = legs.filter(legs.grave | legs.watched)
        sliding = by_time(range=(-window, 0))
        nothing = ibis.literal(0, "int64")
        read = legs.mutate(
            called=ibis.ifelse(legs.grave, legs.base_minor, nothing).sum().over(sliding),
            calls=legs.grave.cast("int64").sum().over(sliding),
            total=legs.base_minor.sum().over(sliding),
        )
        by_call = (read.calls > 0) & (read.called >= p.call_minor)
        read = read.mutate(
            observed=ibis.ifelse(by_call, read.called, read.total),
            needed=ibis.ifelse(by_call, ibis.literal(p.call_minor, "int64"), ibis.literal(p.monitored_minor, "int64")),
            fired=by_call | (read.total >= p.monitored_minor),
        )
        return episodes(read.drop("grave", "watched", "called", "calls", "total"), window)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Name the countries by tier and the totals of the whole episode; severity takes the graver of both tiers."""
        p = self.parameters
        graver = [leg for leg in episode if _stands(leg, p.call_for_action)]
        rest = [leg for leg in episode if not _stands(leg, p.call_for_action)]
        called, total = (sum(leg.base_minor for leg in legs) for legs in (graver, episode))
        by_call = bool(graver) and called >= p.call_minor
        tiers = [
            f"{words} ({listed(sorted({COUNTRIES.get(leg.country, leg.country) for leg in legs}))})"
            for words, legs in (("a FATF call for action", graver), ("increased monitoring by FATF", rest))
            if legs
        ]
        of_it = f", {money(called, currency)} of it under the call for action" if graver and rest else ""
        return Explanation(
            severity=max(
                severity(p.severity_of_call, excess(called, max(p.call_minor, 1))) if by_call else 0,
                severity(p.severity_of_monitored, excess(total, max(p.monitored_minor, 1))),
            ),
            sentence=f"{counted(len(episode), 'transaction')} with countries under {' or '.join(tiers)} "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}, total {money(total, currency)}{of_it}; "
            f"list: {p.list_name}.",
        )


@cache
def _read(texts: frozenset[str]) -> tuple[Window, ...]:
    return tuple(Window.read(text) for text in sorted(texts))


def _stands(leg: Evidence, texts: frozenset[str]) -> bool:
    return any(window.holds(leg.country, instant(leg.at).date()) for window in _read(texts))


def _standing(legs: Table, windows: Iterable[Window]) -> Any:
    """Say in literals whether a leg's country is listed at its time: no engine has to be handed a table for that."""
    conditions = [
        (legs.country == one.country)
        & (legs["at"] >= _midnight(one.since))
        & ((legs["at"] < _midnight(one.until)) if one.until else ibis.literal(True))
        for one in windows
    ]
    return reduce(or_, conditions, ibis.literal(False))


def _midnight(day: date) -> int:
    return (datetime(day.year, day.month, day.day, tzinfo=EPOCH.tzinfo) - EPOCH) // timedelta(microseconds=1)
