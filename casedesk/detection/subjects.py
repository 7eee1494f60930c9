"""Whom an incremental run looks at, and from which moment on each rule judges them anew.

Something of a customer is new from ``since`` on. What a rule found of that customer before stands as it is, except where it
reaches to ``since`` or later: a hit before ``since`` reads nothing that is new. So a rule judges the customer anew from

- ``since`` itself, where no finding of the last run ends within a window before it or later;
- otherwise the first transaction of the findings that do, and of those that overlap them, one after the other.

Each finding of the last run is then either whole behind that moment and stands, or whole from it on and is found again.

Hits from there on are told as over the whole history when the rule has the legs from two spans before it on: ``before`` for
what a hit reads, and a ``window`` more, so that a false hit among legs whose own past is cut off cannot join a true one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from casedesk.detection.rule import Rule
from casedesk.detection.sentences import EPOCH
from casedesk.domain.alerts import Alert

#: From the first moment on, and for ever before it.
ALWAYS: Final = -(2**62)

_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Return an instant in microseconds since 1970 UTC."""
    return (moment - EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class Subject:
    """An account to look at. ``since`` is in microseconds since 1970 UTC, None where anything of it may be new.

    All accounts of a customer have the same ``since``: the earliest of theirs.
    """

    account_id: str
    customer_id: str
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Stood:
    """What the last run found: a rule's episode on an account, from its first transaction to its last.

    In microseconds since 1970 UTC; None where the desk did not yet record it.
    """

    rule: str
    account_id: str
    first_at: int | None
    last_at: int | None


@dataclass(frozen=True)
class Subjects:
    """The accounts that an incremental run looks at, by id, and what the last run found on them."""

    chosen: tuple[Subject, ...]
    stood: Sequence[Stood] = field(default=(), repr=False)

    @classmethod
    def whole(cls, account_ids: Iterable[str]) -> Subjects:
        """Choose accounts whose whole history is to be judged."""
        return cls(tuple(Subject(account_id, account_id) for account_id in account_ids))

    @property
    def account_ids(self) -> list[str]:
        return [one.account_id for one in self.chosen]

    def judged_from(self, rule: Rule) -> dict[str, int]:
        """Return for each customer the moment from which the rule judges it anew."""
        if rule.span is None:
            return dict.fromkeys(self._since, ALWAYS)
        found = dict(self._since)
        for customer_id, episodes in self._stood(rule.name).items():
            found[customer_id] = _extended(found[customer_id], episodes, rule.span.window)
        return found

    def judges(self, rule: Rule, alerts: Iterable[Alert]) -> list[Alert]:
        """Leave out the alerts that end before the rule judges anew: they stand, and half of one may have been read."""
        moments = self.judged_from(rule)
        customers = self._customers
        return [
            one
            for one in alerts
            if one.account_id in customers and microseconds(one.window_end) >= moments[customers[one.account_id]]
        ]

    def settled(self, rule: Rule) -> Callable[[str, datetime | None], bool]:
        """Return what tells, by account and last transaction, whether a finding of the last run stands unlooked at."""
        moments, customers = self.judged_from(rule), self._customers

        def stands(account_id: str, last_at: datetime | None) -> bool:
            customer_id = customers.get(account_id)
            return customer_id is None or (last_at is not None and microseconds(last_at) < moments[customer_id])

        return stands

    def read_from(self, rule: Rule) -> list[int]:
        """Return for each chosen account, in order, from when on the rule needs its legs."""
        moments = self.judged_from(rule)
        span = rule.span
        if span is None:
            return [ALWAYS] * len(self.chosen)
        reach = span.window + span.before
        return [max(moments[one.customer_id] - reach, ALWAYS) for one in self.chosen]

    @cached_property
    def _customers(self) -> dict[str, str]:
        return {one.account_id: one.customer_id for one in self.chosen}

    @cached_property
    def _since(self) -> dict[str, int]:
        return {one.customer_id: ALWAYS if one.since is None else one.since for one in self.chosen}

    @cached_property
    def _by_rule(self) -> dict[str, dict[str, list[Stood]]]:
        found: dict[str, dict[str, list[Stood]]] = {}
        for one in self.stood:
            customer_id = self._customers.get(one.account_id)
            if customer_id is not None:
                found.setdefault(one.rule, {}).setdefault(customer_id, []).append(one)
        return found

    def _stood(self, rule: str) -> dict[str, list[Stood]]:
        return self._by_rule.get(rule, {})


def _extended(since: int, episodes: Sequence[Stood], window: int) -> int:
    """Move ``since`` back to the beginning of the episodes that something new from there on may change."""
    known = [(one.first_at, one.last_at) for one in episodes if one.first_at is not None and one.last_at is not None]
    if len(known) < len(episodes):
        return ALWAYS
    moment, reached = since, since - window
    while True:
        first = min((first_at for first_at, last_at in known if last_at >= reached), default=moment)
        if first >= moment:
            return moment
        moment = reached = first
