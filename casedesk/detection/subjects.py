"""Whom an incremental run looks at, and from which moment on each rule judges them anew.

Something of a customer is new from ``since`` on. What a rule found of that customer before stands as it is, except where it
reaches to ``since`` or later: a hit before ``since`` reads nothing that is new. So a rule judges the customer anew from

- ``since`` itself, where no finding of the last run ends within a window before it or later;
- otherwise the first transaction of the findings that do, and of those that overlap them, one after the other.

Each finding of the last run is then either whole behind that moment and stands, or whole from it on and is found again.

Whose episode never pauses has it begun months ago, and yet may have done nothing of the kind today. So the rule first looks from
``since`` on, if it never judges a hit by what comes after it, and where no finding of the last run ends at ``since`` or later. Where
no hit ends there, all that was found before stands: nothing before ``since`` has changed, and nothing came to it. Only
customers with such a hit are looked at again, from the moment above.

Hits from there on are told as over the whole history when the rule has the legs from two spans before it on: ``before`` for
what a hit reads, and a ``window`` more, so that a false hit among legs whose own past is cut off cannot join a true one.

A rule along paths has every account for a subject, and one moment serves to read for all: something new is new from
``everywhere`` on, may change a path that began ``ahead`` before it, and each account's moment is told from there. Where a path is told by
itself (``ahead`` is 0), the rule first looks for those that end at ``everywhere`` or later, and only then, for accounts on which these
reach to what stood, from the moment at which that began.

A rule that compares with the whole population looks at everything, unless an engine knows the figures that the population stands
for (``peers``): then it is of local reach.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from casedesk.detection.peers import Figures
from casedesk.detection.rule import Reach, Rule
from casedesk.detection.sentences import EPOCH
from casedesk.domain.alerts import Alert

#: From the first moment on, and for ever before it.
ALWAYS: Final = -(2**62)
#: After the last moment.
NEVER: Final = 2**62

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


@dataclass(frozen=True, slots=True)
class Judged:
    """From which moment on a rule judges each account anew; ``others`` is that of accounts that are not named."""

    moments: Mapping[str, int]
    others: int

    def anew(self, alert: Alert) -> bool:
        """Say whether an alert ends where the rule judges anew. Others stand, and half of one may have been read."""
        return microseconds(alert.window_end) >= self.moments.get(alert.account_id, self.others)

    def stands(self, account_id: str, last_at: datetime | None) -> bool:
        """Say whether a finding of the last run stands without being found again."""
        moment = self.moments.get(account_id, self.others)
        return moment == NEVER or (last_at is not None and microseconds(last_at) < moment)

    @property
    def earliest(self) -> int:
        return min(self.moments.values(), default=self.others)


@dataclass(frozen=True)
class Subjects:
    """The accounts that an incremental run looks at, by id, and what the last run found.

    ``everywhere`` is when the earliest of all that is new was booked, None where more than transactions is new; so is
    ``sooner`` where the data now begins earlier than it did. Rules that ask for these look at everything then. ``figures`` are those
    of the peer groups that the last run left, by rule.
    """

    chosen: tuple[Subject, ...]
    stood: Sequence[Stood] = field(default=(), repr=False)
    everywhere: int | None = None
    sooner: bool = True
    figures: Mapping[str, Figures] = field(default_factory=dict, repr=False)
    _judged: dict[Rule, Judged | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def whole(cls, account_ids: Iterable[str]) -> Subjects:
        """Choose accounts whose whole history is to be judged."""
        return cls(tuple(Subject(account_id, account_id) for account_id in account_ids))

    @property
    def account_ids(self) -> list[str]:
        return [one.account_id for one in self.chosen]

    def judged(self, rule: Rule) -> Judged | None:
        """Return from when on the rule judges whom anew; None where it has to look at everything."""
        if rule not in self._judged:
            self._judged[rule] = self._told(rule)
        return self._judged[rule]

    def ask_everything(self, rule: Rule) -> bool:
        """Say whether the rule has to look at everything; quicker than :meth:`judged`, which then returns None."""
        if rule in self._judged:
            return self._judged[rule] is None
        if rule.reach.local:
            return rule.beginning and self.sooner
        return rule.span is None or self.everywhere is None or rule.reach is Reach.POPULATION

    def everything(self, rule: Rule) -> None:
        """Note that a rule was run over everything, so that nothing stands without being found again."""
        self._judged[rule] = None

    def among_peers(self, rule: Rule) -> Judged:
        """Return from when on a rule judges whom anew for which all that it asks of others is known, as :meth:`judged` does from now on."""
        judged = self._judged[rule] = self.of_chosen(rule)
        return judged

    def first_look(self, rule: Rule, judged: Judged) -> Judged:
        """Return from when on a rule of local reach looks first: later than ``judged`` where what stood may stand."""
        if rule.span is None or not rule.span.backward:
            return judged
        reached = {
            self._customers[account_id]
            for account_id, episodes in self._by_rule.get(rule.name, {}).items()
            if account_id in self._customers
            and any(one.last_at is None or one.last_at >= self._since[self._customers[account_id]] for one in episodes)
        }
        early = {one: judged.moments[one] for customer_id in reached for one in self._accounts[customer_id]}
        return Judged(self._from_since | early if early else self._from_since, NEVER)

    def second_look(self, rule: Rule, judged: Judged, first: Judged, stirred: Collection[str]) -> list[str]:
        """Return the accounts whose customers the rule looks at again, from where ``judged`` says on.

        :meth:`judged` tells from now on what came out of both looks.

        :param judged: from when on a customer is judged anew who is looked at again.
        :param stirred: accounts on which the first look found a hit that counts.
        """
        theirs = self.with_theirs(stirred)
        again = {one: judged.moments[one] for one in theirs if judged.moments[one] < first.moments[one]}
        self._judged[rule] = Judged({**first.moments, **again}, NEVER) if again else first
        return list(again)

    def stood_from(self, rule: Rule, account_id: str, moment: int) -> bool:
        """Say whether something that the rule found on an account, or the desk holds of it, ends at a moment or later."""
        episodes = self._by_rule.get(rule.name, {}).get(account_id, ())
        return any(one.last_at is None or one.last_at >= moment for one in episodes)

    def second_look_along(self, rule: Rule, firsts: Mapping[str, int]) -> dict[str, int]:
        """Return the accounts that a rule along paths looks at again, and from when on it judges each of them.

        They are those with a finding of the last run that ends where the rule judges anew, or reaches to what it found.
        :meth:`judged` tells from now on what came out of both looks.

        :param firsts: for each account on which the first look found something, when the first of it was booked.
        """
        everywhere = NEVER if self.everywhere is None else self.everywhere
        again = {}
        for account_id, episodes in self._by_rule.get(rule.name, {}).items():
            reached = min(everywhere, firsts.get(account_id, everywhere))
            if any(one.last_at is None or one.last_at >= reached for one in episodes):
                again[account_id] = _extended(reached, episodes, 0)
        self._judged[rule] = Judged(again, everywhere)
        return again

    def _told(self, rule: Rule) -> Judged | None:
        if rule.reach.local:
            return None if self.ask_everything(rule) else self.of_chosen(rule)
        if self.ask_everything(rule) or rule.span is None or self.everywhere is None:
            return None
        since = self.everywhere - rule.span.ahead
        stood = self._by_rule.get(rule.name, {})
        moments = {account_id: _extended(since, found, rule.span.window) for account_id, found in stood.items()}
        return Judged({one: moment for one, moment in moments.items() if moment < since}, since)

    def of_chosen(self, rule: Rule) -> Judged:
        """Return from when on a rule judges whom anew that looks at the chosen accounts alone."""
        if rule.span is None:
            return Judged(dict.fromkeys(self.account_ids, ALWAYS), NEVER)
        found = defaultdict[str, list[Stood]](list)
        for account_id, episodes in self._by_rule.get(rule.name, {}).items():
            if account_id in self._customers:
                found[self._customers[account_id]] += episodes
        moments = {
            one: moment
            for customer_id, episodes in found.items()
            if (moment := _extended(self._since[customer_id], episodes, rule.span.window)) < self._since[customer_id]
            for one in self._accounts[customer_id]
        }
        return Judged(self._from_since | moments if moments else self._from_since, NEVER)

    def with_theirs(self, account_ids: Iterable[str]) -> list[str]:
        """Return all chosen accounts of the customers of these, by id."""
        customers = {self._customers[account_id] for account_id in account_ids}
        return sorted(one for customer_id in customers for one in self._accounts[customer_id])

    @cached_property
    def _customers(self) -> dict[str, str]:
        return {one.account_id: one.customer_id for one in self.chosen}

    @cached_property
    def _accounts(self) -> dict[str, list[str]]:
        found = defaultdict[str, list[str]](list)
        for one in self.chosen:
            found[one.customer_id].append(one.account_id)
        return found

    @cached_property
    def _from_since(self) -> dict[str, int]:
        """The moment of each chosen account of which nothing that was found matters."""
        return {one.account_id: self._since[one.customer_id] for one in self.chosen}

    @cached_property
    def _since(self) -> dict[str, int]:
        return {one.customer_id: ALWAYS if one.since is None else one.since for one in self.chosen}

    @cached_property
    def _by_rule(self) -> dict[str, dict[str, list[Stood]]]:
        found: dict[str, dict[str, list[Stood]]] = {}
        for one in self.stood:
            found.setdefault(one.rule, {}).setdefault(one.account_id, []).append(one)
        return found


def _extended(since: int, episodes: Sequence[Stood], window: int) -> int:
    """Move ``since`` back to the beginning of the episodes that something new from there on may change."""
    moment, reached = since, since - window
    if all(one.first_at is not None and one.last_at is not None and one.last_at < reached for one in episodes):
        return since  # most, and this is asked of each account by each rule
    known = [(one.first_at, one.last_at) for one in episodes if one.first_at is not None and one.last_at is not None]
    if len(known) < len(episodes):
        return ALWAYS
    while True:
        first = min((first_at for first_at, last_at in known if last_at >= reached), default=moment)
        if first >= moment:
            return moment
        moment = reached = first
