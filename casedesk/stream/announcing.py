"""Alerts on their way out: each after its commit, in the order in which runs stored them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import orjson

from casedesk.bootstrap import Desk
from casedesk.domain.alerts import Alert
from casedesk.domain.moments import canonical
from casedesk.domain.people import Person
from casedesk.services import announcing

#: Takes keys and values, and returns once all of them have arrived.
#: It raises ``Unavailable`` if they did not; some may have.
Send: TypeAlias = Callable[[Sequence[tuple[bytes, bytes]]], None]


def as_told(alert: Alert, currency: str) -> dict[str, Any]:
    """Tell of an alert; not by which run and which values, which not everybody may know."""
    return {
        "alert_id": alert.alert_id, "rule": alert.rule, "rule_version": alert.rule_version, "severity": alert.severity,
        "band": alert.risk.value, "customer_id": alert.customer_id, "account_id": alert.account_id,
        "window_start": canonical(alert.window_start), "window_end": canonical(alert.window_end),
        "amount_minor": alert.amount_minor, "currency": currency, "sentence": alert.sentence,
        "transaction_ids": list(alert.transaction_ids), "case_id": alert.case_id or None,
        "raised_at": canonical(alert.raised_at) if alert.raised_at else None, "lapsed": bool(alert.lapsed_in),
    }  # fmt: skip


def body(told: Mapping[str, Any]) -> bytes:
    """Write an alert as a message."""
    return orjson.dumps(told)


class Announcing:
    """Announces at one place what was not announced there yet, whichever process raised it."""

    def __init__(
        self,
        desk: Desk,
        actor: Person,
        place: str,
        send: Send,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._desk, self._actor, self._place, self._send, self._now = desk, actor, place, send, now

    def begin(self) -> None:
        """Note where this place begins, if nobody has."""
        announcing.begin(uow=self._desk.writing(), actor=self._actor, at=self._now(), place=self._place)

    def announce(self, received: float | None = None) -> int:
        """Send all alerts that are due, and return how many.

        :param received: when the first transaction came that the run behind these alerts was the first to look at, in
            seconds of the monotonic clock. Each alert says how long it took since then at the most.
        :raises Unavailable: if the broker or the database cannot be used; what was sent may be sent again.
        """
        count = 0
        while (done := announcing.due(uow=self._desk.reading(), actor=self._actor, place=self._place)).alerts:
            self._send([(alert.alert_id.encode(), self._written(alert, received)) for alert in done.alerts])
            announcing.move_on(
                uow=self._desk.writing(), actor=self._actor, at=self._now(), place=self._place, done=done
            )
            count += len(done.alerts)
        return count

    def _written(self, alert: Alert, received: float | None) -> bytes:
        took = None if received is None else round((time.monotonic() - received) * 1000)
        told = as_told(alert, self._desk.settings.base_currency)
        return body(told | {"announced_at": canonical(self._now()), "took_ms": took})
