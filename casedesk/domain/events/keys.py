"""Which programs may speak to the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCreated(Event):
    """Somebody created a key of the API; what it is for stands in the notes. Desk event.

    ``secret_sha256`` is there so that a hash put in the row's place is found; it gives the secret to nobody.
    """

    action: ClassVar[str] = "api_key_created"
    title: ClassVar[str] = "API key created"
    touches: ClassVar[bool] = False
    key_id: str
    user_id: str
    scopes: tuple[str, ...]
    secret_sha256: str
    expires_at: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(Event):
    """Somebody ended a key of the API before its time; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "api_key_revoked"
    title: ClassVar[str] = "API key revoked"
    touches: ClassVar[bool] = False
    key_id: str
    via: str
