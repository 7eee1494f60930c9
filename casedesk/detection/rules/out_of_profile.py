"""Out of profile: a customer's turnover of a week is far above the customer's own past and above that of the peers.

The subject is the customer, all accounts together, shown under the first of them. Movements between the customer's own
accounts are no turnover. Time is cut into periods as long as the window, counted from 1 January 1970. What a customer's
period says is its busiest window: the largest sum of any window that ends in it.

- The own past is the largest such sum of the last ``history_windows`` periods.
- The peers' past is a high quantile by exact rank: in each period, the smallest sum that ``peer_quantile`` percent of the
  group's customers with turnover do not exceed; then the largest of these over the same periods. Customers of an unknown
  group are compared with one another. The customer is one of its peers: that cannot hide a hit by both figures, because a
  hit exceeds the customer's own past anyway.

Both pasts end with the period before the one in which the judged window can begin, so a burst never belongs to the past
that it is judged by, and what happens later changes nothing.

What keeps the benign look-alikes out: a daily 9,000 or a marketplace's takings are their own past; a payroll goes out; a
sweep between own accounts is no turnover. A family's deposit for a house
may well be out of profile: then it is for the analyst to read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import ibis
from ibis.expr.types import Table

from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.shared import shared
from casedesk.detection.windows import DAY, around, by_time, episodes
from casedesk.domain.money import LARGEST_MINOR

#: Directions of the parameter and the words each gives the sentence.
WORDS = {"in": "came in", "out": "went out", "any": "came in or went out"}


class OutOfProfileParameters(RuleParameters):
    """Thresholds of the out-of-profile rule."""

    window_days: int = parameter(
        7, ge=1, le=90, unit="days", source=DESK, reason="A week holds every weekday once and outlasts a weekend."
    )
    history_windows: int = parameter(
        12,
        ge=1,
        le=520,
        unit="periods of one window",
        source=DESK,
        reason="A quarter of a year: two monthly runs or more.",
    )
    least_windows: int = parameter(
        4,
        ge=1,
        le=520,
        unit="periods with turnover",
        source=DESK,
        reason="Fewer in the history are no past to compare with; such a customer is never out of its own profile.",
    )
    own_percent: int = parameter(
        400, ge=100, le=100_000, unit="percent of the own past", source=DESK, reason="Bonuses and sales stay below it."
    )
    least_peers: int = parameter(
        5,
        ge=1,
        le=1_000_000,
        unit="customers",
        source=DESK,
        reason="A period in which fewer of the group had turnover says nothing about the group.",
    )
    peer_quantile: int = parameter(
        95, ge=1, le=100, unit="percent of the customers", source=DESK, reason="Nearly all of the group stay below it."
    )
    peer_percent: int = parameter(
        100, ge=1, le=100_000, unit="percent of the peers' past", source=DESK, reason="The quantile is the line itself."
    )
    least_minor: int = parameter(
        10_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="Smaller turnover is not worth a look, however quiet the past.",
    )
    exceed: Literal["both", "own", "peers"] = parameter(
        "both",
        unit="both, own or peers",
        source=DESK,
        reason="Above the own past alone, everyone who sells a car fires; above the peers alone, every large customer.",
    )
    direction: Literal["in", "out", "any"] = parameter(
        "in", unit="in, out or any", source=DESK, reason="What goes out has come in before; both would say it twice."
    )
    severity_at_threshold: int = parameter(
        35, ge=0, le=100, unit="severity", source=DESK, reason="People inherit and sell houses; the least hit is Low."
    )


@dataclass(frozen=True)
class OutOfProfile(Rule):
    """Finds customers whose turnover leaves their profile."""

    name: ClassVar[str] = "out_of_profile"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Activity out of profile"
    reach: ClassVar[Reach] = Reach.POPULATION
    parameters: OutOfProfileParameters = field(default_factory=OutOfProfileParameters)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of turnover out of profile."""
        p = self.parameters
        window = p.window_days * DAY
        legs = views.legs.filter(~views.legs.internal)
        if p.direction != "any":
            legs = legs.filter(legs.direction == p.direction)
        legs = legs.mutate(account=legs.lead, period=legs["at"] // window)
        within = by_time(range=(-window, 0))
        # few columns here, because these are all legs of all customers; the rest is for those with a hit
        sums = legs.select("account", "period", "at", observed=legs.base_minor.sum().over(within))
        busiest = shared(sums.group_by("account", "period").aggregate(busiest=sums.observed.max()), "busiest_windows")
        lines = shared(self._lines(busiest, views), "lines")
        hitters = legs.semi_join(lines, "account")
        read = hitters.mutate(observed=hitters.base_minor.sum().over(within))
        hits = read.join(lines, ["account", "period"])
        hits = hits.filter(hits.observed >= hits.needed).select("account", "at")
        near = around(read, hits, window).left_join(lines, ["account", "period"])
        near = near.mutate(fired=(near.observed >= near.needed).coalesce(False))
        unreached = near.observed + 1  # a period without a hit has no line here: nothing in it was enough
        near = near.mutate(
            needed=near.needed.coalesce(unreached), past=near.past.coalesce(0), peers=near.peers.coalesce(0)
        )
        return episodes(near.drop("period", "account_right", "period_right"), window)

    def _lines(self, busiest: Table, views: Views) -> Table:
        """Return for each customer and period with a hit what there was to exceed: ``needed``, ``past`` and ``peers``."""
        p = self.parameters
        groups = views.accounts.filter(views.accounts.own & (views.accounts.account == views.accounts.lead))
        grouped = busiest.join(groups.select("account", "peer_group"), "account")
        past = self._past("account")
        own = grouped.mutate(past=grouped.busiest.max().over(past), known=ibis._.count().over(past))
        lines = own.filter(own.busiest >= p.least_minor).join(self._peers(grouped), ["peer_group", "period"])
        lines = lines.mutate(past=ibis.ifelse(lines.known >= p.least_windows, lines.past, ibis.null("int64")))
        if p.exceed != "peers":
            lines = lines.filter(lines.past.notnull())
        if p.exceed != "own":
            lines = lines.filter(lines.peers.notnull())
        lines = lines.mutate(past=lines.past.coalesce(0), peers=lines.peers.coalesce(0))
        limits = {"own": [lines.past * p.own_percent], "peers": [lines.peers * p.peer_percent]}
        highest = ibis.greatest(*limits.get(p.exceed, [*limits["own"], *limits["peers"]]), ibis.literal(0, "int64"))
        lines = lines.mutate(needed=ibis.greatest(ibis.literal(p.least_minor, "int64"), highest // 100 + 1))
        lines = lines.filter(lines.busiest >= lines.needed)
        return lines.select("account", "period", "needed", "past", "peers")

    def _peers(self, grouped: Table) -> Table:
        """Return ``peers`` for each group and period: null where no past period had enough customers."""
        p = self.parameters
        together = ibis.window(group_by=["peer_group", "period"])
        ranked = grouped.mutate(
            rank=ibis.row_number().over(ibis.window(group_by=["peer_group", "period"], order_by="busiest")) + 1,
            customers=ibis._.count().over(together),
        )
        chosen = ranked.filter(ranked.rank == (ranked.customers * p.peer_quantile + 99) // 100)
        enough = ibis.ifelse(chosen.customers >= p.least_peers, chosen.busiest, ibis.null("int64"))
        return chosen.select("peer_group", "period", peers=enough.max().over(self._past("peer_group")))

    def _past(self, group: str) -> object:
        """Return the window over the periods that end before a window of the current period can begin."""
        return ibis.window(group_by=group, order_by="period", range=(-(self.parameters.history_windows + 1), -2))

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Name the window furthest above its line, and both figures that it exceeds."""
        p = self.parameters
        worst = max(
            (leg for leg in episode if leg.fired),
            key=lambda leg: (excess(leg.observed, leg.needed), leg.observed, -leg.at),
        )
        inside = [leg for leg in episode if worst.at - p.window_days * DAY <= leg.at <= worst.at]
        length, history = counted(p.window_days, "day"), f"{p.history_windows:,} periods of that length"
        figures = {
            "own": f"at most {money(int(worst.past), currency)} in the customer's last {history}",
            "peers": f"at most {money(int(worst.peers), currency)} at {p.peer_quantile} % of the peer group",
        }
        compared = figures.get(p.exceed) or " and ".join(figures.values())
        return Explanation(
            severity=severity(p.severity_at_threshold, excess(int(worst.observed), int(worst.needed))),
            sentence=f"{money(int(worst.observed), currency)} {WORDS[p.direction]} within {length} in "
            f"{counted(len(inside), 'transaction')} {when(instant(inside[0].at), instant(inside[-1].at))}, "
            f"against {compared}.",
        )
