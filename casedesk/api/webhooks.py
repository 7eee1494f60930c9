"""`/api/v1/webhooks...`: the addresses that the desk calls for each new alert, for managers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from casedesk.api.access import Acts, Reads
from casedesk.api.alerts import alert_json
from casedesk.api.problems import answers
from casedesk.api.steps import Done, Text, done
from casedesk.domain.alerts import Alert
from casedesk.domain.webhooks import Webhook, host_of
from casedesk.services import webhooks

router = APIRouter(prefix="/api/v1", tags=["webhooks"], responses=answers(400, 401, 403, 404, 409, 413, 422, 429, 503))

HookId = Annotated[str, Path(pattern=r"^W-[0-9A-F]{12}$", examples=["W-0123456789AB"])]


class NewWebhook(BaseModel):
    """What is called, and of which alerts it is told."""

    model_config = ConfigDict(extra="forbid")

    label: Text
    url: Annotated[str, Field(max_length=2000, examples=["https://tickets.bank.example/alerts"])]
    rules: Annotated[list[str], Field(max_length=100, description="None: alerts of all rules.")] = []
    severity: Annotated[int, Field(ge=0, le=100, description="The least of which it is told.")] = 0


class Ended(BaseModel):
    """Why a webhook ends."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


class WebhookOut(BaseModel):
    """One webhook, without its secret."""

    hook_id: str
    label: str
    url: str
    rules: list[str]
    severity: int
    created_by: str
    created_at: datetime
    disabled_by: str
    disabled_at: datetime | None


class IssuedOut(WebhookOut):
    """A new webhook. ``secret`` is shown this once; the receiver checks signatures with it (Standard Webhooks)."""

    secret: str


class DeliveryOut(BaseModel):
    """One alert on its way to a webhook; ``delivery_id`` is what the receiver finds in the header webhook-id."""

    delivery_id: str
    alert_id: str
    created_at: datetime
    state: str
    tries: int
    next_at: datetime | None
    status: int | None
    problem: str
    done_at: datetime | None


@router.post("/webhooks", summary="Have the desk call an address for each new alert (managers)")
def create(call: Acts, new: NewWebhook) -> IssuedOut:
    """Create a webhook. It is told of each alert that is stored from now on, at least once, under an id that stays the same."""
    call.desk.targets.require(host_of(new.url.strip()))
    issued = webhooks.create(
        **call.step, key=call.desk.webhook_key(), label=new.label, url=new.url, rules=new.rules, severity=new.severity
    )
    return IssuedOut(**_shown(issued.hook), secret=issued.secret)


@router.get("/webhooks", summary="The webhooks (managers)")
def listed(call: Reads) -> list[WebhookOut]:
    """List every webhook, the newest first; those that are over, too."""
    return [WebhookOut(**_shown(hook)) for hook in webhooks.listed(uow=call.desk.reading(), actor=call.actor)]


@router.get("/webhooks/{hook_id}/deliveries", summary="What was sent to a webhook (managers)")
def deliveries(
    call: Reads, hook_id: HookId, limit: Annotated[int, Query(ge=1, le=webhooks.MOST)] = 50
) -> list[DeliveryOut]:
    """List what was sent to a webhook or is on its way, the newest first."""
    found = webhooks.deliveries(uow=call.desk.reading(), actor=call.actor, hook_id=hook_id, limit=limit)
    return [DeliveryOut(**{name: getattr(one, name) for name in DeliveryOut.model_fields}) for one in found]


@router.post("/webhooks/{hook_id}/disable", summary="End a webhook (managers)")
def disable(call: Acts, hook_id: HookId, ended: Ended) -> Done:
    """End a webhook, with a reason. What is on its way to it is not tried any more."""
    return done(webhooks.disable(**call.step, hook_id=hook_id, reason=ended.reason))


def told(alert: Alert, currency: str) -> dict[str, Any]:
    """Tell a receiver of an alert: what everybody who works at the desk may know of it, in JSON's own types."""
    shown = alert_json(alert, currency)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in shown.items()}


def _shown(hook: Webhook) -> dict[str, Any]:
    return {name: getattr(hook, name) for name in WebhookOut.model_fields} | {"rules": sorted(hook.rules)}
