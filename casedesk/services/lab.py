"""Try a rule with other thresholds on the history, and see how the rules in force have done. Nothing is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from casedesk.detection.limits import Limits
from casedesk.detection.parameters import Described
from casedesk.detection.rules import RULES, UnknownRule
from casedesk.domain.cases import Disposition
from casedesk.domain.intervals import Proportion, proportion
from casedesk.domain.people import Action, Person, require
from casedesk.services import rules_in_force
from casedesk.services.trials import Figures, History, Moved, Trial, Week, compare, missing
from casedesk.store.outcome_reader import AlertOutcome
from casedesk.store.unit_of_work import Reading

__all__ = [
    "RULES", "Described", "Figures", "Moved", "Score", "Scorecard", "Trial", "Week", "describe", "missing", "scorecard",
    "try_rule",
]  # fmt: skip


def describe(*, look: Reading, actor: Person, rule: str) -> tuple[Described, ...]:
    """Return the parameters of a rule as they are in force; of one that is switched off, as they are shipped.

    :raises RoleForbids: for a role that may not tune rules.
    :raises UnknownRule: if no rule has the name.
    """
    require(actor, Action.TUNE)
    shipped = next((one for one in RULES if one.name == rule), None)
    if shipped is None:
        raise UnknownRule(rule)
    with look:
        found = rules_in_force.in_force(look).find(rule)
    return (found or shipped).parameters.described()


def try_rule(
    *,
    look: Reading,
    actor: Person,
    base_currency: str,
    rule: str,
    values: Mapping[str, object],
    off: bool = False,
    base: str = "",
    arrival: int | None = None,
    as_of: int | None = None,
    limits: Limits | None = None,
) -> Trial:
    """Run a rule twice over everything stored, with its thresholds in force and with ``values`` over them.

    :param off: try it switched off instead.
    :param base: the id of the rule set to try it against, ``shipped`` for the rules as shipped; empty for that in force.
    :param arrival: only what had arrived by then, as an evidence sheet names it; None for everything.
    :param as_of: with the suppressions after this event of the ledger, as an evidence sheet names it; None for now.
    :raises RoleForbids: for a role that may not tune rules.
    :raises UnknownRule: if no rule has the name.
    :raises NoSuchRuleSet: if no rule set has the id.
    :raises BadParameter: if the rule cannot take a value.
    :raises NoSuchEvent: if the ledger has no event ``as_of``.
    """
    require(actor, Action.TUNE)
    with look:
        before = rules_in_force.named(look, base)
        on = () if off or before.find(rule) else (rule,)
        after = rules_in_force.changed_by(before, {} if off else {rule: values}, off=(rule,) if off else (), on=on)
        history = History(look, arrival, as_of)
    (trial,) = compare(history, before, after, (rule,), base_currency=base_currency, limits=limits)
    return trial


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
        running = rules_in_force.in_force(uow).rules
    rules = _scores(outcomes, at, lambda one: (one.rule, ""))
    months = _scores(outcomes, at, lambda one: (one.rule, f"{one.raised_at:%Y-%m}"))
    fired = {one.rule for one in outcomes}
    return Scorecard(
        rules=tuple(sorted(rules, key=lambda score: (-score.alerts, score.rule))),
        months=tuple(sorted(months, key=lambda score: (score.rule, score.month))),
        silent=tuple(rule.name for rule in running if rule.name not in fired),
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
