"""The worker of a serving process: puts alerts on their way to webhooks, calls, and notes what came of it."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from casedesk.domain.alerts import Alert
from casedesk.domain.deliveries import Delivery, Try
from casedesk.domain.issued import hashed
from casedesk.domain.moments import canonical
from casedesk.domain.webhooks import secret_of
from casedesk.errors import CasedeskError
from casedesk.outbox.calling import call
from casedesk.outbox.targets import Targets
from casedesk.services import delivering
from casedesk.services.delivering import Due
from casedesk.store.unit_of_work import Reading, Writing

#: Seconds between two looks.
_LOOK: Final = 1.0
_AFTER_A_REFUSAL: Final = 10.0
_CALLS_AT_ONCE: Final = 8
_LOG: Final = structlog.get_logger("casedesk.outbox")


class Outbox:
    """What one process does for webhooks. ``key`` is asked only when there is something to sign.

    :param tell: what a receiver is told of an alert, ready for JSON.
    """

    def __init__(
        self, reading: Callable[[], Reading], writing: Callable[[], Writing], key: Callable[[], bytes], targets: Targets,
        tell: Callable[[Alert], dict[str, Any]],
    ) -> None:  # fmt: skip
        self._reading, self._writing, self._key = reading, writing, key
        self._targets, self._tell = targets, tell
        self._name = f"P-{secrets.token_hex(6).upper()}"

    def work_off(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
        """Put on its way what is new, try what is due, and return how many calls that were."""
        delivering.plan(reading=self._reading, writing=self._writing, at=now())
        due = delivering.claim(reading=self._reading, writing=self._writing, at=now(), by=self._name)
        if not due:
            return 0
        with ThreadPoolExecutor(_CALLS_AT_ONCE, "calling") as pool:
            came = list(pool.map(lambda one: self._called(one, now()), due))
        tried: list[tuple[Delivery, Try]] = [(one.delivery, told) for one, told in zip(due, came, strict=True)]
        delivering.settle(uow=self._writing(), at=now(), by=self._name, tried=tried)
        _LOG.info("webhooks_called", count=len(tried), rejected=sum(not told.arrived for told in came))
        return len(tried)

    def _called(self, due: Due, at: datetime) -> Try:
        try:
            secret = secret_of(self._key(), due.hook.hook_id)
        except CasedeskError as refusal:
            return Try(None, str(refusal)[:200])
        if hashed(secret) != due.hook.secret_sha256:
            return Try(None, "The desk's key is another than when the webhook was created; create it anew.")
        body = {"type": "alert.raised", "timestamp": canonical(due.delivery.created_at), "data": self._tell(due.alert)}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return call(due.hook.url, secret, due.delivery.delivery_id, at, text, self._targets)


class Worker:
    """Works an outbox off until it is stopped, in a thread of its own.

    :param outbox: makes it; tried again while the database is away.
    """

    def __init__(self, outbox: Callable[[], Outbox]) -> None:
        self._outbox = outbox
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the calls that are under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        pause = _LOOK
        while not self._stop.wait(pause):
            pause = _LOOK
            try:
                self._outbox().work_off()
            except CasedeskError as refusal:  # the database is away or busy; what is leased is tried again
                pause = _AFTER_A_REFUSAL
                _LOG.warning("webhooks_waiting", error_type=type(refusal).__name__)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one delivery does
                pause = _AFTER_A_REFUSAL
                _LOG.error("webhooks_failed", error_type=type(error).__name__, exc_info=error)
