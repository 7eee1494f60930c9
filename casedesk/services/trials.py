"""What rules would raise over the history, beside what they raise as they are in force. Nothing is stored.

Either side is shown as the queue would have it: what a suppression in force would keep back is counted, and left out of
everything else, by the same code that sorts out a run.

What a tried rule finds is judged by what the desk has decided: an alert counts as decided when it shares evidence, on the same
account, with an alert of a closed case. Decisions follow the alerts of the rules in force, so what a looser rule would find in
addition has mostly not been decided; the figures say how many were.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa

from casedesk.detection.duck import Limits
from casedesk.detection.engine import detect_each
from casedesk.detection.parameters import Described
from casedesk.detection.rule import Rule
from casedesk.domain.alerts import Alert
from casedesk.domain.cases import Disposition
from casedesk.domain.intervals import Proportion, proportion
from casedesk.services.holdings import held, held_as_of, queued
from casedesk.services.rules_in_force import Effective
from casedesk.store.outcome_reader import DecidedEvidence
from casedesk.store.unit_of_work import Reading

_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one set of thresholds raises over the history, as far as it would reach the queue."""

    alerts: int
    hidden: int  # alerts that suppressions would keep back; no other figure counts them
    customers: int
    cases_a_week: float  # a customer's alerts of one week make one case
    per_thousand_customers: float  # alerts
    productive: Proportion  # of the decided alerts, those whose case ended in a SAR
    sar_cases: tuple[str, ...]  # past SARs that share evidence with an alert


def told(figures: Figures) -> dict[str, Any]:
    """Return figures as the command line and the evidence sheet tell them, under the same names.

    Shares and rates are decimal text, so that the same figure has one form.
    """
    return {
        "alerts": figures.alerts,
        "hidden": figures.hidden,
        "customers": figures.customers,
        "cases_a_week": f"{figures.cases_a_week:.3f}",
        "alerts_per_1000_customers": f"{figures.per_thousand_customers:.3f}",
        "decided": figures.productive.of,
        "decided_as_sar": figures.productive.hits,
        "sar_share_low": f"{figures.productive.low:.6f}",
        "sar_share_high": f"{figures.productive.high:.6f}",
        "sar_cases": list(figures.sar_cases),
    }


@dataclass(frozen=True, slots=True)
class Week:
    """Alerts whose window ended in the week that begins on ``monday``."""

    monday: date
    in_force: int
    tried: int


