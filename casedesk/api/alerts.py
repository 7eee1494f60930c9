"""`GET /api/v1/alerts` and `GET /api/v1/ingestion/status`: what was found, and what came in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from casedesk.api.access import Reads, Watches
from casedesk.api.instants import Instant
from casedesk.api.problems import answers
from casedesk.domain.alerts import Alert
from casedesk.services import alerts, operations

router = APIRouter(prefix="/api/v1")

AlertId = Annotated[str, Field(pattern=r"^(A-[0-9A-F]{12})?$")]


class AlertOut(BaseModel):
    """One alert. Amounts are whole minor units of the base currency. ``lapsed``: a later run no longer found it."""

    alert_id: str
    rule: str
    rule_version: str
    severity: int
    band: str
    customer_id: str
    account_id: str
    window_start: datetime
    window_end: datetime
    amount_minor: int
    currency: str
    sentence: str
    transaction_ids: list[str]
    raised_at: datetime | None
    lapsed: bool
    case_id: str | None


class AlertPage(BaseModel):
    """Alerts in the order in which they were stored. ``after`` is where to go on; a later alert never comes before it."""

    alerts: list[AlertOut]
    after: str | None


class ImportOut(BaseModel):
    """One import: of a file, or of what a program sent."""

    import_id: str
    kind: str
    started_at: datetime
    finished_at: datetime | None
    read: int
    stored: int
    duplicates: int
    rejected: int


class RunOut(BaseModel):
    """One run of the rules."""

    run_id: str
    ran_at: datetime
    transactions: int
    new_alerts: int
    grown_alerts: int


class Status(BaseModel):
    """What came in so far. ``unseen_batches`` counts what arrived since the rules last looked."""

    transactions: int
    read: int
    stored: int
    duplicates: int
    rejected: int
    seconds_since_import: float | None
    seconds_since_run: float | None
    unseen_batches: int
    imports: list[ImportOut]
    runs: list[RunOut]


@router.get("/alerts", tags=["alerts"], summary="Follow the alerts", responses=answers(401, 403, 404, 422, 429, 503))
def follow(
    call: Reads,
    after: Annotated[AlertId, Query(description="The last alert that was seen; empty for the first page.")] = "",
    since: Annotated[Instant | None, Query(description="Only what was raised then or later.")] = None,
    limit: Annotated[int, Query(ge=1, le=alerts.MOST)] = 100,
) -> AlertPage:
    """Return a page of alerts, in the order in which runs stored them: go on with `after` and none is missed."""
    found = alerts.page(uow=call.desk.reading(), actor=call.actor, after=after, since=since, limit=limit)
    currency = call.desk.settings.base_currency
    return AlertPage(
        alerts=[AlertOut(**alert_json(alert, currency)) for alert in found],
        after=found[-1].alert_id if found else after or None,
    )


def alert_json(alert: Alert, currency: str) -> dict[str, Any]:
    """Tell of an alert whole; not by which run and which values, which not everybody may know."""
    names = (
        "alert_id", "rule", "rule_version", "severity", "customer_id", "account_id", "window_start", "window_end",
        "amount_minor", "sentence", "raised_at",
    )  # fmt: skip
    return {name: getattr(alert, name) for name in names} | {
        "band": alert.risk.value,
        "currency": currency,
        "transaction_ids": list(alert.transaction_ids),
        "lapsed": bool(alert.lapsed_in),
        "case_id": alert.case_id or None,
    }


@router.get(
    "/ingestion/status", tags=["transactions"], summary="What came in", responses=answers(401, 403, 422, 429, 503)
)
def status(call: Watches, limit: Annotated[int, Query(ge=1, le=100)] = 10) -> Status:
    """Return how much came in, what of it was refused, and how far the rules are (managers and the desk itself)."""
    found = operations.ingestion(uow=call.desk.reading(), actor=call.actor, at=call.at, limit=limit)
    counts = ("transactions", "read", "stored", "duplicates", "rejected", "seconds_since_import", "seconds_since_run")
    return Status(
        **{name: getattr(found, name) for name in counts},
        unseen_batches=found.unseen,
        imports=[
            ImportOut(
                import_id=one.import_id, kind=one.kind, started_at=one.started_at, finished_at=one.finished_at,
                read=one.rows_read, stored=one.rows_stored, duplicates=one.rows_duplicate, rejected=one.rows_rejected,
            )
            for one in found.imports
        ],
        runs=[RunOut(**{name: getattr(run, name) for name in RunOut.model_fields}) for run in found.runs],
    )  # fmt: skip
