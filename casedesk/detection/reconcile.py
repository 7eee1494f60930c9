"""What a run changes: fresh alerts against those the desk already holds.

A fresh alert is a stored one when rule and account agree and they share evidence. It then keeps the stored id, also
when a late transaction comes before all others and would have given it another. The rules for what is not one to one:

- A fresh alert that joins several stored ones grows the one that holds the earliest of its evidence. The others are
  ``absorbed``: they stay as they are, in whatever case holds them, and are named so that a person can look. Once the
  leading alert holds their evidence they are unchanged.
- Several fresh alerts that share one stored alert (thresholds were raised, so that an episode fell apart): the first
  that has its id, else the first in time, is that alert; another is unchanged where the stored alert holds all its
  evidence already, and new otherwise.

Beyond that, stored alerts that this run has judged itself, with the rule and the values by which they were raised, become
what it found, so that whatever the order in which transactions arrived, the alerts that stand are those of one run over
everything:

- One that is found with fewer transactions, with other figures, or again after it had lapsed, is ``revised``. What it lost is
  told no more, and may be an alert of its own.
- One that no fresh alert is, is ``lapsed``: explained by what came later, or part of another alert now. It stays as it was.

One that was raised by other values says what those found, and stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from casedesk.domain.alerts import Alert


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """As much of a stored alert as it takes to recognise it. ``case_id`` is empty while no case holds it.

    ``judged`` says that this run would have found it; only then its ``says``, severity and sentence, are compared.
    """

    alert_id: str
    rule: str
    account_id: str
    transaction_ids: frozenset[str]
    case_id: str = ""
    judged: bool = False
    says: tuple[int, str] = (0, "")
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class Grown:
    """A stored alert with more evidence: ``alert`` carries the stored id and case, ``added`` is in order of booking."""

    alert: Alert
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A stored alert whose evidence an earlier stored alert, ``by``, has just taken in as well."""

    alert_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A stored alert that the run no longer found; ``by`` is the alert that holds evidence of it now, or empty."""

    alert_id: str
    case_id: str
    rule: str
    by: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What to store: ``new`` alerts, ``grown`` and ``revised`` ones, and those that lapsed; and the ids that stay as they are."""

    new: tuple[Alert, ...]
    grown: tuple[Grown, ...]
    unchanged: tuple[str, ...]
    absorbed: tuple[Absorbed, ...]
    revised: tuple[Alert, ...] = ()
    lapsed: tuple[Lapsed, ...] = ()


def reconcile(stored: Iterable[StoredAlert], fresh: Iterable[Alert]) -> Reconciliation:
    """Compare a run's alerts with the stored ones. Running twice on the same data leaves only unchanged alerts."""
    run = _Run(stored)
    # Those that still have their stored id come first, so that a new alert can never meet its own id in the store.
    for alert in sorted(fresh, key=lambda a: (a.alert_id not in run.by_id, a.window_start, a.alert_id)):
        run.place(alert)
    return Reconciliation(
        new=tuple(run.new),
        grown=tuple(run.grown.values()),
        unchanged=tuple(sorted(run.met - run.grown.keys() - run.absorbed.keys() - run.revised.keys())),
        absorbed=tuple(Absorbed(alert_id, by) for alert_id, by in sorted(run.absorbed.items())),
        revised=tuple(run.revised.values()),
        lapsed=run.lapsed(),
    )


class _Run:
    """The stored alerts by what they hold, and what has been decided so far."""

    def __init__(self, stored: Iterable[StoredAlert]) -> None:
        self.by_id = {alert.alert_id: alert for alert in stored}
        self._by_evidence: defaultdict[tuple[str, str, str], list[StoredAlert]] = defaultdict(list)
        for alert in self.by_id.values():
            for transaction_id in alert.transaction_ids:
                self._by_evidence[alert.rule, alert.account_id, transaction_id].append(alert)
        self.new: list[Alert] = []
        self.grown: dict[str, Grown] = {}
        self.absorbed: dict[str, str] = {}
        self.revised: dict[str, Alert] = {}
        self.met: set[str] = set()
        self._claimed: set[str] = set()
        self._holders: dict[str, str] = {}  # of evidence of a stored alert, by its id

    def place(self, alert: Alert) -> None:
        matches = self._matches(alert)
        self.met.update(match.alert_id for match in matches)
        if self._told_already(alert, matches):
            return
        leader = next((match for match in matches if match.alert_id not in self._claimed), None)
        for match in matches:
            self._holders.setdefault(match.alert_id, leader.alert_id if leader else alert.alert_id)
        if leader is None:
            self.new.append(alert)
            return
        self._claimed.add(leader.alert_id)
        self.absorbed.pop(leader.alert_id, None)
        added = tuple(one for one in alert.transaction_ids if one not in leader.transaction_ids)
        known = replace(alert, alert_id=leader.alert_id, case_id=leader.case_id)
        if added:
            self.grown[leader.alert_id] = Grown(known, added)
        elif leader.judged and _differs(leader, alert):
            self.revised[leader.alert_id] = known
        for other in matches:
            if other.alert_id not in self._claimed and not other.transaction_ids.isdisjoint(added):
                self.absorbed.setdefault(other.alert_id, leader.alert_id)

    def lapsed(self) -> tuple[Lapsed, ...]:
        """Return the judged alerts that are none of the fresh ones, by id, but for those that had lapsed before."""
        return tuple(
            Lapsed(alert_id, alert.case_id, alert.rule, self._holders.get(alert_id, ""))
            for alert_id, alert in sorted(self.by_id.items())
            if alert.judged and not alert.lapsed and alert_id not in self._claimed
        )

    def _matches(self, alert: Alert) -> list[StoredAlert]:
        """Return the stored alerts that share evidence: the one with the same id first, then by the earliest shared."""
        shared: dict[str, list[int]] = {}
        for position, transaction_id in enumerate(alert.transaction_ids):
            for match in self._by_evidence.get((alert.rule, alert.account_id, transaction_id), ()):
                shared.setdefault(match.alert_id, []).append(position)
        if alert.alert_id in self.by_id:
            shared.setdefault(alert.alert_id, [0])
        order = sorted(shared, key=lambda one: (one != alert.alert_id, shared[one][0], -len(shared[one]), one))
        return [self.by_id[one] for one in order]

    def _told_already(self, alert: Alert, matches: list[StoredAlert]) -> bool:
        """Say whether a stored alert that another fresh one has claimed, and left as it is, holds all this evidence."""
        return any(
            match.alert_id in self._claimed
            and not match.judged
            and match.alert_id not in self.grown
            and match.transaction_ids.issuperset(alert.transaction_ids)
            for match in matches
        )


def _differs(stored: StoredAlert, alert: Alert) -> bool:
    """Say whether an alert with no further evidence is not what is stored."""
    fewer = len(stored.transaction_ids) > len(alert.transaction_ids)
    return fewer or stored.lapsed or stored.says != (alert.severity, alert.sentence)
