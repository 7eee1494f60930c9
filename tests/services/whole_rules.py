"""Rules of each reach, small enough to see what they read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from ibis.expr.types import Table

from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule
from casedesk.detection.windows import MINUTE, by_time, episodes

HOUR = 60 * MINUTE


class HourParameters(RuleParameters):
    total_minor: int = parameter(
        20_000_00, ge=1, le=10**12, unit="minor units", source=DESK, reason="Enough to be met now and then."
    )


def _hourly(legs: Table, least: int) -> Table:
    total = legs.base_minor.sum().over(by_time(range=(-HOUR, 0)))
    read = legs.mutate(observed=total, needed=least)
    return episodes(read.mutate(fired=read.observed >= read.needed), HOUR)


@dataclass(frozen=True)
class CustomerHour(Rule):
    """Money that comes to all accounts of a customer from others within an hour."""

    name: ClassVar[str] = "customer-hour"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Customer's hour"
    reach = Reach.CUSTOMER
    parameters: HourParameters = field(default_factory=HourParameters)

    def evidence(self, views: Views) -> Table:
        legs = views.legs.filter(~views.legs.internal)
        legs = legs.filter(legs.direction == "in").mutate(account=legs.lead)
        return _hourly(legs, self.parameters.total_minor)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        return Explanation(60, f"{len(episode)} payments came within an hour.")


@dataclass(frozen=True)
class PeerHour(Rule):
    """The same for an account, but only where another account is busier: whom new transactions touch does not tell."""

    name: ClassVar[str] = "peer-hour"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Less than a peer's"
    reach = Reach.POPULATION
    parameters: HourParameters = field(default_factory=HourParameters)

    def evidence(self, views: Views) -> Table:
        legs = views.legs.filter(views.legs.direction == "in")
        counts = legs.group_by("account").aggregate(legs=legs.count())
        busiest = counts.aggregate(most=counts.legs.max())
        quiet = counts.cross_join(busiest).filter(lambda t: t.legs < t.most).select("account")
        return _hourly(legs.semi_join(quiet, "account"), self.parameters.total_minor)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        return Explanation(40, f"{len(episode)} payments came within an hour, and another account had more.")
