"""Webhooks and their deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.deliveries import Delivery, State
from casedesk.domain.webhooks import Webhook, columns
from casedesk.errors import NotFound
from casedesk.store.tables import webhook_deliveries, webhooks

_DELIVERY = tuple(webhook_deliveries.c[name] for name in Delivery.__slots__)


class NoSuchWebhook(NotFound):
    """No webhook has this id."""

    def __init__(self, hook_id: str) -> None:
        super().__init__(f"There is no webhook “{hook_id}”; “casedesk webhook list” shows them.")


class WebhookReader:
    """Reads ``webhooks`` and ``webhook_deliveries``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, hook_id: str) -> Webhook:
        """Return a webhook.

        :raises NoSuchWebhook: if there is none.
        """
        row = self._connection.execute(sa.select(webhooks).where(webhooks.c.hook_id == hook_id)).one_or_none()
        if row is None:
            raise NoSuchWebhook(hook_id)
        return _hook(row)

    def all(self) -> tuple[Webhook, ...]:
        """Return every webhook, the newest first."""
        query = sa.select(webhooks).order_by(webhooks.c.created_at.desc(), webhooks.c.hook_id)
        return tuple(_hook(row) for row in self._connection.execute(query))

    def enabled(self) -> tuple[tuple[Webhook, str], ...]:
        """Return those that are called, each with the last alert that was looked at for it."""
        query = sa.select(webhooks).where(webhooks.c.disabled_at.is_(None)).order_by(webhooks.c.hook_id)
        return tuple((_hook(row), row.upto) for row in self._connection.execute(query))

    def due(self, at: datetime, limit: int) -> tuple[Delivery, ...]:
        """Return deliveries to enabled hooks that are to be tried now and that no process is trying, the oldest first."""
        d = webhook_deliveries.c
        free = sa.or_(d.leased_until.is_(None), d.leased_until <= at)
        query = (
            sa.select(*_DELIVERY)
            .join(webhooks, webhooks.c.hook_id == d.hook_id)
            .where(d.next_at <= at, free, webhooks.c.disabled_at.is_(None))
            .order_by(d.next_at, d.delivery_id)
            .limit(limit)
        )
        return tuple(_delivery(row) for row in self._connection.execute(query))

    def deliveries(self, hook_id: str, limit: int) -> tuple[Delivery, ...]:
        """Return the deliveries of a hook, the newest first."""
        d = webhook_deliveries.c
        query = sa.select(*_DELIVERY).where(d.hook_id == hook_id).order_by(d.created_at.desc(), d.delivery_id)
        return tuple(_delivery(row) for row in self._connection.execute(query.limit(limit)))

    def projections(self) -> tuple[dict[str, Any], ...]:
        """Return every webhook's row as it is stored, by id."""
        query = sa.select(webhooks).order_by(webhooks.c.hook_id)
        return tuple(dict(row) for row in self._connection.execute(query).mappings())


class WebhookStore(WebhookReader):
    """Writes ``webhooks`` and ``webhook_deliveries``."""

    def put(self, hook: Webhook, upto: str = "") -> None:
        """Add a webhook that has been told of alerts up to one, or replace what is stored under its id."""
        values = columns(hook)
        changed = self._connection.execute(sa.update(webhooks).where(webhooks.c.hook_id == hook.hook_id).values(values))
        if changed.rowcount == 0:
            self._connection.execute(sa.insert(webhooks).values(values | {"upto": upto}))

    def looked_at(self, hook_id: str, upto: str, due: Sequence[Delivery]) -> None:
        """Note how far the alerts were looked at for a hook, and what of them is on its way now."""
        self._connection.execute(sa.update(webhooks).where(webhooks.c.hook_id == hook_id).values(upto=upto))
        if due:
            self._connection.execute(sa.insert(webhook_deliveries), [_values(delivery) for delivery in due])

    def lease(self, deliveries: Sequence[Delivery], by: str, until: datetime) -> None:
        """Keep other processes from trying these, for a while."""
        ids = [delivery.delivery_id for delivery in deliveries]
        own = sa.update(webhook_deliveries).where(webhook_deliveries.c.delivery_id.in_(ids))
        self._connection.execute(own.values(leased_by=by, leased_until=until))

    def settle(self, delivery: Delivery, by: str) -> bool:
        """Store what came of a try, and give the lease back; False if another process has taken it over meanwhile."""
        own = sa.and_(
            webhook_deliveries.c.delivery_id == delivery.delivery_id, webhook_deliveries.c.leased_by == by,
            webhook_deliveries.c.state == State.WAITING.value,
        )  # fmt: skip
        values = _values(delivery) | {"leased_by": None, "leased_until": None}
        return self._connection.execute(sa.update(webhook_deliveries).where(own).values(values)).rowcount == 1


def _values(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in Delivery.__slots__} | {"state": delivery.state.value}


def _delivery(row: sa.Row[*tuple[Any, ...]]) -> Delivery:
    return Delivery(**(dict(row._mapping) | {"state": State(row.state)}))


def _hook(row: sa.Row[*tuple[Any, ...]]) -> Webhook:
    return Webhook(
        row.hook_id, row.label, row.url, frozenset(row.rules.split()), row.severity, row.secret_sha256, row.created_by,
        row.created_at, row.disabled_by or "", row.disabled_at,
    )  # fmt: skip
