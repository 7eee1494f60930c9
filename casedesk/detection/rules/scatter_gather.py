"""Scatter-gather: one account pays several others, and these pay one common account within days.

The two ends hide behind the ones between: no payment goes from source to destination, and no single way carries much.
A way is a payment from the source to an account between and a later one from there to the destination. A hit needs
enough different accounts between whose ways, from the first payment to the last, fit into the window. Of several
payments that could begin a way the latest counts, so a way is as short as it can be.

The subject is the source where it is an account of the desk, otherwise the destination; when neither is, the accounts
between are seen by pass-through and the chains. One subject's hits that overlap in time are one episode, also when
they end at different destinations.

Amounts must fit too: what an account between pays on is worth at least ``least_percent`` and at most ``most_percent``
of what it was paid, so that rent, shopping and taxes of people who are paid by the same employer do not add up.

What keeps the benign look-alikes out: staff of one employer who all pay the same landlord or shop pay on a small part
of a salary; a destination or an account between with more than ``busiest`` payments in the window is a
utility, a shop or a bank, not a hidden collector; a sweep needs no third customer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

import ibis
from ibis.expr.types import BooleanValue, Table
from pydantic import model_validator

from casedesk.detection.flows import channels_parameter
from casedesk.detection.joints import Joint
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Rule, Span
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.shared import shared
from casedesk.detection.windows import DAY, around, by_time, crowds
from casedesk.domain.money import LARGEST_MINOR
from casedesk.domain.transactions import Channel


class ScatterGatherParameters(RuleParameters):
    """Thresholds of the scatter-gather rule."""

    window_days: int = parameter(
        7, ge=1, le=90, unit="days", source=DESK, reason="Mules pay on within days; a scheme takes a business week."
    )
    between: int = parameter(
        3, ge=2, le=1_000, unit="distinct accounts between", source=DESK, reason="Two common parties are coincidence."
    )
    least_percent: int = parameter(
        50, ge=1, le=100, unit="percent of what an account between was paid", source=DESK, reason="Less is spending."
    )
    most_percent: int = parameter(
        120,
        ge=1,
        le=10_000,
        unit="percent of what an account between was paid",
        source=DESK,
        reason="More is not that money.",
    )
    smallest_minor: int = parameter(
        0,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="Smaller payments are not counted; 0 counts all.",
    )
    busiest: int = parameter(
        100,
        ge=2,
        le=10_000,
        unit="payments in or out of an account within the window",
        source=DESK,
        reason="Whoever moves more is a business; this also bounds how many ways are compared.",
    )
    channels: frozenset[Channel] = channels_parameter()
    severity_at_threshold: int = parameter(
        45, ge=0, le=100, unit="severity", source=DESK, reason="A shape that trade seldom takes by chance."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.least_percent > self.most_percent:
            raise ValueError(
                f"Parameter “least_percent” ({self.least_percent}) cannot exceed “most_percent” ({self.most_percent})"
            )
        return self


@dataclass(frozen=True)
class ScatterGather(Rule):
    """Finds money that goes from one account through several others to one."""

    name: ClassVar[str] = "scatter_gather"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Scatter-gather"
    parameters: ScatterGatherParameters = field(default_factory=ScatterGatherParameters)

    @property
    def span(self) -> Span:
        """The ways of a hit lie in its window; who is calm at their payments is told by one window more."""
        return Span(window=0, before=2 * self.parameters.window_days * DAY)

    @property
    def joint(self) -> Joint:
        """What the two payments of a way have in common."""
        p = self.parameters
        band = (p.least_percent, p.most_percent)
        return Joint(p.window_days * DAY, band, smallest=p.smallest_minor, channels=p.channels, meet=p.between)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of money that parted and met again."""
        p = self.parameters
        window = p.window_days * DAY
        found = shared(_hits(shared(_ways(views, p, window), "ways"), p.between, window, views), "hits")
        return _islands(_rows(found)).mutate(needed=ibis.literal(p.between, "int64"))

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Name the most accounts between and what parted and met; severity rises with their number."""
        p = self.parameters
        most = max(leg.observed for leg in episode)
        # The payments that end a way carry the count of ways; the others begin one.
        met = [leg.base_minor for leg in episode if leg.observed]
        parted = [leg.base_minor for leg in episode if not leg.observed]
        return Explanation(
            severity=severity(p.severity_at_threshold, excess(most, p.between)),
            sentence=f"{money(sum(parted), currency)} went out in {counted(len(parted), 'payment')} and "
            f"{money(sum(met), currency)} came together again in {counted(len(met), 'payment')} "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}, through up to "
            f"{counted(most, 'account')} between within {counted(p.window_days, 'day')}.",
        )


def _ways(views: Views, p: ScatterGatherParameters, window: int) -> Table:
    """Return the ways: src, between, dst, when each began and ended (``at``), and the two payments."""
    paid = views.transfers
    paid = paid.filter(
        paid.channel.isin(sorted(p.channels))
        & (paid.from_key != 0)
        & (paid.to_key != 0)
        & (paid.from_key != paid.to_key)
        & (paid.base_minor >= p.smallest_minor)
    )
    paid = shared(paid, "paid")
    # whatever is left out here stands in no hit that counts: a hit ends with the last of enough payments to one account
    last = shared(_crowded(paid, "to_key", p.between, window, views), "crowded_last")
    begun = paid if views.ended_from is None else paid.semi_join(last.select(to_key=last.from_key), "to_key")
    first = shared(_crowded(_since(begun, views, window), "from_key", p.between, window), "crowded_first")
    first = shared(first.semi_join(last.select(to_key=last.from_key), "to_key"), "first_half")
    last = shared(last.semi_join(first.select(from_key=first.to_key), "from_key"), "last_half")
    first = _calm(first, paid, "to_key", p.busiest, window)
    last = shared(_calm(last, paid, "from_key", p.busiest, window), "calm_last")
    last = _calm(last, paid, "to_key", p.busiest, window)
    first, last = _apart(first, views.accounts), _apart(last, views.accounts)
    begins = first.select(
        src=first.from_key,
        between=first.to_key,
        src_own=first.from_own,
        began=first["at"],
        first_row=first.row,
        first_minor=first.base_minor,
        first_channel=first.channel,
        first_country=first.to_country,
        piece=first["at"] // window,
    )
    begins = ibis.union(begins, begins.mutate(piece=begins.piece + 1))
    ends = last.mutate(between=last.from_key, dst=last.to_key, piece=last["at"] // window)
    ways = begins.join(ends, ["between", "piece"])
    ways = ways.filter(
        (ways.began <= ways["at"])
        & (ways["at"] - ways.began <= window)
        & (ways.src != ways.dst)
        & (ways.src_own | ways.to_own)
        & (ways.base_minor * 100 >= ways.first_minor * p.least_percent)
        & (ways.base_minor * 100 <= ways.first_minor * p.most_percent)
    )
    latest = ways.began.max().over(ibis.window(group_by=["src", "row"]))
    return ways.mutate(latest=latest).filter(ibis._.latest == ibis._.began).drop("latest")


def _crowded(paid: Table, side: str, least: int, window: int, views: Views | None = None) -> Table:
    """Keep the payments near a time at which one account has ``least`` payments on that side within the window.

    With ``views`` only such times count at which a hit is asked for.
    """
    legs = paid.mutate(account=paid[side])
    if views is not None and views.ended_from is not None:
        legs = legs.semi_join(_since(legs, views).select("account"), "account")  # no other account has such a time
    places = crowds(legs, least, window)
    return around(legs, places if views is None else _since(places, views), window).drop("account")


def _since(table: Table, views: Views, before: int = 0) -> Table:
    """Keep what is booked where the rule judges anew, or at most ``before`` earlier, where a run asks for no more."""
    if views.ended_from is None:
        return table
    return table.filter(table["at"] >= views.ended_from.moment.as_scalar() - before)


def _calm(some: Table, paid: Table, side: str, busiest: int, window: int) -> Table:
    """Keep the payments at whose time the account on that side has at most ``busiest`` payments in the window."""
    all_of_them = paid.semi_join(some, side)
    number = all_of_them["at"].count().over(by_time(side, range=(-window, 0)))
    return some.semi_join(all_of_them.mutate(number=number).filter(ibis._.number <= busiest), "row")


def _apart(paid: Table, accounts: Table) -> Table:
    """Leave out payments between accounts of one customer."""
    leads = accounts.select("account", "lead")
    payer = leads.select(from_key=leads.account, from_lead=leads.lead)
    payee = leads.select(to_key=leads.account, to_lead=leads.lead)
    both = paid.join(payer, "from_key").join(payee, "to_key")
    return both.filter(both.from_lead != both.to_lead).select(*paid.columns)


def _hits(ways: Table, least: int, window: int, views: Views) -> Table:
    """Keep the ways that belong to a hit, with the accounts between that the window holds at their end (``observed``).

    A way is present from its end until the window, measured from its beginning, has passed it by. As in
    ``distinct.with_distinct`` presence is swept; an account between is there once, however many ways lead through it.
    """
    ends = ["src", "dst"]
    many = ways.group_by(ends).aggregate(accounts=ways.between.nunique())
    ways = ways.semi_join(many.filter(many.accounts >= least), ends)
    through = [*ends, "between"]
    reached = ways.began.max().over(by_time(through, range=(None, 0)))
    next_at = ways["at"].lead(1).over(by_time(through))
    begins = ways.mutate(step=ibis.literal(1, "int64"))
    passed_by = reached + (window + 1)
    stops = ways.mutate(step=ibis.literal(-1, "int64"), at=ibis.least(passed_by, next_at.coalesce(passed_by)))
    steps = ibis.union(begins, stops)
    swept = steps.mutate(observed=steps.step.sum().over(by_time(ends, range=(None, 0))).cast("int64"))
    swept = swept.filter(swept.step == 1)
    swept = swept.mutate(fired=_fires(swept, least, views))
    hit_at = ibis.ifelse(swept.fired, swept["at"], ibis.null("int64"))
    timed = swept.mutate(hit_at=hit_at.min().over(by_time(ends, range=(0, None))))
    return _reaching_back(shared(timed.filter(timed.hit_at - timed.began <= window), "timed"), ends, window)


def _fires(swept: Table, least: int, views: Views) -> BooleanValue:
    """Say whether a hit ends with a way; a run upon the last one asks only for those that end where it judges anew."""
    enough: BooleanValue = swept.observed >= least
    return enough if views.ended_from is None else enough & (swept["at"] >= views.ended_from.moment.as_scalar())


def _reaching_back(ways: Table, ends: list[str], window: int) -> Table:
    """Add ``start``: where a way began, and where it fired, how far back its hit reaches.

    A way may stand in several hits, so the first hit that ends it does not tell how far the later ones reach.
    """
    hits = ways.filter(ways.fired).select(*ends, "at").distinct()
    begun = ways.select(*ends, at=ways.began, began=ways.began, read=ibis.literal(False))
    ended = hits.mutate(began=ibis.null("int64"), read=ibis.literal(True))
    both = ibis.union(begun, ended)
    reach = both.mutate(start=both.began.min().over(by_time(ends, range=(-window, 0))))
    reach = reach.filter(reach.read).select(*ends, "at", "start")
    found = ways.left_join(reach, [*ends, "at"])
    start = ibis.ifelse(found.fired, ibis.least(found.start, found.began), found.began)
    return found.select(*ways.columns, start=start)


def _rows(ways: Table) -> Table:
    """Turn ways into the payments of each subject, one row each, with the stretch of time of its hits."""
    of_source = ways.src_own
    subject = ibis.ifelse(of_source, ways.src, ways.dst)
    first = ways.select(
        account=subject,
        row=ways.first_row,
        at=ways.began,
        base_minor=ways.first_minor,
        channel=ways.first_channel,
        country=ways.first_country,
        direction=ibis.ifelse(of_source, "out", "between"),
        fired=ibis.literal(0, "int64"),
        observed=ibis.literal(0, "int64"),
        began=ways.began,
        ended=ways.hit_at,
    )
    last = ways.select(
        account=subject,
        row=ways.row,
        at=ways["at"],
        base_minor=ways.base_minor,
        channel=ways.channel,
        country=ibis.ifelse(of_source, ways.to_country, ways.from_country),
        direction=ibis.ifelse(of_source, "between", "in"),
        fired=ways.fired.cast("int64"),
        observed=ways.observed,
        began=ways.start,
        ended=ways.hit_at,
    )
    rows = ibis.union(first, last)
    once = rows.group_by("account", "row").aggregate(
        **{name: rows[name].max() for name in ("at", "base_minor", "channel", "country", "direction")},
        **{name: rows[name].max() for name in ("fired", "observed", "ended")},
        began=rows.began.min(),
    )
    return once.mutate(fired=once.fired > 0)


def _islands(rows: Table) -> Table:
    """Number the stretches of time of each account that overlap; ``began`` and ``ended`` belong to a stretch."""
    before = ibis.window(group_by="account", order_by="began", range=(None, -1))
    so_far = ibis.window(group_by="account", order_by="began", range=(None, 0))
    covered = rows.ended.max().over(before)
    begun = ibis.ifelse(covered.isnull() | (covered < rows.began), rows.began, ibis.null("int64"))
    marked = rows.mutate(begun=begun)
    return marked.mutate(episode=marked.begun.max().over(so_far)).drop("begun", "began", "ended")
