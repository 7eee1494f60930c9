"""Webhooks: addresses that the desk calls for each new alert, what each is told, and how they know that it was the desk.

A hook's secret is derived from the desk's key and the hook's id, so no table, backup or export holds a secret: whoever has the
database alone can sign nothing. The signature is that of Standard Webhooks (standardwebhooks.com): HMAC-SHA-256 over id, time and
body. A receiver refuses an old time and remembers ids, and so is told nothing twice by anybody who listened.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from casedesk.domain import events, issued
from casedesk.domain.alerts import Alert
from casedesk.domain.issued import hashed
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import parse
from casedesk.domain.people import Action, Person, require
from casedesk.errors import Invalid

LONGEST_URL: Final = 500

_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


_NOT_HTTP: Final = "The address is not one for http or https; write it as https://tickets.bank.example/alerts."


class BadWebhook(Invalid):
    """The webhook makes no sense."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook without its secret. It is told of alerts of ``rules`` (all if empty) from ``severity`` on."""

    hook_id: str
    label: str
    url: str
    rules: frozenset[str]
    severity: int
    secret_sha256: str
    created_by: str
    created_at: datetime
    disabled_by: str = ""
    disabled_at: datetime | None = None

    def wants(self, alert: Alert) -> bool:
        """Tell whether the hook is told of an alert."""
        return alert.severity >= self.severity and (not self.rules or alert.rule in self.rules)


def secret_of(key: bytes, hook_id: str) -> bytes:
    """Derive the secret of a hook from the desk's key: 32 bytes."""
    return hmac.digest(key, f"casedesk webhook {hook_id}".encode(), "sha256")


def shown_as(secret: bytes) -> str:
    """Write a secret as receivers' libraries take it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def signature(secret: bytes, delivery_id: str, at: datetime, body: bytes) -> str:
    """Sign one delivery, as Standard Webhooks has it."""
    signed = f"{delivery_id}.{int(at.timestamp())}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode()}"


def create(
    actor: Person, *, hook_id: str, secret: bytes, label: str, url: str, rules: Collection[str], known: Collection[str],
    severity: int, via: str,
) -> events.WebhookCreated:  # fmt: skip
    """Have the desk call an address.

    :param known: the names of the rules there are.
    :raises BadWebhook: naming what is wrong with the address or the filter.
    """
    require(actor, Action.MANAGE_WEBHOOKS)
    label = WEBHOOKS.label(label, "ticket system")
    if not 0 <= severity <= 100:
        raise BadWebhook(f"A severity lies between 0 and 100; {severity:,} does not.")
    if unknown := sorted(set(rules) - set(known)):
        raise BadWebhook(f"“{unknown[0]}” is not a rule; write one of {', '.join(sorted(known))}.")
    host_of(url)
    return events.WebhookCreated(
        hook_id=hook_id, url=url, rules=tuple(sorted(set(rules))), severity=severity, secret_sha256=hashed(secret), via=via,
        notes=label,
    )  # fmt: skip


def host_of(url: str) -> str:
    """Return the host of a webhook's address.

    :raises BadWebhook: for an address that is not http or https, or carries a user, a password or a fragment.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadWebhook(_NOT_HTTP) from None
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadWebhook(f"The address is not one of at most {LONGEST_URL} printable characters of ASCII.")
    if not host or port == 0 or parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise BadWebhook(_NOT_HTTP)
    if "@" in parts.netloc or parts.fragment:
        raise BadWebhook(
            "The address holds a user, a password or a fragment; leave them out. The signature says who calls."
        )
    return host.lower()


def disable(hook: Webhook, actor: Person, reason: str, via: str) -> events.WebhookDisabled:
    """End a webhook, with a reason.

    :raises Ended: if it was ended already.
    """
    require(actor, Action.MANAGE_WEBHOOKS)
    WEBHOOKS.require_running(hook)
    return events.WebhookDisabled(hook_id=hook.hook_id, via=via, notes=WEBHOOKS.reason(reason))


def created(event: Recorded) -> Webhook:
    """Return the webhook that an event created."""
    data = event.data
    return Webhook(
        data["hook_id"], event.notes, data["url"], frozenset(data["rules"]), data["severity"], data["secret_sha256"],
        event.user, parse(event.ts),
    )  # fmt: skip


def columns(hook: Webhook) -> dict[str, Any]:
    """Return what the row of a webhook holds."""
    return {
        "hook_id": hook.hook_id,
        "label": hook.label,
        "url": hook.url,
        "rules": " ".join(sorted(hook.rules)),
        "severity": hook.severity,
        "secret_sha256": hook.secret_sha256,
        "created_by": hook.created_by,
        "created_at": hook.created_at,
        "disabled_by": hook.disabled_by or None,
        "disabled_at": hook.disabled_at,
    }


WEBHOOKS: Final = issued.Kind(
    title="Webhooks", what="webhook", key="hook_id", past="disabled", ending="Disabling a webhook",
    begins=events.WebhookCreated.action, ends=events.WebhookDisabled.action, created=created, columns=columns,
)  # fmt: skip
