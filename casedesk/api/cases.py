"""`GET /api/v1/cases...`: the queue and one case whole, with what the reader has no need to know left out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from casedesk.api.access import Call, Reads
from casedesk.api.alerts import AlertOut, alert_json
from casedesk.api.problems import answers
from casedesk.domain.alerts import Risk, band
from casedesk.domain.ledger import Recorded
from casedesk.domain.money import format_minor
from casedesk.services import casefile, decisions, narratives, queue
from casedesk.services.casefile import CaseFile
from casedesk.services.queue import Line, Sort, View
from casedesk.services.queue import Query as Asked

router = APIRouter(prefix="/api/v1", tags=["cases"])

CaseId = Annotated[str, Path(pattern=r"^C-[0-9]{2}-[0-9]{5,9}$", examples=["C-26-00042"])]
#: Text without control characters, which no database keeps in an id.
_TEXT: Final = r"^[^\x00-\x1f]*$"


class CaseLine(BaseModel):
    """A case as it stands in the queue. ``version`` is null where it would tell what the reader may not know."""

    case_id: str
    customer_id: str
    customer: str
    stage: str
    disposition: str
    owner: str
    due_at: datetime
    opened_at: datetime
    risk: str
    severity: int
    typology: str
    alerts: int
    amount_minor: int
    currency: str
    version: int | None


class CasePage(BaseModel):
    """A page of the queue; ``total`` counts what the filters let through, as far as the reader may know."""

    cases: list[CaseLine]
    start: int
    total: int


class EventOut(BaseModel):
    """One event. ``case_seq`` counts what the reader is shown."""

    event_id: int
    case_seq: int
    ts: str
    user: str
    action: str
    notes: str
    event_hash: str
    meta: dict[str, Any]


class DueOut(BaseModel):
    """Something that is due, with the derivation."""

    kind: str
    due_on: date
    clock: str


class CustomerOut(BaseModel):
    """Whom the case is about."""

    customer_id: str
    name: str
    kind: str
    country: str


class CaseOut(BaseModel):
    """One case. ``version`` is what the next step has to carry. Without need to know, no decision shows here."""

    case_id: str
    version: int
    status: str
    stage: str
    owner: str
    disclosed: bool
    disposition: str | None
    decision_text: str
    decided_by: str
    decided_at: datetime | None
    approved_by: str
    approved_at: datetime | None
    qa_status: str
    qa_reviewer: str
    qa_reviewed_at: datetime | None
    qa_severity: str
    qa_notes: str
    opened_at: datetime
    alerted_at: datetime
    suspicion_at: datetime
    suspect_identified: bool
    closed_at: datetime | None
    risk: str
    amount_minor: int
    amount: str
    currency: str
    due_on: date
    clock: str
    holds: list[int]
    clocks: list[DueOut]
    chain: str
    customer: CustomerOut
    accounts: list[str]
    alerts: list[AlertOut]


@router.get("/cases", summary="The queue", responses=answers(401, 403, 422, 429, 503))
def cases(
    call: Reads,
    view: View = View.ALL,
    status: Literal["", "New", "In Review", "Awaiting approval", "Closed"] = "",
    owner: Annotated[str, Query(description="A user id, or “-” for nobody.", max_length=64, pattern=_TEXT)] = "",
    risk: Risk | None = None,
    typology: Annotated[str, Query(description="The rule of the worst alert.", max_length=64, pattern=_TEXT)] = "",
    search: Annotated[str, Query(max_length=100, pattern=_TEXT)] = "",
    include_closed: bool = False,
    sort: Sort = Sort.URGENCY,
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 25,
) -> CasePage:
    """List cases, most urgent first, with the filters and the disclosure of the app."""
    asked = Asked(view, status, owner, risk, typology, search, include_closed, "", sort)
    found = queue.list_page(
        uow=call.desk.reading(), actor=call.actor, at=call.at, query=asked, start=start, limit=limit
    )
    currency = call.desk.settings.base_currency
    return CasePage(cases=[_line(line, currency) for line in found.lines], start=start, total=found.total)


@router.get("/cases/{case_id}", summary="One case", responses=answers(401, 403, 404, 422, 429, 503))
def case(call: Reads, case_id: CaseId) -> CaseOut:
    """Return a case whole. That its narrative was shown is recorded, as in the app."""
    return _case(read(call, case_id), call.desk.settings.base_currency)


@router.get(
    "/cases/{case_id}/events", summary="What happened on a case", responses=answers(401, 403, 404, 422, 429, 503)
)
def events(call: Reads, case_id: CaseId) -> list[EventOut]:
    """Return the events of a case, oldest first. That its narrative was shown is recorded, as in the app."""
    return [_event(event) for event in read(call, case_id).events]


def read(call: Call, case_id: str) -> CaseFile:
    """Read the case, and record that its text was shown, if it was and had to be."""
    found = casefile.read(uow=call.desk.reading(), actor=call.actor, case_id=case_id)
    if not found.disclosed or not narratives.unread_report(found.events, call.actor.user_id):
        return found
    decisions.read_narrative(**call.step, case_id=case_id)
    return casefile.read(uow=call.desk.reading(), actor=call.actor, case_id=case_id)


def _line(line: Line, currency: str) -> CaseLine:
    row = line.row
    same = (
        "case_id", "customer_id", "customer", "owner", "due_at", "opened_at", "severity", "typology", "amount_minor",
    )  # fmt: skip
    return CaseLine(
        **{name: getattr(row, name) for name in same},
        stage=line.stage.value,
        disposition=line.disposition.value,
        risk=band(row.severity).value,
        alerts=row.alert_count,
        currency=currency,
        version=row.version or None,
    )


def _case(found: CaseFile, currency: str) -> CaseOut:
    case = found.case
    same = (
        "case_id", "version", "owner", "decision_text", "decided_by", "decided_at", "approved_by", "approved_at",
        "qa_reviewer", "qa_reviewed_at", "qa_severity", "qa_notes", "opened_at", "alerted_at", "suspicion_at",
        "suspect_identified", "closed_at", "amount_minor",
    )  # fmt: skip
    customer = found.customer
    return CaseOut(
        **{name: getattr(case, name) for name in same},
        status=case.status.value,
        stage=found.stage.value,
        disclosed=found.disclosed,
        disposition=case.disposition.value if found.disclosed else None,
        qa_status=case.qa_status.value,
        risk=case.risk.value,
        amount=format_minor(case.amount_minor, currency),
        currency=currency,
        due_on=case.clock.due_on,
        clock=case.clock.explain(),
        holds=[hold.event for hold in found.holds],
        clocks=[DueOut(kind=c.kind.value, due_on=c.due_on, clock=c.explain()) for c in found.clocks],
        chain=found.chain.verdict.value,
        customer=CustomerOut(
            customer_id=customer.customer_id, name=customer.name, kind=customer.kind.value, country=customer.country
        ),
        accounts=[account.account_id for account in found.accounts],
        alerts=[AlertOut(**alert_json(alert, currency)) for alert in found.alerts],
    )


def _event(event: Recorded) -> EventOut:
    names = ("event_id", "case_seq", "ts", "user", "action", "notes", "event_hash")
    return EventOut(**{name: getattr(event, name) for name in names}, meta=event.data)
