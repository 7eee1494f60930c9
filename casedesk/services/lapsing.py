"""Alerts that stood by what was known, and do not stand by what arrived since.

A late payment may explain what a rule had found, or join two episodes. An alert that was raised stays where it is, in its
case; what a run then finds of it, or that it finds it no longer, becomes an event of the case. So the alerts that stand are those
of one run over everything, in whatever order transactions arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from casedesk.detection.reconcile import Reconciliation
from casedesk.detection.rule import Rule
from casedesk.domain.alerts import Alert
from casedesk.domain.people import Person
from casedesk.services import intake
from casedesk.services.run_records import RunData
from casedesk.store.alert_store import Recognisable
from casedesk.store.run_store import Finding
from casedesk.store.unit_of_work import Writing


def subjects(
    unsettled: Iterable[Alert], gone: Iterable[Finding], data: RunData, rules: Sequence[Rule]
) -> set[tuple[str, str]] | None:
    """Return the rules and accounts whose stored alerts a run has to compare with its findings; None for all.

    :param gone: what the last run found and this one does not.
    """
    if data.subjects is None:
        return None
    stirred = [one.account_id for one in data.subjects.chosen if one.since is None]
    return {
        *((alert.rule, alert.account_id) for alert in unsettled),
        *((one.rule, one.account_id) for one in gone),
        *((rule.name, account_id) for rule in rules for account_id in stirred),
    }


def judged(data: RunData, rules: Sequence[Rule], until: datetime | None) -> Callable[[Recognisable], bool]:
    """Return what tells whether a run looked where a stored alert lies, with the rule and the values that raised it.

    A run over what had been booked before an instant judges none.
    """
    if until is not None:
        return lambda _: False
    known = {rule.name: (rule.version, rule.parameters.canonical()) for rule in rules}
    moments = {rule.name: data.subjects.judged(rule) for rule in rules} if data.subjects else {}

    def looked_at(alert: Recognisable) -> bool:
        if known.get(alert.rule) != alert.values:
            return False
        there = moments.get(alert.rule)
        return there is None or not there.stands(alert.account_id, alert.window_end)

    return looked_at


def store(uow: Writing, plan: Reconciliation, run_id: str, actor: Person, at: datetime) -> None:
    """Record within a run's transaction which alerts it found otherwise, and which no longer."""
    stored = {alert.alert_id: alert for alert in uow.alerts.get_many([alert.alert_id for alert in plan.revised])}
    # as with growth, the alert stays about whom its case is about
    revised = [replace(found, customer_id=stored[found.alert_id].customer_id) for found in plan.revised]
    uow.alerts.grow([(stored[alert.alert_id], alert) for alert in revised])
    for alert in revised:
        if alert.case_id:
            intake.revise(uow, uow.cases.get(alert.case_id), alert, actor, at)
    uow.alerts.lapse([one.alert_id for one in plan.lapsed], run_id)
    for one in plan.lapsed:
        if one.case_id:
            intake.lapse(uow, uow.cases.get(one.case_id), one, run_id, actor, at)
