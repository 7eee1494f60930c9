"""Stack: a chain of transfers in which each party passes on, within days, about what it got.

A chain is two hops or more, each within ``gap_days`` of the one before, later than it or at the same instant, all within
``window_days``; every hop carries on between 80 and 115 % of the hop before, so a share may stay behind, and exchange
rates may move. A stack of layers (several sources pay several middles, who pay several destinations) is made of such
chains, whether the layers are crossed or run side by side.

Customers pass on, not accounts: a transfer between accounts of one customer is no hop. The subject is the first of the
desk's customers that passes the money on; the one who only sends it first is not the layer. Only chains that begin
where nothing was carried on before are told, so that a chain is not told again for each later customer on it. Chains of
one subject that overlap in time are one episode.

What keeps the benign look-alikes out: a business that is paid by one client and pays one supplier is alone between
outsiders, and a chain takes two of the desk's customers (one alone is for the pass-through rule). A treasury sweep is no
hop; payroll and the marketplace are paid and pay more often than ``most_sent`` and ``most_received`` allow, and nobody passes on the same
amount; retail amounts are below 3,000.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Self

import ibis
from ibis.expr.types import Table
from pydantic import model_validator

from casedesk.detection import paths
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


class StackParameters(RuleParameters):
    """Thresholds of the stack rule."""

    hops: int = parameter(
        2, ge=2, le=6, unit="hops", source=DESK, reason="The published stacks are layers of sources, middles and ends."
    )
    most_hops: int = parameter(
        6,
        ge=2,
        le=6,
        unit="hops",
        source=DESK,
        reason="Longer chains are told by their first hops; this bounds the work.",
    )
    gap_days: int = parameter(
        3, ge=1, le=30, unit="days", source=DESK, reason="A layer passes on within days, before anyone asks."
    )
    window_days: int = parameter(
        14, ge=1, le=90, unit="days", source=DESK, reason="From the first hop of a chain to its last."
    )
    lowest_percent: int = parameter(
        80, ge=1, le=100, unit="percent of the hop before", source=DESK, reason="A layer keeps a fifth at most."
    )
    highest_percent: int = parameter(
        115,
        ge=100,
        le=paths.HIGHEST,
        unit="percent of the hop before",
        source=DESK,
        reason="Exchange rates and rounding, not other money.",
    )
    smallest_minor: int = parameter(
        3_000_00,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source="31 CFR 1010.410(e) and (f): records of transfers are kept from $3,000",
        reason="Each hop is at least this much; smaller amounts agree by chance.",
    )
    customers: int = parameter(
        2, ge=1, le=7, unit="own customers on the chain", source=DESK, reason="One alone is a pass-through."
    )
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
    severity_at_threshold: int = parameter(
        30, ge=0, le=100, unit="severity", source=DESK, reason="Two hops of one amount may be trade; the least is Low."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for low, high in (("hops", "most_hops"), ("gap_days", "window_days")):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(
                    f"Parameter “{low}” ({getattr(self, low)}) cannot exceed “{high}” ({getattr(self, high)})"
                )
        return self


@dataclass(frozen=True)
class Stack(Rule):
    """Finds chains of accounts that pass on."""

    name: ClassVar[str] = "stack"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Layering chain"
    parameters: StackParameters = field(default_factory=StackParameters)

    @property
    def span(self) -> Span:
        """A chain lies in its window, what it carries on in a gap before, and its hops are told by two windows before."""
        window = self.parameters.window_days * DAY
        return Span(window=0, before=3 * window + self.parameters.gap_days * DAY)

    @property
    def joint(self) -> Joint:
        """What two hops that follow each other have in common."""
        p = self.parameters
        band = (p.lowest_percent, p.highest_percent)
        return Joint(p.gap_days * DAY, band, smallest=p.smallest_minor, hops=p.hops, customers=p.customers)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of money passed on."""
        p = self.parameters
        gap, window = p.gap_days * DAY, p.window_days * DAY
        found = paths.hops(views, Hopping(window, p.most_sent, p.most_received, p.smallest_minor))
        one = shared(views.ending(found, window + gap), "one")
        join = partial(paths.joined, gap=gap, window=window, band=(p.lowest_percent, p.highest_percent))
        two = shared(join(one, one), "two")
        pairs = shared(_beginning(two), "pairs")
        more = ibis.union(one, two)
        four = shared(join(pairs, more), "four")
        six = join(four.filter(four.rows.length() == 4), more)
        whole = paths.either([pairs, four, six][: (p.most_hops + 1) // 2])
        told = whole.filter(
            whole.rows.length().between(p.hops, p.most_hops) & (whole.owns + whole.end_own.cast("int64") >= p.customers)
        )
        return paths.told(views, views.ending(told), "passer", p.hops)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Say how long the longest chain is, what reached the subject and what it passed on."""
        p = self.parameters
        longest = max(hop.observed for hop in episode)
        got = sum(hop.base_minor for hop in episode if hop.direction == "in")
        passed = sum(hop.base_minor for hop in episode if hop.direction == "out")
        above = excess(longest, p.hops) // 2 + excess(len(episode), p.hops) // 4
        return Explanation(
            severity=severity(p.severity_at_threshold, above),
            sentence=f"{counted(len(episode), 'transfer')} {when(instant(episode[0].at), instant(episode[-1].at))} "
            f"carry money on over up to {longest:,} hops: {money(got, currency)} reached this customer and "
            f"{money(passed, currency)} went on.",
        )


def _beginning(two: Table) -> Table:
    """Keep the pairs whose first hop carries nothing on."""
    carried = two.select(carried=two.rows[1]).distinct()
    return two.anti_join(carried, two.rows[0] == carried.carried)
