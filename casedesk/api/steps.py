"""`POST /api/v1/cases/...`: every step on a case, by the use cases and permissions of the app."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from casedesk.api.access import Acts, Call
from casedesk.api.cases import CaseId
from casedesk.api.instants import Instant
from casedesk.api.problems import answers
from casedesk.domain.cases import Disposition
from casedesk.domain.casework import CHECKLIST, Review
from casedesk.domain.ledger import Recorded
from casedesk.services import assignment, decisions, intake, quality, steps

router = APIRouter(prefix="/api/v1", tags=["steps"], responses=answers(400, 401, 403, 404, 409, 413, 422, 429, 503))


#: Without NUL, which PostgreSQL cannot keep in a text. How long one may be is the desk's to refuse.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
UserId = Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]


OneAlert = Annotated[str, Field(pattern=r"^A-[0-9A-F]{12}$", examples=["A-0123456789AB"])]


class Step(BaseModel):
    """A step on a case as somebody saw it."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=0, le=2**31 - 1, description="The case's version that was seen; an older one is refused.")


class WithText(Step):
    """A step that needs words."""

    text: Text


class WithReason(Step):
    """A step that has a reason."""

    reason: Text = ""


class ToSomebody(WithReason):
    """A step that gives the case to a colleague."""

    to: UserId


class Decision(WithText):
    """A decision: No SAR with a rationale, SAR with a narrative, Escalate with a reason."""

    disposition: Annotated[Disposition, Field(json_schema_extra={"enum": ["No SAR", "SAR", "Escalate"]})]


class Reviewed(Step):
    """A QA review. A pass needs the whole checklist, a fail a severity and the finding."""

    passed: bool
    checklist: list[Annotated[str, Field(json_schema_extra={"enum": list(CHECKLIST)})]] = Field(max_length=20)
    severity: Annotated[str, Field(json_schema_extra={"enum": ["", "Minor", "Major", "Critical"]})] = ""
    notes: Text = ""


class Suspicion(WithReason):
    """When the facts were first detected, set anew (31 CFR 1020.320(b)(3))."""

    suspicion_at: Instant
    suspect_identified: bool


class NewCase(BaseModel):
    """From which alerts a case is opened."""

    model_config = ConfigDict(extra="forbid")

    alert_ids: Annotated[list[OneAlert], Field(min_length=1, max_length=100)]


class WithAlert(Step):
    """A step that adds an alert."""

    alert_id: OneAlert


class Opened(BaseModel):
    """The case that was opened, in the version that the next step has to carry."""

    case_id: str
    version: int


class Done(BaseModel):
    """The event that the step left in the ledger."""

    event_id: int
    case_id: str
    ts: str
    user: str
    action: str
    event_hash: str


@router.post("/take-next", summary="Take the most urgent case that nobody holds")
def take_next(call: Acts) -> Done:
    """Give the most urgent unassigned case to whom the key acts as; never the same one to two."""
    return done(assignment.take_next(**call.step))


@router.post("/cases", summary="Open a case from alerts that no case holds")
def open_case(call: Acts, new: NewCase) -> Opened:
    """Open a case from alerts of one customer."""
    case = intake.open_case(**call.step, alert_ids=new.alert_ids)
    return Opened(case_id=case.case_id, version=case.version)


@router.post("/cases/{case_id}/alerts", summary="Attach an alert to an open case")
def attach(call: Acts, case_id: CaseId, step: WithAlert) -> Done:
    """Attach an alert to an open case of the same customer."""
    arguments = {
        name: value for name, value in on_case(call, case_id, step).items() if name != "via"
    }  # its event has none
    return done(intake.attach_alert(**arguments, alert_id=step.alert_id))


@router.post("/cases/{case_id}/take", summary="Take a case that nobody holds")
def take(call: Acts, case_id: CaseId, step: Step) -> Done:
    """Make an unowned case one's own."""
    return done(assignment.take(**on_case(call, case_id, step)))


