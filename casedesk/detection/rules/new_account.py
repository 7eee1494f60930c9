"""New account with a burst: many larger sums arrive within days of its opening.

Only accounts whose opening day is known can fire. Why "in" is the default direction: a new business pays staff and
suppliers from its first day on, but few new accounts are paid by many at once unless they were opened for it. Movements
between accounts of one customer are not counted: whoever opens a second account fills it from the first.

What keeps the benign look-alikes out: a new salaried customer receives one salary and some transfers; card payments and
meals are below the smallest amount; a payroll leaves; a retailer banks once a day, so a new one comes near the count and
its smaller takings do not. Marketplaces are paid in small amounts. Raise ``smallest_minor`` for a desk that opens many
business accounts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import ibis
from ibis.expr.types import Table

from casedesk.detection.least import Least, Needed, alone
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, day, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import DAY, by_time, crowds, episodes
from casedesk.domain.money import LARGEST_MINOR

#: Directions of the parameter and the noun each gives the sentence.
NOUNS = {"in": "payment in", "out": "payment out", "any": "transaction"}


class NewAccountParameters(RuleParameters):
    """Thresholds of the new account rule."""

    age_days: int = parameter(
        60, ge=1, le=3_650, unit="days", source=DESK, reason="An account is new for two statements."
    )
    window_days: int = parameter(
        7, ge=1, le=90, unit="days", source=DESK, reason="A burst is over within a week; habits are not."
    )
    count: int = parameter(
        7, ge=2, le=10_000, unit="transactions", source=DESK, reason="More than one a day on an account without a past."
    )
    total_minor: int = parameter(
        7_500_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="More than a new customer's first salary and savings in one week.",
    )
    smallest_minor: int = parameter(
        300_00,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="Smaller amounts are not counted: purchases, refunds, pocket money; 0 counts all.",
    )
    direction: Literal["in", "out", "any"] = parameter(
        "in", unit="in, out or any", source=DESK, reason="New businesses pay many at once; few are paid by many."
    )
    severity_at_threshold: int = parameter(
        45, ge=0, le=100, unit="severity", source=DESK, reason="There is no past yet that could explain it."
    )


@dataclass(frozen=True)
class NewAccount(Rule):
    """Finds accounts used heavily as soon as they are open."""

    name: ClassVar[str] = "new_account"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "New account with a burst"
    reach: ClassVar[Reach] = Reach.ACCOUNT
    parameters: NewAccountParameters = field(default_factory=NewAccountParameters)

    @property
    def span(self) -> Span:
        """A hit reads its window."""
        window = self.parameters.window_days * DAY
        return Span(window=window, before=window)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        direction = None if p.direction == "any" else {p.direction}
        return alone(Least(p.count, p.total_minor, p.smallest_minor, direction, young=p.age_days * DAY))

    def evidence(self, views: Views) -> Table:
        """Return the bursts of new accounts."""
        p = self.parameters
        window = p.window_days * DAY
        opened = views.accounts.filter(views.accounts.opened_at.notnull()).select("account", past="opened_at")
        legs = views.legs.filter((views.legs.base_minor >= p.smallest_minor) & ~views.legs.internal)
        if p.direction != "any":
            legs = legs.filter(legs.direction == p.direction)
        young = legs.join(opened, "account")
        young = young.filter((young["at"] >= young.past) & (young["at"] - young.past < p.age_days * DAY))
        young = young.semi_join(crowds(young, p.count, window), "account")
        sliding = by_time(range=(-window, 0))
        read = young.mutate(
            observed=ibis._.count().over(sliding),
            total=young.base_minor.sum().over(sliding),
            needed=ibis.literal(p.count, "int64"),
        )
        read = read.mutate(fired=(read.observed >= p.count) & (read.total >= p.total_minor)).drop("total")
        return episodes(read, window)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Count and add up the whole episode, and say when the account was opened."""
        p = self.parameters
        total = sum(leg.base_minor for leg in episode)
        above = (excess(len(episode), p.count) + excess(total, p.total_minor)) // 2
        opened = instant(int(episode[0].past))
        one, _, way = NOUNS[p.direction].partition(" ")
        what = f"{counted(len(episode), one)} {way}".strip()
        return Explanation(
            severity=severity(p.severity_at_threshold, above),
            sentence=f"{what} {when(instant(episode[0].at), instant(episode[-1].at))}, total {money(total, currency)}, "
            f"on an account opened on {day(opened)}.",
        )
