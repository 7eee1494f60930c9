"""Whom the desk tells of alerts by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCreated(Event):
    """A manager had the desk call an address for each new alert; what it is for stands in the notes. Desk event.

    ``secret_sha256`` is there so that another secret in the row's place is found; it gives the secret to nobody.
    """

    action: ClassVar[str] = "webhook_created"
    title: ClassVar[str] = "Webhook created"
    touches: ClassVar[bool] = False
    hook_id: str
    url: str
    rules: tuple[str, ...]  # none: all of them
    severity: int  # the least of which the address is told
    secret_sha256: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDisabled(Event):
    """A manager ended a webhook; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "webhook_disabled"
    title: ClassVar[str] = "Webhook disabled"
    touches: ClassVar[bool] = False
    hook_id: str
    via: str
