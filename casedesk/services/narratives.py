"""Narratives while they are written: the figures that can be bound, what a text would say, what a reader would ask, a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from casedesk.detection.rules import RULES
from casedesk.domain.alerts import Alert
from casedesk.domain.cases import Case, Disposition
from casedesk.domain.events import DispositionSet, FilingDrafted, NarrativeRead
from casedesk.domain.ledger import Recorded, normalise
from casedesk.domain.narrative import FIGURES, BadFigure, Evidence, Piece, Rendered, render, template
from casedesk.domain.narrative_remarks import Remark, draft, remarks
from casedesk.domain.people import Action, Person, require
from casedesk.domain.policy import in_force
from casedesk.domain.transactions import Customer, Transaction
from casedesk.errors import Invalid
from casedesk.services import rule_titles
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "FIGURES",
    "Proof",
    "Remark",
    "Unfinished",
    "draft_of",
    "evidence_of",
    "last_decision",
    "proof",
    "typed_before",
    "unread_report",
    "written",
]


class Unfinished(Invalid):
    """The narrative has gaps, or figures that policy bars."""

    def __init__(self, barred: Sequence[Remark]) -> None:
        more = f" And {len(barred) - 1} more." if len(barred) > 1 else ""
        super().__init__(f"{barred[0].sentence}{more}")


@dataclass(frozen=True, slots=True)
class Proof:
    """A narrative as it would be sent. ``refusal`` says why it cannot be; then the text is as it was typed."""

    text: str
    remarks: tuple[Remark, ...] = ()
    refusal: str = ""
    figures: int = 0


def evidence_of(uow: Reading | Writing, case: Case, alerts: Sequence[Alert], currency: str) -> Evidence:
    """Return what figures of a case can be bound to. Call it inside an open unit of work."""
    own = {account.account_id for account in uow.parties.accounts_of(case.customer_id)}
    ids = sorted({one for alert in alerts for one in alert.transaction_ids})
    pieces = {t.transaction_id: _piece(t, own) for t in uow.transactions.get_many(ids)}
    return Evidence(pieces, {alert.alert_id: alert.transaction_ids for alert in alerts}, currency)


def _piece(t: Transaction, own: set[str]) -> Piece:
    if t.from_account in own:
        direction, account, other = "out", t.from_account, t.to_account
    elif t.to_account in own:
        direction, account, other = "in", t.to_account, t.from_account
    else:
        direction = account = other = ""
    return Piece(t.transaction_id, t.booked_at, t.base_minor, direction, account, other)


def written(uow: Writing, case: Case, disposition: Disposition, text: str, currency: str, on: date) -> Rendered:
    """Put the figures into a text as the ledger will keep it. Call it inside an open unit of work.

    :raises BadFigure: if a binding cannot be told.
    :raises Unfinished: if a report is not finished, or a figure that nothing bears out is barred by policy.
    """
    typed = normalise(text.strip()).replace("\r\n", "\n")  # before figures are bound to positions in it
    if "{{" not in typed and disposition is not Disposition.SAR:
        return Rendered(typed)
    evidence = evidence_of(uow, case, uow.alerts.of_case(case.case_id), currency)
    rendered = render(typed, evidence)
    if normalise(rendered.text) != rendered.text:
        raise BadFigure("A figure stands right before an accent that would change it; put a space between them.")
    if disposition is Disposition.SAR:
        customer = uow.parties.customer(case.customer_id)
        barred = [remark for remark in _asked(rendered, evidence, customer, on) if remark.blocks]
        if barred:
            raise Unfinished(barred)
    return rendered


def proof(*, uow: Reading, actor: Person, case_id: str, text: str, base_currency: str, on: date) -> Proof:
    """Show a narrative as it would be sent, with what a reader would ask."""
    require(actor, Action.SET_DISPOSITION)
    with uow:
        case = uow.cases.get(case_id)
        evidence = evidence_of(uow, case, uow.alerts.of_case(case_id), base_currency)
        customer = uow.parties.customer(case.customer_id)
    try:
        rendered = render(normalise(text.strip()), evidence)
    except BadFigure as error:
        return Proof(text, refusal=str(error))
    return Proof(rendered.text, _asked(rendered, evidence, customer, on), figures=len(rendered.figures))


def _asked(rendered: Rendered, evidence: Evidence, customer: Customer, on: date) -> tuple[Remark, ...]:
    names = (customer.name, customer.customer_id, *{piece.account for piece in evidence.pieces.values()})
    blocks = bool(in_force("unbound_figure_blocks", on).value)
    return remarks(rendered, evidence, names=names, known=_thresholds(), blocks=blocks)


def _thresholds() -> set[int]:
    """Return the amounts among the rules' parameters as shipped: a narrative may speak of a reporting line.

    Not those of the alerts: some are samples from below a rule's line, and whoever judges them must not know which.
    """
    values = (rule.parameters.values() for rule in RULES)
    return {value for one in values for name, value in one.items() if name.endswith("_minor")}


def draft_of(*, uow: Reading, actor: Person, case_id: str) -> str:
    """Compose a first draft, figures bound."""
    require(actor, Action.SET_DISPOSITION)
    with uow:
        case = uow.cases.get(case_id)
        alerts = sorted(uow.alerts.of_case(case_id), key=lambda alert: (alert.window_start, alert.alert_id))
        customer = uow.parties.customer(case.customer_id)
    told = [(alert.alert_id, rule_titles.title(alert.rule), alert.sentence) for alert in alerts]
    return draft(customer.name, customer.customer_id, told)


def last_decision(events: Sequence[Recorded]) -> Recorded | None:
    """Return the newest decision among the events of a case."""
    return next((event for event in reversed(events) if event.action == DispositionSet.action), None)


def unread_report(events: Sequence[Recorded], user_id: str) -> bool:
    """Say whether among these events of a case is a report that a person neither wrote nor is on record as reading.

    A narrative that was returned, or that another decision followed, is as confidential as one that was approved; and so is a form
    that somebody only began.
    """
    reports = (event for event in events if event.user != user_id and _reports(event))
    newest = max((event.event_id for event in reports), default=0)
    read = (e for e in events if e.action == NarrativeRead.action and e.user == user_id)
    return bool(newest) and not any(event.event_id > newest for event in read)


def _reports(event: Recorded) -> bool:
    if event.action != DispositionSet.action:
        return event.action == FilingDrafted.action
    try:
        return bool(event.data["disposition"] == Disposition.SAR)
    except (KeyError, TypeError, ValueError):
        return True  # edited behind the desk's back: rather recorded in vain than not at all


def typed_before(events: Sequence[Recorded]) -> str:
    """Return the text of the newest decision as it was typed, bindings included; empty if there was none."""
    decision = last_decision(events)
    return (
        template(decision.notes, decision.data.get("bound", {})) if decision is not None and not decision.purged else ""
    )
