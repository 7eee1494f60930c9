"""Into which cases a run's alerts go, and what it tells of those that were there.

A run may raise hundreds of alerts about as many customers. Their events are those of so many steps, one after the other; the
database is asked for all of their cases at once and told at once what became of them, so that a run takes a few trips to it and not a
few for each alert.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from casedesk.detection.reconcile import Reconciliation
from casedesk.domain import events
from casedesk.domain.alerts import Alert
from casedesk.domain.events import Event
from casedesk.domain.people import Person
from casedesk.services import intake
from casedesk.services.steps import Together
from casedesk.store.unit_of_work import Writing


def store(
    uow: Writing, new: Sequence[Alert], plan: Reconciliation, run_id: str, actor: Person, at: datetime
) -> tuple[int, int]:
    """Store within a run's transaction the alerts it raised, found otherwise and found no longer, and what it makes of the cases.

    New alerts join their customer's open case, or open one together.

    :param new: of the plan's new alerts, those that nothing hides.
    :raises StaleCase: if one of the cases was changed since it was read here.
    :return: how many cases were opened, and how many joined.
    """
    by_customer: dict[str, list[Alert]] = {}
    for alert in new:
        by_customer.setdefault(alert.customer_id, []).append(alert)
    joined = uow.cases.open_of_each(by_customer)
    without = [customer_id for customer_id in by_customer if customer_id not in joined]
    opened = dict(zip(without, uow.cases.next_ids(at.year, len(without)), strict=True)) if without else {}
    homes = joined | opened
    changed = _changed(uow, plan)
    followed = list(_followed(changed, plan, run_id))
    cases = Together(uow, {*homes.values(), *(case_id for case_id, _ in followed)}, actor, at)
    for customer_id, alerts in by_customer.items():
        if customer_id in opened:
            cases.record(homes[customer_id], intake.opening(alerts))
        for alert in alerts:
            cases.record(homes[customer_id], intake.told(events.AlertAttached, alert))
    for case_id, event in followed:
        cases.record(case_id, event)
    cases.save()  # ahead of the alerts, whose rows refer to those of their cases
    uow.alerts.insert([replace(alert, case_id=homes[alert.customer_id]) for alert in new])
    uow.alerts.grow(changed)
    uow.alerts.lapse([one.alert_id for one in plan.lapsed], run_id)
    return len(opened), len(joined)


def _changed(uow: Writing, plan: Reconciliation) -> list[tuple[Alert, Alert]]:
    """Return the alerts that grew, and then those that were found otherwise, each as it is stored and as it is now."""
    found = [*(growth.alert for growth in plan.grown), *plan.revised]
    stored = {alert.alert_id: alert for alert in uow.alerts.get_many([alert.alert_id for alert in found])}
    pairs = ((stored[alert.alert_id], alert) for alert in found)
    # a file may have named the account's holder since; the alert stays about whom its case is about
    return [(was, replace(alert, customer_id=was.customer_id)) for was, alert in pairs]


def _followed(changed: Sequence[tuple[Alert, Alert]], plan: Reconciliation, run_id: str) -> Iterator[tuple[str, Event]]:
    """Yield what happens to the cases of alerts that were there, each with its case. An alert that no case holds has no events."""
    grown = {growth.alert.alert_id for growth in plan.grown}
    for _, alert in changed:
        if alert.case_id:
            kind = events.AlertGrown if alert.alert_id in grown else events.AlertRevised
            yield alert.case_id, intake.told(kind, alert)
    for one in plan.lapsed:
        if one.case_id:
            yield one.case_id, events.AlertLapsed(alert_id=one.alert_id, rule=one.rule, run_id=run_id, by=one.by)