@router.post("/cases/{case_id}/assign", summary="Give a case to somebody (managers)")
def assign(call: Acts, case_id: CaseId, step: ToSomebody) -> Done:
    """Give a case to somebody."""
    return done(assignment.assign(**on_case(call, case_id, step), to=step.to, reason=step.reason))


@router.post("/cases/{case_id}/hand-over", summary="Give one's own case to a colleague")
def hand_over(call: Acts, case_id: CaseId, step: ToSomebody) -> Done:
    """Give one's own case to a colleague, with a reason."""
    return done(assignment.hand_over(**on_case(call, case_id, step), to=step.to, reason=step.reason))


@router.post("/cases/{case_id}/release", summary="Put a case back into the queue")
def release(call: Acts, case_id: CaseId, step: WithReason) -> Done:
    """Put a case back into the queue."""
    return done(assignment.release(**on_case(call, case_id, step), reason=step.reason))


@router.post("/cases/{case_id}/note", summary="Write a note on an open case")
def note(call: Acts, case_id: CaseId, step: WithText) -> Done:
    """Write a note. It cannot be changed afterwards."""
    return done(decisions.add_note(**on_case(call, case_id, step), text=step.text))


@router.post("/cases/{case_id}/disposition", summary="Decide a case")
def decide(call: Acts, case_id: CaseId, step: Decision) -> Done:
    """Decide a case; a SAR waits for a second person."""
    settings = call.desk.settings
    return done(
        decisions.set_disposition(
            **on_case(call, case_id, step), disposition=step.disposition, text=step.text,
            base_currency=settings.base_currency, approval_required=settings.approval_required,
        )
    )  # fmt: skip


@router.post("/cases/{case_id}/approve", summary="Approve a decision (managers who have not touched the case)")
def approve(call: Acts, case_id: CaseId, step: Step) -> Done:
    """Approve a decision that somebody else made."""
    return done(decisions.approve(**on_case(call, case_id, step)))


@router.post("/cases/{case_id}/return", summary="Return a decision (managers who have not touched the case)")
def send_back(call: Acts, case_id: CaseId, step: WithReason) -> Done:
    """Return a decision to its maker, with a reason. The form of its report, if there is one, can be saved again then."""
    return done(decisions.send_back(**on_case(call, case_id, step), reason=step.reason))


@router.post("/cases/{case_id}/reopen", summary="Open a closed case again (managers)")
def reopen(call: Acts, case_id: CaseId, step: WithReason) -> Done:
    """Open a closed case again, with a reason."""
    return done(decisions.reopen(**on_case(call, case_id, step), reason=step.reason))


@router.post("/cases/{case_id}/review", summary="Review a closed case (QA)")
def review(call: Acts, case_id: CaseId, step: Reviewed) -> Done:
    """Pass or fail a closed case."""
    form = Review(step.passed, frozenset(step.checklist), step.notes, step.severity)
    return done(quality.review(**on_case(call, case_id, step), form=form))


@router.post("/cases/{case_id}/suspicion", summary="Move the suspicion date")
def suspicion(call: Acts, case_id: CaseId, step: Suspicion) -> Done:
    """Set anew when the facts were first detected, with a reason; the clock follows."""
    return done(
        decisions.move_suspicion(
            **on_case(call, case_id, step), suspicion_at=step.suspicion_at,
            suspect_identified=step.suspect_identified, reason=step.reason,
        )
    )  # fmt: skip


def on_case(call: Call, case_id: str, step: Step) -> dict[str, Any]:
    """Return the arguments that a step on a case takes."""
    version = steps.true_version(uow=call.desk.reading(), actor=call.actor, case_id=case_id, version=step.version)
    return call.step | {"case_id": case_id, "seen_version": version}


#: What is told of a step; not its number within the case, which would tell a stranger of hidden steps.
_TOLD: Final = tuple(Done.model_fields)


def done(row: Recorded) -> Done:
    """Tell of the event that a step left."""
    return Done(**{name: getattr(row, name) for name in _TOLD})
