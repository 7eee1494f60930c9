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
that it is judged by, and what happens later changes nothing. So the peers' figures of past periods can be kept (``peers``).
A run that has them first tells who moves enough near something new to exceed them, and reads the whole past of those only.

What keeps the benign look-alikes out: a daily 9,000 or a marketplace's takings are their own past; a payroll goes out; a
sweep between own accounts is no turnover. A family's deposit for a house
may well be out of profile: then it is for the analyst to read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import ibis
from ibis.expr.types import Table

from casedesk.detection.least import Least, Needed, Past, alone
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.peers import LAG, AmongPeers
from casedesk.detection.rule import Evidence, Explanation, Span
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
class OutOfProfile(AmongPeers):
    """Finds customers whose turnover leaves their profile."""

    name: ClassVar[str] = "out_of_profile"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Activity out of profile"
    parameters: OutOfProfileParameters = field(default_factory=OutOfProfileParameters)

    @property
    def period(self) -> int:
        """How long a period is: as long as the window."""
        return self.parameters.window_days * DAY

    @property
    def span(self) -> Span:
        """Evidence begins a window before its hit; whether its period has a hit is read from two before on."""
        return Span(window=self.period, before=2 * self.period, backward=True)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        direction = None if p.direction == "any" else {p.direction}
        past = None if p.exceed == "peers" else Past(p.own_percent, p.history_windows + 1, LAG, p.least_windows)
        return alone(Least(1, p.least_minor, direction=direction, of_lead=True, outside=True, past=past))

    def evidence(self, views: Views) -> Table:
        """Return the episodes of turnover out of profile."""
        window = self.period
        legs = self._turnover(views.legs)
        if views.figures is None:
            grouped = self._grouped(legs, views)
            lines = self._lines(grouped, self._figures(grouped))
        else:
            many = self._above_peers(legs, views, views.figures)
            lines = self._lines(self._grouped(self._turnover(views.whole(many, "lead")), views), views.figures)
        lines = shared(lines, "lines")
        hitters = legs.semi_join(lines, "account")
        read = hitters.mutate(observed=hitters.base_minor.sum().over(self._within))
        hits = read.join(lines, ["account", "period"])
        hits = hits.filter(hits.observed >= hits.needed).select("account", "at")
        near = around(read, hits, window).left_join(lines, ["account", "period"])
        near = near.mutate(fired=(near.observed >= near.needed).coalesce(False))
        unreached = near.observed + 1  # a period without a hit has no line here: nothing in it was enough
        near = near.mutate(
            needed=near.needed.coalesce(unreached), past=near.past.coalesce(0), peers=near.peers.coalesce(0)
        )
        return episodes(near.drop("period", "account_right", "period_right"), window)

    def figures(self, views: Views) -> Table:
        """Return in each group and period the sum that ``peer_quantile`` percent of its customers do not exceed."""
        return self._figures(self._grouped(self._turnover(views.legs), views))

    def peers(self, figures: Table, asked: Table) -> Table:
        """Return the largest figure of the past: null where no period of it had enough customers."""
        enough = ibis.ifelse(figures.customers >= self.parameters.least_peers, figures.figure, ibis.null("int64"))
        known = figures.mutate(figure=enough, asked=ibis.literal(False))
        wanted = asked.mutate(figure=ibis.null("int64"), asked=ibis.literal(True))
        alike = {"peer_group": "string", "period": "int64"}  # engines that tell columns without nulls apart do not
        both = ibis.union(*(one.select(*alike, "figure", "asked").cast(alike) for one in (known, wanted)))
        told = both.mutate(peers=both.figure.max().over(self._past("peer_group")))
        return told.filter(told.asked).select("peer_group", "period", "peers")

    def _turnover(self, legs: Table) -> Table:
        """Return the legs that are turnover, the customer as ``account``, with their ``period``."""
        legs = legs.filter(~legs.internal)
        if self.parameters.direction != "any":
            legs = legs.filter(legs.direction == self.parameters.direction)
        return legs.mutate(account=legs.lead, period=legs["at"] // self.period)

    @property
    def _within(self) -> Any:
        return by_time(range=(-self.period, 0))

    def _sums(self, legs: Table) -> Table:
        # few columns here, because these may be all legs of all customers; the rest is for those with a hit
        return legs.select("account", "period", "at", observed=legs.base_minor.sum().over(self._within))

    def _grouped(self, legs: Table, views: Views) -> Table:
        """Return each customer's busiest window of each period, and the customer's group."""
        sums = self._sums(legs)
        busiest = sums.group_by("account", "period").aggregate(busiest=sums.observed.max())
        return shared(busiest.join(_groups(views), "account"), "busiest_windows")

    def _above_peers(self, legs: Table, views: Views, figures: Table) -> Table:
        """Return the customers with a window where the rule judges anew that is enough for all but their own past."""
        p = self.parameters
        sums = self._sums(legs)
        many = views.since(sums.filter(sums.observed >= p.least_minor), self.read_before)
        most = many.group_by("account", "period").aggregate(observed=many.observed.max())
        if p.exceed != "own":
            most = most.join(_groups(views), "account")
            asked = most.select("peer_group", "period").distinct()
            most = most.join(self.peers(figures, asked), ["peer_group", "period"])
            most = most.filter(most.observed > most.peers * p.peer_percent // 100)
        return shared(most.select("account").distinct(), "above_peers")

    def _lines(self, grouped: Table, figures: Table) -> Table:
        """Return for each customer and period with a hit what there was to exceed: ``needed``, ``past`` and ``peers``."""
        p = self.parameters
        past = self._past("account")
        own = grouped.mutate(past=grouped.busiest.max().over(past), known=ibis._.count().over(past))
        asked = grouped.select("peer_group", "period").distinct()
        lines = own.filter(own.busiest >= p.least_minor).join(self.peers(figures, asked), ["peer_group", "period"])
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

    def _figures(self, grouped: Table) -> Table:
        together = ibis.window(group_by=["peer_group", "period"])
        ranked = grouped.mutate(
            rank=ibis.row_number().over(ibis.window(group_by=["peer_group", "period"], order_by="busiest")) + 1,
            customers=ibis._.count().over(together),
        )
        chosen = ranked.filter(ranked.rank == (ranked.customers * self.parameters.peer_quantile + 99) // 100)
        return shared(chosen.select("peer_group", "period", "customers", figure=chosen.busiest), "figures")

    def _past(self, group: str) -> object:
        """Return the window over the periods that end before a window of the current period can begin."""
        return ibis.window(group_by=group, order_by="period", range=(-(self.parameters.history_windows + 1), -LAG))

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


def _groups(views: Views) -> Table:
    """Return whom each customer, by its first account, is compared with."""
    accounts = views.accounts
    return accounts.filter(accounts.own & (accounts.account == accounts.lead)).select("account", "peer_group")
