"""Webhooks: create, disable, list, and their deliveries as a log."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from casedesk.detection.rules import RULES
from casedesk.domain import webhooks as hooks
from casedesk.domain.deliveries import Delivery
from casedesk.domain.events import DESK
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.domain.webhooks import Webhook
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["MOST", "Issued", "Webhook", "create", "deliveries", "disable", "listed"]

#: The most lines of a log that are shown.
MOST = 500


@dataclass(frozen=True, slots=True)
class Issued:
    """A new webhook, and its secret. This is the only time that anybody is shown the latter."""

    hook: Webhook
    secret: str


def create(
    *, uow: Writing, actor: Person, at: datetime, key: bytes, label: str, url: str, rules: Collection[str] = (),
    severity: int = 0, via: str = "app",
) -> Issued:  # fmt: skip
    """Have the desk call an address for each alert that is stored from now on.

    :param key: the desk's key, from which the hook's secret is derived.
    :param rules: of which rules; all of them if none is named.
    :param severity: from which severity on.
    :raises BadWebhook: naming what is wrong with the address or the filter.
    """
    hook_id = f"W-{secrets.token_hex(6).upper()}"
    secret = hooks.secret_of(key, hook_id)
    with uow:
        actor = present(uow, actor)
        require(actor, Action.MANAGE_WEBHOOKS)
        event = hooks.create(
            actor, hook_id=hook_id, secret=secret, label=label, url=url.strip(), rules=rules,
            known=[rule.name for rule in RULES], severity=severity, via=via,
        )  # fmt: skip
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        hook = hooks.created(row)
        uow.webhooks.put(hook, uow.alerts.newest())
        uow.commit()
    return Issued(hook, hooks.shown_as(secret))


def disable(*, uow: Writing, actor: Person, at: datetime, hook_id: str, reason: str, via: str = "app") -> Recorded:
    """End a webhook, with a reason. What is on its way to it is not tried any more.

    :raises NoSuchWebhook: if there is none.
    :raises Ended: if it was ended already.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.MANAGE_WEBHOOKS)
        hook = uow.webhooks.get(hook_id)
        row = uow.ledger.append(hooks.disable(hook, actor, reason, via), stream=DESK, user=actor.user_id, at=at)
        uow.webhooks.put(hooks.WEBHOOKS.ended(hook, row))
        uow.commit()
    return row


def listed(*, uow: Reading, actor: Person) -> tuple[Webhook, ...]:
    """Return every webhook, the newest first; those that are over, too."""
    require(actor, Action.MANAGE_WEBHOOKS)
    with uow:
        return uow.webhooks.all()


def deliveries(*, uow: Reading, actor: Person, hook_id: str, limit: int = 50) -> tuple[Delivery, ...]:
    """Return what was sent to a webhook or is on its way, the newest first.

    :raises NoSuchWebhook: if there is none.
    """
    require(actor, Action.MANAGE_WEBHOOKS)
    with uow:
        uow.webhooks.get(hook_id)
        return uow.webhooks.deliveries(hook_id, min(limit, MOST))
