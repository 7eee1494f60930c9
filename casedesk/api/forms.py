"""`/api/v1/cases/{id}/form...`: the form of a report. Who has no need to know is answered as on a case that has none."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from casedesk.api.access import Acts, Call, Reads
from casedesk.api.cases import CaseId, read
from casedesk.api.problems import answers
from casedesk.api.steps import Done, Step, done, on_case
from casedesk.domain.filings import Filing
from casedesk.domain.reports.institution import Institution
from casedesk.domain.reports.report import Report
from casedesk.errors import CasedeskError
from casedesk.services import report_forms
from casedesk.services.report_forms import Form

router = APIRouter(prefix="/api/v1", tags=["filings"])


class FilingOut(BaseModel):
    """One report of a case, as far as it has come. ``bsa_id`` is empty until the filing system gave one."""

    filing_id: str
    case_id: str
    state: str
    kind: str
    digest: str
    drafted_by: str
    approved_by: str
    batch_id: str
    place: int
    tracking_id: str
    bsa_id: str


class FindingOut(BaseModel):
    """What the linter finds, and in which part of the form it is mended. An error keeps the form out of a batch."""

    code: str
    severity: str
    part: str
    sentence: str


class FormOut(BaseModel):
    """The form as it stands, and every report of the case, the oldest first."""

    case_id: str
    version: int = Field(description="What saving or approving has to carry.")
    saved: bool = Field(description="Whether somebody saved it; otherwise the desk filled it in just now.")
    report: Report
    filings: list[FilingOut]
    findings: list[FindingOut] | None = Field(description="What the linter finds; null where it cannot be asked.")
    unchecked: str = Field(description="Why the linter cannot be asked; empty where it was.")


class Filled(Step):
    """The form as its owner filled it in. What is not known yet is left out."""

    report: Report


@router.get(
    "/cases/{case_id}/form", summary="The form of a case's report", responses=answers(401, 403, 404, 422, 429, 503)
)
def form(call: Reads, case_id: CaseId) -> FormOut:
    """Return the form, filled in by the desk as far as nobody saved it, with what the linter finds in it.

    That somebody was shown a report they did not write is recorded, as in the app. Without need to know the answer is a 404 with the same words,
    whether the case has a report or none.
    """
    profile, why = _profile(call)
    found = report_forms.read(
        uow=call.desk.reading(), actor=call.actor, case_id=case_id,
        base_currency=call.desk.settings.base_currency, institution=profile,
    )  # fmt: skip
    case = read(call, case_id).case
    findings, unchecked = _findings(call, found, case.decision_text, profile, why)
    return FormOut(
        case_id=case_id, version=case.version, saved=found.saved, report=found.report,
        filings=[filing(one) for one in found.filings], findings=findings, unchecked=unchecked,
    )  # fmt: skip


@router.put(
    "/cases/{case_id}/form", summary="Save the form of a case's report (its owner)",
    responses=answers(400, 401, 403, 404, 409, 413, 422, 429, 503),
)  # fmt: skip
def save(call: Acts, case_id: CaseId, filled: Filled) -> Done:
    """Save the form whole, in place of what was saved before. It is frozen together with the decision that closes the case.

    A manager who returns the decision (`POST /api/v1/cases/{case_id}/return`) thereby sends the form back; it can be saved again then.
    """
    return done(report_forms.save(**on_case(call, case_id, filled), report=filled.report))


@router.post(
    "/cases/{case_id}/form/approve", summary="Approve a form by itself (managers who have not touched the case)",
    responses=answers(400, 401, 403, 404, 409, 413, 422, 429, 503),
)  # fmt: skip
def approve(call: Acts, case_id: CaseId, step: Step) -> Done:
    """Approve the form of a case that was closed before it had one. Otherwise it is approved with the decision."""
    return done(report_forms.approve(**on_case(call, case_id, step)))


def filing(one: Filing) -> FilingOut:
    """Tell of a report."""
    return FilingOut(**{name: getattr(one, name) for name in FilingOut.model_fields})


def _profile(call: Call) -> tuple[Institution | None, str]:
    """Return the institution's profile, or None with the reason; a form can be filled in without one."""
    try:
        return call.desk.institution(), ""
    except CasedeskError as refusal:
        return None, str(refusal)


def _findings(
    call: Call, found: Form, narrative: str, profile: Institution | None, why: str
) -> tuple[list[FindingOut] | None, str]:
    if profile is None:
        return None, why
    try:
        problems = report_forms.check(found.report, narrative, profile, call.at.date())
    except CasedeskError as refusal:
        return None, str(refusal)
    return [FindingOut(**{name: getattr(one, name) for name in FindingOut.model_fields}) for one in problems], ""
