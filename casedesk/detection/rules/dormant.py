"""Dormant account: one that has not moved for half a year wakes up with a large sum within days.

Silence is the time between two activities, an activity being any transaction of a least amount, so that fees and interest
do not keep an account awake. Where the data holds no earlier activity, silence counts from the day the account was opened,
but only if the data itself begins long enough before the awakening: an account is not asleep because the data begins
late. An account with neither an earlier activity nor a known opening day never fires, and the first transactions of a new
account are no awakening, because the silence before them is short.

Why two transactions: money that only arrives at a savings account is saved. Sleeping accounts are bought and stolen to let
money through, so it comes and goes.

What keeps the benign look-alikes out: retailers, payroll, marketplaces and treasuries move every month. An account used
once a year for a tax or an insurance moves one sum, or sums below the total.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

import ibis
from ibis.expr.types import Table
from pydantic import model_validator

from casedesk.detection.least import Least, Needed, alone
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, day, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import DAY, by_time
from casedesk.domain.money import LARGEST_MINOR


class DormantParameters(RuleParameters):
    """Thresholds of the dormant account rule."""

    silence_days: int = parameter(
        180, ge=7, le=3_650, unit="days", source=DESK, reason="Half a year holds every monthly and quarterly habit."
    )
    window_days: int = parameter(
        7, ge=1, le=90, unit="days", source=DESK, reason="Whoever wakes an account to use it does so within a week."
    )
    count: int = parameter(
        2, ge=1, le=1_000, unit="transactions", source=DESK, reason="One sum alone is saved, or spent on a house."
    )
    total_minor: int = parameter(
        10_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="What moves within the window, in and out together, is worth an awakening.",
    )
    smallest_minor: int = parameter(
        50_00,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="Less than this is no activity: fees, interest, a forgotten subscription; 0 takes all.",
    )
    observed_days: int = parameter(
        30,
        ge=0,
        le=3_650,
        unit="days",
        source=DESK,
        reason="An account without earlier activity was silent within the data for at least this long.",
    )
    severity_at_threshold: int = parameter(
        50, ge=0, le=100, unit="severity", source=DESK, reason="An old account has passed its checks long ago."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.window_days >= self.silence_days:
            raise ValueError(
                f"Parameter “window_days” ({self.window_days}) must be less than “silence_days” ({self.silence_days}), "
                "or one awakening would reach into the next"
            )
        return self


@dataclass(frozen=True)
class Dormant(Rule):
    """Finds sleeping accounts that are woken."""

    name: ClassVar[str] = "dormant"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Dormant account awakening"
    reach: ClassVar[Reach] = Reach.ACCOUNT
    beginning = True
    parameters: DormantParameters = field(default_factory=DormantParameters)

    @property
    def span(self) -> Span:
        """An awakening is judged from its first transaction to the end of its window; silence is read from the past."""
        window = self.parameters.window_days * DAY
        return Span(window=window, before=window)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        silence, observed = p.silence_days * DAY, p.observed_days * DAY
        return alone(Least(p.count, p.total_minor, p.smallest_minor, silence=silence, observed=observed))

    def evidence(self, views: Views) -> Table:
        """Return the awakenings: one episode each, from its first transaction to the end of the window."""
        p = self.parameters
        active = views.legs.filter(views.legs.base_minor >= p.smallest_minor)
        awake = active.join(self._awakenings(active, views), "account")
        awake = awake.filter((awake["at"] >= awake.woke_at) & (awake["at"] - awake.woke_at <= p.window_days * DAY))
        so_far = by_time(["account", "woke_at"], range=(None, 0))
        read = awake.mutate(
            moved=awake.base_minor.sum().over(so_far),
            steps=ibis._.count().over(so_far),
            observed=(awake.woke_at - awake.past) // DAY,
            needed=ibis.literal(p.silence_days, "int64"),
            episode=awake.woke_at,
        )
        read = read.mutate(fired=(read.moved >= p.total_minor) & (read.steps >= p.count))
        hits = read.filter(read.fired).select("account", "woke_at").distinct()
        return read.semi_join(hits, ["account", "woke_at"]).drop("woke_at", "moved", "steps")

    def _awakenings(self, active: Table, views: Views) -> Table:
        """Return account, ``woke_at`` and ``past``, the last activity or the opening before it.

        Of several activities at one instant just one follows a silence, whichever the engine puts first.
        """
        p = self.parameters
        silence = p.silence_days * DAY
        steps = active.select("account", woke_at=active["at"], past=active["at"].lag(1).over(by_time()))
        if views.past is not None:
            before = views.past.filter(views.past.base_minor >= p.smallest_minor).semi_join(active, "account")
            last = before.group_by("account").aggregate(last_at=before["at"].max())
            steps = steps.left_join(last, "account").drop("account_right")
            steps = steps.mutate(past=steps.past.coalesce(steps.last_at)).drop("last_at")
        again = steps.filter(steps.woke_at - steps.past >= silence)
        opened = views.accounts.filter(views.accounts.opened_at.notnull()).select("account", "opened_at")
        first = steps.filter(steps.past.isnull()).drop("past").join(opened, "account").rename(past="opened_at")
        first = first.filter(first.woke_at - first.past >= silence)
        begun = views.transfers.aggregate(begun_at=views.transfers["at"].min())
        first = first.cross_join(begun)
        first = first.filter(first.woke_at - first.begun_at >= p.observed_days * DAY)
        return ibis.union(*(_known(found) for found in (again, first)))

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Say how long the account was silent and what moved; severity rises with both."""
        p = self.parameters
        total = sum(leg.base_minor for leg in episode)
        silent = int(episode[0].observed)
        above = (excess(silent, p.silence_days) + excess(total, p.total_minor)) // 2
        return Explanation(
            severity=severity(p.severity_at_threshold, above),
            sentence=f"After {counted(silent, 'day')} without activity on record, since "
            f"{day(instant(int(episode[0].past)))}, {counted(len(episode), 'transaction')} "
            f"{when(instant(episode[0].at), instant(episode[-1].at))}, total {money(total, currency)}.",
        )


def _known(found: Table) -> Table:
    """Drop what is only there by its type: that a value may be null differs between the two kinds of awakening."""
    kinds = {"account": "!int32", "woke_at": "!int64", "past": "!int64"}
    return found.select(**{name: found[name].cast(kind) for name, kind in kinds.items()})
