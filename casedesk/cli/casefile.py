"""`casedesk case show`: one case whole, with what the reader has no need to know left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import As, Json, Session, opened
from casedesk.domain.counts import counted
from casedesk.domain.events import KINDS
from casedesk.domain.money import format_minor

if TYPE_CHECKING:
    from casedesk.domain.alerts import Alert
    from casedesk.domain.ledger import Recorded
    from casedesk.services.casefile import CaseFile


def show(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case id, such as C-26-00042.")],
    user: As = "",
    json: Json = False,
) -> None:
    """Show a case: its customer, alerts, clock, decision and events."""
    with opened(user) as session:
        found = _read(session, case)
        currency = session.desk.settings.base_currency
    emit(_json(found, currency)) if json else _tell(found, currency)


def _read(session: Session, case_id: str) -> CaseFile:
    """Read the case, and record that its text was shown, if it was and had to be."""
    from casedesk.services import casefile, decisions, narratives

    found = casefile.read(uow=session.desk.reading(), actor=session.actor, case_id=case_id)
    if not found.disclosed or not narratives.unread_report(found.events, session.actor.user_id):
        return found
    decisions.read_narrative(uow=session.desk.writing(), actor=session.actor, at=session.at, case_id=case_id, via="cli")
    return casefile.read(uow=session.desk.reading(), actor=session.actor, case_id=case_id)


def _json(found: CaseFile, currency: str) -> dict[str, Any]:
    case = found.case
    names = (
        "case_id", "customer_id", "owner", "opened_at", "alerted_at", "suspicion_at", "suspect_identified",
        "decision_text", "decided_by", "decided_at", "approved_by", "approved_at", "closed_at", "qa_reviewer",
        "qa_reviewed_at", "qa_severity", "qa_notes",
    )  # fmt: skip
    return {
        **{name: getattr(case, name) for name in names},
        "status": case.status.value,
        "stage": found.stage.value,
        "disposition": case.disposition.value if found.disclosed else None,
        "qa_status": case.qa_status.value,
        "version": case.version,  # of what is shown: the true one counts hidden steps, too
        "risk": case.risk.value,
        "due_on": case.clock.due_on,
        "clock": case.clock.explain(),
        "holds": [hold.event for hold in found.holds],
        "clocks": [{"kind": c.kind.value, "due_on": c.due_on, "clock": c.explain()} for c in found.clocks],
        "amount_minor": case.amount_minor,
        "currency": currency,
        "disclosed": found.disclosed,
        "chain": found.chain.verdict.value,
        "customer": {"name": found.customer.name, "kind": found.customer.kind.value, "country": found.customer.country},
        "accounts": [account.account_id for account in found.accounts],
        "alerts": [_alert(alert) for alert in found.alerts],
        "events": [_event(event) for event in found.events],
    }


def _alert(alert: Alert) -> dict[str, Any]:
    names = (
        "alert_id", "rule", "rule_version", "account_id", "window_start", "window_end", "severity", "amount_minor",
        "sentence", "transaction_ids",
    )  # fmt: skip
    return {name: getattr(alert, name) for name in names}


def _event(event: Recorded) -> dict[str, Any]:
    names = ("event_id", "case_seq", "ts", "user", "action", "notes", "event_hash")
    return {name: getattr(event, name) for name in names} | {"meta": event.data}


def _tell(found: CaseFile, currency: str) -> None:
    from casedesk.services.rule_titles import title

    case = found.case
    owner = found.names.get(case.owner, case.owner) or "nobody"
    say(f"{case.case_id}  {found.customer.name} ({found.customer.customer_id})")
    say(f"{found.stage.value}, {case.risk.value} risk, held by {owner}, version {case.version}")
    say(f"{currency} {format_minor(case.amount_minor, currency)} in {counted(case.transactions, 'transaction')}")
    say(case.clock.explain())
    for hold in found.holds:
        say(f"Legal hold of event {hold.event}, by {hold.placed_by}: {hold.reason}")
    for clock in found.clocks:
        say(f"{clock.kind.value.capitalize()}: {clock.explain()}")
    if found.disclosed and case.disposition:
        say(f"Decision: {case.disposition.value}, by {found.names.get(case.decided_by, case.decided_by)}")
    if case.decision_text:
        say(f"\n{case.decision_text}")
    say()
    table(
        ("Alert", "Rule", "Severity", "Account", "What was found"),
        ((a.alert_id, title(a.rule), a.severity, a.account_id, a.sentence) for a in found.alerts),
    )
    say()
    table(
        ("Event", "Time", "User", "What happened", "Hash", "Notes"),
        (
            (e.event_id, f"{e.ts[:16]}Z", e.user, KINDS[e.action].title, e.event_hash[:8], _cut(e.notes))
            for e in found.events
        ),
    )
    say(f"\nChain: {found.chain.verdict.value}")


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
