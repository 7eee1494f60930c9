"""Work on a case: notes, the disposition, its approval or return, reopening, and the suspicion date."""

from __future__ import annotations

from datetime import datetime

from casedesk.domain import casework, events
from casedesk.domain.cases import Case, Disposition, Stage
from casedesk.domain.ledger import Recorded
from casedesk.domain.narrative import require_fresh
from casedesk.domain.people import Action, Person, require
from casedesk.services import narratives, report_forms
from casedesk.services.steps import present, record, seen
from casedesk.store.unit_of_work import Writing


def add_note(
    *, uow: Writing, actor: Person, at: datetime, case_id: str, seen_version: int | None, text: str, via: str = "app"
) -> Recorded:
    """Write a note on an open case."""
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.ADD_NOTE, case_id, seen_version)
        _, row = record(uow, case, casework.add_note(case, actor, text, via), actor, at)
        uow.commit()
    return row


def set_disposition(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    case_id: str,
    seen_version: int | None,
    disposition: Disposition,
    text: str,
    base_currency: str,
    approval_required: bool = True,
    via: str = "app",
) -> Recorded:
    """Decide a case: No SAR with a rationale, SAR with a narrative, Escalate with a reason.

    :param text: may hold figures such as ``{{sum:case}}`` (:mod:`casedesk.domain.narrative`).
    :param approval_required: the desk's policy; a small firm may switch the second pair of eyes off, a person may not.
    :raises BadFigure: if a figure cannot be told.
    :raises Unfinished: if a report has gaps, or figures that policy bars.
    """
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.SET_DISPOSITION, case_id, seen_version)
        said = narratives.written(uow, case, disposition, text, base_currency, at.date())
        event = casework.set_disposition(case, actor, disposition, said, at, via, approval_required=approval_required)
        changed, row = record(uow, case, event, actor, at)
        if changed.stage is Stage.CLOSED and disposition is Disposition.SAR:
            report_forms.freeze_open(uow, changed, actor, at, decision=row.event_id, approval=event.approval, via=via)
        uow.commit()
    return row


def approve(
    *, uow: Writing, actor: Person, at: datetime, case_id: str, seen_version: int | None, via: str = "app"
) -> Recorded:
    """Approve a SAR somebody else made, and close the case. The form of its report, if there is one, is frozen with it.

    :raises StaleFigure: if a figure of its narrative is no longer what the evidence gives.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.APPROVE)
        dossier = uow.cases.dossier(case_id, seen_version=seen_version)
        event = casework.approve(dossier, actor, via)
        decision = _require_fresh(uow, dossier.case)
        changed, row = record(uow, dossier.case, event, actor, at)
        report_forms.freeze_open(uow, changed, actor, at, decision=decision, approval="required", via=via)
        uow.commit()
    return row


def _require_fresh(uow: Writing, case: Case) -> int:
    """Refuse a narrative with a stale figure; return the event of the decision that it stands in."""
    decision = narratives.last_decision(uow.ledger.of(case.case_id))
    bound = decision.data.get("bound", {}) if decision is not None else {}
    if decision is not None and bound:
        evidence = narratives.evidence_of(uow, case, uow.alerts.of_case(case.case_id), bound["currency"])
        require_fresh(decision.notes, bound, evidence)
    return decision.event_id if decision is not None else 0


def send_back(
    *, uow: Writing, actor: Person, at: datetime, case_id: str, seen_version: int | None, reason: str, via: str = "app"
) -> Recorded:
    """Return a SAR to its maker with a reason."""
    with uow:
        actor = present(uow, actor)
        require(actor, Action.RETURN)
        dossier = uow.cases.dossier(case_id, seen_version=seen_version)
        _, row = record(uow, dossier.case, casework.send_back(dossier, actor, reason, via), actor, at)
        uow.commit()
    return row


def reopen(
    *, uow: Writing, actor: Person, at: datetime, case_id: str, seen_version: int | None, reason: str, via: str = "app"
) -> Recorded:
    """Open a closed case again."""
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.REOPEN, case_id, seen_version)
        _, row = record(uow, case, casework.reopen(case, actor, reason, via), actor, at)
        uow.commit()
    return row


def move_suspicion(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    case_id: str,
    seen_version: int | None,
    suspicion_at: datetime,
    suspect_identified: bool,
    reason: str,
    via: str = "app",
) -> Recorded:
    """Set anew when the facts were first detected; the clock follows."""
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.MOVE_SUSPICION, case_id, seen_version)
        event = casework.move_suspicion(case, actor, suspicion_at, suspect_identified, reason, at, via)
        _, row = record(uow, case, event, actor, at)
        uow.commit()
    return row


def read_narrative(*, uow: Writing, actor: Person, at: datetime, case_id: str, via: str = "app") -> Recorded | None:
    """Record that somebody was shown a case with a report they did not write, narrative or form; once per person and report.

    Who has no need to know is shown nothing, so there is nothing to record either.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.VIEW_CASE)
        dossier = uow.cases.dossier(case_id)
        if not dossier.disclosed_to(actor) or not narratives.unread_report(uow.ledger.of(case_id), actor.user_id):
            return None
        _, row = record(uow, dossier.case, events.NarrativeRead(via=via), actor, at)
        uow.commit()
    return row
