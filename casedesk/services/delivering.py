"""The way of alerts to webhooks: what is on its way, who tries it, and what came of it.

An alert is read from the table of alerts, and so only once it is committed. A process leases what it tries; should it die,
another tries again when the lease is over. So a delivery arrives at least once, under one id.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from casedesk.domain.alerts import Alert
from casedesk.domain.deliveries import Delivery, Try, after
from casedesk.domain.webhooks import Webhook
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["LEASE", "Due", "claim", "plan", "settle"]

#: For how long a process alone tries what it claimed: longer than all tries of one claim take.
LEASE: Final = timedelta(minutes=5)
_PAGE: Final = 200
_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that is to be tried now, with whom to call and what to tell."""

    delivery: Delivery
    hook: Webhook
    alert: Alert


def plan(*, reading: Callable[[], Reading], writing: Callable[[], Writing], at: datetime) -> int:
    """Put on its way what was stored since the last look; return how many deliveries that are.

    The desk is locked only if there is something.
    """
    with reading() as look:
        fresh = any(look.alerts.page(after=upto, since=None, limit=1) for _, upto in look.webhooks.enabled())
    if not fresh:
        return 0
    count = 0
    with writing() as uow:
        for hook, upto in uow.webhooks.enabled():
            page = uow.alerts.page(after=upto, since=None, limit=_PAGE)
            due = [
                Delivery(f"D-{secrets.token_hex(8).upper()}", hook.hook_id, alert.alert_id, at, next_at=at)
                for alert in page
                if hook.wants(alert)
            ]
            if page:
                uow.webhooks.looked_at(hook.hook_id, page[-1].alert_id, due)
            count += len(due)
        uow.commit()
    return count


def claim(*, reading: Callable[[], Reading], writing: Callable[[], Writing], at: datetime, by: str) -> tuple[Due, ...]:
    """Lease what is to be tried now to one process.

    :param by: the process; what it claims, no other tries for ``LEASE``.
    """
    with reading() as look:
        if not look.webhooks.due(at, 1):
            return ()
    with writing() as uow:
        found = uow.webhooks.due(at, _AT_ONCE)
        uow.webhooks.lease(found, by, at + LEASE)
        hooks = {hook.hook_id: hook for hook, _ in uow.webhooks.enabled()}
        alerts = {one.alert_id: one for one in uow.alerts.get_many([delivery.alert_id for delivery in found])}
        uow.commit()
    return tuple(Due(delivery, hooks[delivery.hook_id], alerts[delivery.alert_id]) for delivery in found)


def settle(*, uow: Writing, at: datetime, by: str, tried: list[tuple[Delivery, Try]]) -> None:
    """Store what came of the tries of one claim."""
    with uow:
        for delivery, came in tried:
            uow.webhooks.settle(after(delivery, came, at), by)
        uow.commit()
