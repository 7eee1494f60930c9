"""From alerts to cases: open a case, attach an alert to a customer's open case, and the events that say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casedesk.domain import events
from casedesk.domain.alerts import Alert, alert_digest
from casedesk.domain.cases import Case, require_step
from casedesk.domain.events import Event
from casedesk.domain.history import after
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import canonical
from casedesk.domain.people import Action, Person, require
from casedesk.errors import Conflict, Invalid, NotFound
from casedesk.services.steps import present, record, seen
from casedesk.store.unit_of_work import Writing


class NoSuchAlert(NotFound):
    """One of the alerts does not exist."""


class WrongCustomer(Invalid):
    """The alert is about somebody else."""


class AlertTaken(Conflict):
    """The alert is in a case already."""


def open_case(*, uow: Writing, actor: Person, at: datetime, alert_ids: Sequence[str], via: str = "app") -> Case:
    """Open a case from alerts of one customer that no case holds.

    :raises Invalid: without alerts, or for alerts of two customers.
    :raises AlertTaken: if one is in a case already.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.OPEN_CASE)
        case = start_case(uow, _loose(uow, alert_ids), actor, at)
        uow.commit()
    return case


def attach_alert(
    *, uow: Writing, actor: Person, at: datetime, case_id: str, seen_version: int | None, alert_id: str
) -> Recorded:
    """Attach an alert to an open case of the same customer.

    :raises WrongCustomer: if the alert is about another customer.
    """
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.ATTACH_ALERT, case_id, seen_version)
        (alert,) = _loose(uow, [alert_id])
        _, row = attach(uow, case, alert, actor, at)
        uow.commit()
    return row


def _loose(uow: Writing, alert_ids: Sequence[str]) -> tuple[Alert, ...]:
    found = {alert.alert_id: alert for alert in uow.alerts.get_many(alert_ids)}
    if not alert_ids:
        raise Invalid("No alert is selected; a case is opened from at least one alert.")
    for alert_id in alert_ids:
        if alert_id not in found:
            raise NoSuchAlert(f"There is no alert “{alert_id}”.")
        if found[alert_id].case_id:
            raise AlertTaken(f"Alert {alert_id} is in case {found[alert_id].case_id} already.")
    return tuple(found[alert_id] for alert_id in dict.fromkeys(alert_ids))


def start_case(uow: Writing, alerts: Sequence[Alert], actor: Person, at: datetime) -> Case:
    """Open a case within a transaction."""
    event = opening(alerts)
    case_id = uow.cases.next_id(at.year)
    row = uow.ledger.append(event, stream=case_id, user=actor.user_id, at=at)
    case = after(None, row, uow.cases.policy)
    uow.cases.insert(case)
    for alert in alerts:
        case, _ = attach(uow, case, alert, actor, at)
    return case


def attach(uow: Writing, case: Case, alert: Alert, actor: Person, at: datetime) -> tuple[Case, Recorded]:
    """Attach an alert within a transaction."""
    require_step(case.case_id, case.stage, Action.ATTACH_ALERT)
    if alert.customer_id != case.customer_id:
        raise WrongCustomer(
            f"Alert {alert.alert_id} is about customer {alert.customer_id}; case {case.case_id} is about "
            f"{case.customer_id}."
        )
    uow.alerts.set_case([alert.alert_id], case.case_id)
    return record(uow, case, told(events.AlertAttached, alert), actor, at)


def opening(alerts: Sequence[Alert]) -> events.CaseOpened:
    """Return the event that opens a case of these alerts. The suspicion date starts provisionally at the earliest.

    The alert is not the initial detection of facts (FFIEC manual), but it is the earliest it can have been: the clock
    starts there until somebody sets the date with a reason.

    :raises WrongCustomer: if they are about more than one customer.
    """
    customers = {alert.customer_id for alert in alerts}
    if len(customers) != 1:
        raise WrongCustomer(f"A case is about one customer; these alerts are about {len(customers)}.")
    alerted = canonical(min(alert.raised_at for alert in alerts if alert.raised_at is not None))
    return events.CaseOpened(
        customer_id=customers.pop(), alerted_at=alerted, suspicion_at=alerted, suspect_identified=True
    )


def told(kind: type[events.AlertAttached] | type[events.AlertGrown] | type[events.AlertRevised], alert: Alert) -> Event:
    """Return the event that tells of an alert as it is now: that it came, grew, or was found otherwise."""
    return kind(
        alert_id=alert.alert_id,
        rule=alert.rule,
        rule_version=alert.rule_version,
        severity=alert.severity,
        amount_minor=str(alert.amount_minor),
        transactions=len(alert.transaction_ids),
        digest=alert_digest(alert),
        notes=alert.sentence,
    )