@dataclass(frozen=True, slots=True)
class Moved:
    """One parameter with another value than before. ``before`` is None where the rule did not run."""

    parameter: Described
    before: object


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule as it is in force against the same rule with other thresholds, over the same transactions.

    ``lost_sars`` are past SARs that the rule in force shares evidence with and the tried one does not; ``caught_otherwise``
    are those among them that another rule alerted, too. ``base_id`` and ``base_hash`` are those of the whole rule set it was
    tried against, ``arrival`` says up to where the data went, ``as_of`` after which event of the ledger suppressions were read. ``parameters`` are those tried, empty where the rule is off.
    """

    rule: str
    in_force: Figures
    tried: Figures
    gained: tuple[Alert, ...]
    lost: tuple[Alert, ...]
    weeks: tuple[Week, ...]
    lost_sars: tuple[str, ...]
    gained_sars: tuple[str, ...]
    caught_otherwise: tuple[str, ...]
    transactions: int
    data_fingerprint: str
    parameters: tuple[Described, ...]
    before: Mapping[str, object]
    base_id: str
    base_hash: str
    arrival: int
    as_of: int

    @property
    def moved(self) -> tuple[Moved, ...]:
        """The parameters whose values differ from those in force."""
        return tuple(
            Moved(one, self.before.get(one.name)) for one in self.parameters if one.value != self.before.get(one.name)
        )


class History:
    """Everything stored up to an arrival: what the rules read, and what the desk has decided.

    :param as_of: hold what is found against the suppressions and alerts after this event of the ledger; None for now.
    :raises NoSuchEvent: if the ledger is shorter.
    """

    def __init__(self, look: Reading, arrival: int | None = None, as_of: int | None = None) -> None:
        self.arrival = look.run_data.newest() if arrival is None else arrival
        self.transactions: pa.Table = look.run_data.transactions(self.arrival)
        self.accounts: pa.Table = look.run_data.accounts(self.arrival)
        self.changed = look.run_data.first_changed(self.arrival)
        self.past = Past(look.outcomes.decided_evidence())
        self.customers = look.outcomes.customers()
        self.as_of = look.ledger.head().size if as_of is None else as_of
        if as_of is None:
            self.holdings, self.suppressions = held(look), look.suppressions.in_force()
        else:
            self.holdings, self.suppressions = held_as_of(look, as_of)


@dataclass(frozen=True, slots=True)
class _Side:
    """What one rule finds on one side of the comparison."""

    reaching: list[Alert]
    hidden: list[Alert]


def compare(
    history: History,
    base: Effective,
    after: Effective,
    names: Sequence[str],
    *,
    base_currency: str,
    limits: Limits | None = None,
) -> tuple[Trial, ...]:
    """Run the named rules twice, as in ``base`` and as in ``after``; one that does not run on a side finds nothing there."""
    sides: list[tuple[dict[str, _Side], str]] = []
    rule_sets = [tuple(rule for rule in one.rules if rule.name in names) for one in (base, after)]
    for found in detect_each(
        history.transactions, history.accounts, rule_sets=rule_sets, limits=limits, base_currency=base_currency
    ):
        split = queued(history.holdings, history.suppressions, found.alerts)
        grouped: dict[str, _Side] = defaultdict(lambda: _Side([], []))
        for alert in split.reaching:
            grouped[alert.rule].reaching.append(alert)
        for alert in split.hidden:
            grouped[alert.rule].hidden.append(alert)
        sides.append((grouped, found.data_fingerprint))
    (old, fingerprint), (new, _) = sides
    return tuple(
        _trial(history, base, name, (base.find(name), after.find(name)), (old[name], new[name]), fingerprint)
        for name in names
    )


def _trial(
    history: History,
    base: Effective,
    name: str,
    rules: tuple[Rule | None, Rule | None],
    sides: tuple[_Side, _Side],
    fingerprint: str,
) -> Trial:
    (before, after), past = rules, history.past
    in_force, tried = (_figures(side, past, history.customers) for side in sides)
    old, new = (side.reaching for side in sides)
    lost = tuple(case for case in in_force.sar_cases if case not in tried.sar_cases)
    return Trial(
        rule=name,
        in_force=in_force,
        tried=tried,
        gained=missing(new, old),
        lost=missing(old, new),
        weeks=_weeks(old, new),
        lost_sars=lost,
        gained_sars=tuple(case for case in tried.sar_cases if case not in in_force.sar_cases),
        caught_otherwise=tuple(case for case in lost if past.rules[case] - {name}),
        transactions=history.transactions.num_rows,
        data_fingerprint=fingerprint,
        parameters=after.parameters.described() if after else (),
        before=_values(before),
        base_id=base.rule_set_id,
        base_hash=base.hash,
        arrival=history.arrival,
        as_of=history.as_of,
    )


def _values(rule: Rule | None) -> dict[str, Any]:
    return {one.name: one.value for one in rule.parameters.described()} if rule else {}


class Past:
    """The decisions, by the evidence they rest on."""

    def __init__(self, evidence: Iterable[DecidedEvidence]) -> None:
        self.cases: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        self.rules: dict[str, set[str]] = defaultdict(set)
        for piece in evidence:
            self.cases[piece.account_id, piece.transaction_id].add((piece.case_id, piece.disposition))
            self.rules[piece.case_id].add(piece.rule)

    def of(self, alert: Alert) -> set[tuple[str, str]]:
        """Return the closed cases, with their dispositions, that share evidence with an alert."""
        return set().union(*(self.cases.get((alert.account_id, one), ()) for one in alert.transaction_ids))


def _figures(side: _Side, past: Past, customers: int) -> Figures:
    alerts = side.reaching
    cases = {(alert.customer_id, _monday(alert)) for alert in alerts}
    span = max(1, len(_mondays(alerts)))
    decided = [past.of(alert) for alert in alerts]
    outcomes = [{disposition for _, disposition in one} for one in decided if one]
    sars = {case for one in decided for case, disposition in one if disposition == Disposition.SAR}
    return Figures(
        alerts=len(alerts),
        hidden=len(side.hidden),
        customers=len({alert.customer_id for alert in alerts}),
        cases_a_week=len(cases) / span,
        per_thousand_customers=1000 * len(alerts) / customers if customers else 0.0,
        productive=proportion(sum(Disposition.SAR in one for one in outcomes), len(outcomes)),
        sar_cases=tuple(sorted(sars)),
    )


def missing(these: Sequence[Alert], those: Sequence[Alert]) -> tuple[Alert, ...]:
    """Return the alerts that share no evidence with any of the others, worst first."""
    known = {(alert.account_id, one) for alert in those for one in alert.transaction_ids}
    alone = (a for a in these if known.isdisjoint((a.account_id, one) for one in a.transaction_ids))
    return tuple(sorted(alone, key=lambda a: (-a.severity, a.window_start, a.alert_id)))


def _weeks(old: Sequence[Alert], new: Sequence[Alert]) -> tuple[Week, ...]:
    before, after = Counter(map(_monday, old)), Counter(map(_monday, new))
    return tuple(Week(monday, before[monday], after[monday]) for monday in _mondays((*old, *new)))


def _mondays(alerts: Sequence[Alert]) -> tuple[date, ...]:
    """Return every Monday from the first alert's week to the last one's, weeks without alerts included."""
    found = sorted({_monday(alert) for alert in alerts})
    if not found:
        return ()
    return tuple(found[0] + k * _WEEK for k in range((found[-1] - found[0]) // _WEEK + 1))


def _monday(alert: Alert) -> date:
    day = alert.window_end.date()
    return day - timedelta(days=day.weekday())
