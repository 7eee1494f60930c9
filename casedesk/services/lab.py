"""Try a rule with other thresholds on the history, and see how the rules in force have done. Nothing is stored.

What a tried rule finds is judged by what the desk has decided: an alert counts as decided when it shares evidence, on the same
account, with an alert of a closed case. Decisions follow the alerts of the rules in force, so what a looser rule would find in
addition has mostly not been decided; the figures say how many were.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from casedesk.detection.duck import Limits
from casedesk.detection.engine import detect
from casedesk.detection.parameters import Described
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES, rules_with
from casedesk.domain.alerts import Alert
from casedesk.domain.cases import Disposition
from casedesk.domain.intervals import Proportion, proportion
from casedesk.domain.people import Action, Person, require
from casedesk.store.outcome_reader import AlertOutcome, DecidedEvidence
from casedesk.store.unit_of_work import Reading

__all__ = ["RULES", "Described", "Figures", "Score", "Scorecard", "Trial", "Week", "describe", "scorecard", "try_rule"]

_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one set of thresholds raises over the history."""

    alerts: int
    customers: int
    cases_a_week: float  # a customer's alerts of one week make one case
    per_thousand_customers: float  # alerts
    productive: Proportion  # of the decided alerts, those whose case ended in a SAR
    sar_cases: tuple[str, ...]  # past SARs that share evidence with an alert


@dataclass(frozen=True, slots=True)
class Week:
    """Alerts whose window ended in the week that begins on ``monday``."""

    monday: date
    in_force: int
    tried: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule with its thresholds in force against the same rule with others, over the same transactions.

    ``lost_sars`` are past SARs that the rule in force shares evidence with and the tried one does not; ``caught_otherwise``
    are those among them that another rule alerted, too.
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


def describe(rule: str) -> tuple[Described, ...]:
    """Return the parameters of a rule as they are in force.

    :raises UnknownRule: if no rule has the name.
    """
    return _rule(rules_with({rule: {}}), rule).parameters.described()


def try_rule(
    *,
    look: Reading,
    actor: Person,
    base_currency: str,
    rule: str,
    values: Mapping[str, object],
    limits: Limits | None = None,
) -> Trial:
    """Run a rule twice over everything stored, with its thresholds in force and with ``values`` over them.

    :raises RoleForbids: for a role that may not tune rules.
    :raises UnknownRule: if no rule has the name.
    :raises BadParameter: if the rule cannot take a value.
    """
    require(actor, Action.TUNE)
    before, after = _rule(RULES, rule), _rule(rules_with({rule: values}), rule)
    with look:
        transactions, accounts = look.transactions.arrow(), look.transactions.arrow_accounts()
        past = _Past(look.outcomes.decided_evidence())
        customers = look.outcomes.customers()

    run = partial(detect, transactions, accounts, limits=limits, base_currency=base_currency)
    first = run(rules=(before,))
    old, new = first.alerts, run(rules=(after,)).alerts
    in_force, tried = _figures(old, past, customers), _figures(new, past, customers)
    lost = tuple(case for case in in_force.sar_cases if case not in tried.sar_cases)
    return Trial(
        rule=rule,
        in_force=in_force,
        tried=tried,
        gained=_missing(new, old),
        lost=_missing(old, new),
        weeks=_weeks(old, new),
        lost_sars=lost,
        gained_sars=tuple(case for case in tried.sar_cases if case not in in_force.sar_cases),
        caught_otherwise=tuple(case for case in lost if past.rules[case] - {rule}),
        transactions=transactions.num_rows,
        data_fingerprint=first.data_fingerprint,
        parameters=after.parameters.described(),
    )


class _Past:
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


def _figures(alerts: Sequence[Alert], past: _Past, customers: int) -> Figures:
    cases = {(alert.customer_id, _monday(alert)) for alert in alerts}
    span = max(1, len(_mondays(alerts)))
    decided = [past.of(alert) for alert in alerts]
    outcomes = [{disposition for _, disposition in one} for one in decided if one]
    sars = {case for one in decided for case, disposition in one if disposition == Disposition.SAR}
    return Figures(
        alerts=len(alerts),
        customers=len({alert.customer_id for alert in alerts}),
        cases_a_week=len(cases) / span,
        per_thousand_customers=1000 * len(alerts) / customers if customers else 0.0,
        productive=proportion(sum(Disposition.SAR in one for one in outcomes), len(outcomes)),
        sar_cases=tuple(sorted(sars)),
    )


def _missing(these: Sequence[Alert], those: Sequence[Alert]) -> tuple[Alert, ...]:
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


def _rule(rules: Sequence[Rule], name: str) -> Rule:
    for rule in rules:
        if rule.name == name:
            return rule
    return _rule(rules_with({name: {}}), name)  # raises UnknownRule with the names there are


@dataclass(frozen=True, slots=True)
class Score:
    """How a rule has done; ``month`` is empty for all months together.

    ``false_positives`` is the share of decided alerts whose case ended without a SAR, ``age_days`` the median age of the open
    cases it stands in, None where it has none.
    """

    rule: str
    month: str  # YYYY-MM of the raising
    alerts: int
    cases: int
    sars: int
    false_positives: Proportion
    age_days: int | None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All rules, the busiest first, and then month by month; ``silent`` are the rules in force that never fired."""

    rules: tuple[Score, ...]
    months: tuple[Score, ...]
    silent: tuple[str, ...]


def scorecard(*, uow: Reading, actor: Person, at: datetime) -> Scorecard:
    """Count, for each rule and month, alerts, cases, SARs and false positives.

    :raises RoleForbids: for a role that may not tune rules.
    """
    require(actor, Action.TUNE)
    with uow:
        outcomes = list(uow.outcomes.alerts())
    rules = _scores(outcomes, at, lambda one: (one.rule, ""))
    months = _scores(outcomes, at, lambda one: (one.rule, f"{one.raised_at:%Y-%m}"))
    fired = {one.rule for one in outcomes}
    return Scorecard(
        rules=tuple(sorted(rules, key=lambda score: (-score.alerts, score.rule))),
        months=tuple(sorted(months, key=lambda score: (score.rule, score.month))),
        silent=tuple(rule.name for rule in RULES if rule.name not in fired),
    )


def _scores(
    outcomes: Sequence[AlertOutcome], at: datetime, group: Callable[[AlertOutcome], tuple[str, str]]
) -> list[Score]:
    grouped: dict[tuple[str, str], list[AlertOutcome]] = defaultdict(list)
    for outcome in outcomes:
        grouped[group(outcome)].append(outcome)
    return [_score(rule, month, found, at) for (rule, month), found in grouped.items()]


def _score(rule: str, month: str, found: Sequence[AlertOutcome], at: datetime) -> Score:
    decided = [one for one in found if one.disposition]
    opened = {one.case_id: one.opened_at for one in found if one.case_id and one.closed_at is None and one.opened_at}
    ages = sorted((at - opened_at).days for opened_at in opened.values())
    return Score(
        rule=rule,
        month=month,
        alerts=len(found),
        cases=len({one.case_id for one in found if one.case_id}),
        sars=len({one.case_id for one in decided if one.disposition == Disposition.SAR}),
        false_positives=proportion(sum(one.disposition == Disposition.NO_SAR for one in decided), len(decided)),
        age_days=ages[len(ages) // 2] if ages else None,
    )
