"""Decide each step of a report's form: who may draft, freeze and take it back, and where the case must stand."""

from __future__ import annotations

from datetime import date

from casedesk.domain import events
from casedesk.domain.cases import Case, CaseStatus, Disposition, Stage, require_step
from casedesk.domain.casework import BadText, Dossier, require_own_step
from casedesk.domain.filings import OPEN, Filing, FilingState, require_state
from casedesk.domain.people import Action, Person, require, require_untouched
from casedesk.domain.policy import in_force
from casedesk.domain.reports.report import Report
from casedesk.errors import Conflict, Invalid, NotPermitted


class NotReported(Invalid):
    """The case was not decided as one that is reported."""


class OwnBatch(NotPermitted):
    """Whoever produced a batch would take it back."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"You produced {batch_id}, so another manager has to take it back.")


class Frozen(Conflict):
    """The form was approved, and only a case that is opened again can have another."""


def kind_of(report: Report) -> str:
    """Say what a report is: initial, or what it does with an earlier one; joint or not."""
    later = [word for word, flag in (("corrects", report.corrects), ("continuing", report.continuing)) if flag]
    return " ".join([*(later or ["initial"]), *(["joint"] if report.joint else [])])


def draft(
    case: Case, actor: Person, filing_id: str, latest: Filing | None, report: Report, digest: str, via: str
) -> events.FilingDrafted:
    """Let the owner fill in the form, while the case is worked on or after it was closed without one.

    :param latest: the newest report of the case, if it has one.
    :raises Frozen: if the form of the present decision was approved already.
    :raises NotReported: if the case was closed otherwise.
    """
    require(actor, Action.DRAFT_FILING)
    require_own_step(case, actor, Action.DRAFT_FILING)
    if case.stage is Stage.CLOSED:
        _require_reported(case)
        if latest is not None and latest.state is not FilingState.DRAFT:
            raise Frozen(
                f"The form of case {case.case_id} was approved and stays as it is; a manager can reopen the case for another."
            )
    return events.FilingDrafted(filing_id=filing_id, digest=digest, kind=kind_of(report), via=via)


def approve(dossier: Dossier, actor: Person, filing: Filing, decision: int, via: str) -> events.FilingApproved:
    """Freeze a form with the narrative of a decision. Whoever touched the case may not, managers included.

    :param decision: the event of the decision that was approved.
    """
    case = dossier.case
    require(actor, Action.APPROVE_FILING)
    require_step(case.case_id, case.stage, Action.APPROVE_FILING)
    require_untouched(actor, Action.APPROVE_FILING, dossier.touched_by(Action.APPROVE_FILING))
    return freeze(case, filing, decision, via, approval="required")


def freeze(case: Case, filing: Filing, decision: int, via: str, *, approval: str) -> events.FilingApproved:
    """Freeze a form: with a second person's approval, or without where policy has switched that off."""
    _require_reported(case)
    require_state(filing, events.FilingApproved.action)
    return events.FilingApproved(
        filing_id=filing.filing_id,
        digest=filing.digest,
        decision=decision,
        maker=filing.drafted_by,
        approval=approval,
        via=via,
    )


def withdraw(filing: Filing, actor: Person, maker: str, reason: str, via: str) -> events.FilingWithdrawn:
    """Take a report back out of a batch that was not sent, with the reason. Whoever produced the batch may not.

    :param maker: who produced it.
    :raises OwnBatch: to the maker.
    :raises BadText: without a reason, or with one that is too long.
    """
    require(actor, Action.WITHDRAW_BATCH)
    if actor.user_id == maker:
        raise OwnBatch(filing.batch_id)
    require_state(filing, events.FilingWithdrawn.action)
    return events.FilingWithdrawn(
        filing_id=filing.filing_id, batch_id=filing.batch_id, maker=maker, via=via, notes=_reason(reason)
    )


def _reason(reason: str) -> str:
    text = reason.strip().replace("\r\n", "\n")
    shortest, longest = in_force("rationale_min", date.max).value, in_force("text_max", date.max).value
    if not shortest <= len(text) <= longest:
        raise BadText(
            f"Taking a batch back needs a reason of {shortest} to {longest:,} characters; this one has {len(text):,}."
        )
    return text


def open_one(filings: tuple[Filing, ...]) -> Filing | None:
    """Return the report that the form of a case shows: the newest, as long as no batch holds it."""
    return filings[-1] if filings and filings[-1].state in OPEN else None


def may_be_sent(status: CaseStatus, disposition: Disposition, filing: Filing, decision: int) -> bool:
    """Say whether a report can go into a batch: approved, and with the decision that its closed case stands by."""
    return (
        status is CaseStatus.CLOSED
        and disposition is Disposition.SAR
        and filing.state is FilingState.APPROVED
        and filing.decision == decision
    )


def _require_reported(case: Case) -> None:
    if case.disposition is not Disposition.SAR:
        raise NotReported(f"Case {case.case_id} was not closed as one that is reported; there is no form to fill in.")
