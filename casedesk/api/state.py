"""What one serving process holds: the open desk, the clock, the buckets, the figures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog
from fastapi import Request

from casedesk.api.buckets import Buckets
from casedesk.api.callers import Callers
from casedesk.api.key_uses import KeyUses
from casedesk.api.metrics import Metrics
from casedesk.api.scoring_beside import ScoringBeside
from casedesk.api.scraping import Scraping
from casedesk.api.waited import Waited
from casedesk.bootstrap import Desk, open_desk
from casedesk.services.detecting import Warm
from casedesk.services.following import Following, follow, make_room
from casedesk.settings import Settings, load_settings

_LOG: Final = structlog.get_logger("casedesk.api")

#: How many wrong keys an address may send at once, and how many a second after that.
_WRONG_KEYS: Final = 20
_WRONG_KEYS_A_SECOND: Final = 0.5


class Served:
    """The desk as requests find it. It is opened by the first that needs it, and tried again while it cannot be."""

    def __init__(self, settings: Settings | None = None, now: Callable[[], datetime] | None = None) -> None:
        self.settings = settings or load_settings()
        self.buckets = Buckets(self.settings.api_rate)
        self.callers = Callers()
        self.wrong_keys = Buckets(_WRONG_KEYS_A_SECOND, size=_WRONG_KEYS)
        self.metrics = Metrics()
        self.warm = Warm()
        self.waited = Waited()
        self.scoring = threading.Lock()
        self.scoring_beside = ScoringBeside(self.settings)
        self.key_uses = KeyUses()
        self.scraping = Scraping(self.metrics)
        self.following = Following(self._follow, _not_advised)
        self._now = now or (lambda: datetime.now(UTC))
        self._desk: Desk | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the time of this moment."""
        return self._now()

    def desk(self) -> Desk:
        """Return the open desk.

        :raises Unavailable: if the database does not answer or is of another version.
        """
        with self._lock:
            if self._desk is None:
                self._desk = open_desk(self.settings, timed=self.metrics.commit_seconds.time)
            return self._desk

    def _follow(self) -> None:
        """Advise on what a run changed, after it was told to who waited for it."""
        desk = self.desk()
        follow(
            reading=desk.reading, writing=desk.writing, at=self.now(), base_currency=desk.settings.base_currency,
            counsel=desk.counsel, via="api", between=partial(make_room, until_free=self.waited.until_free),
        )  # fmt: skip

    def close(self) -> None:
        """Sign what is due and give the connections back."""
        self.following.close()
        self.scoring_beside.close()
        self.warm.forget()
        with self._lock:
            if self._desk is not None:
                self._desk.close()
                self._desk = None


def _not_advised(failure: Exception) -> None:
    _LOG.warning("advice_waits", error_type=type(failure).__name__, exc_info=failure)


async def served(request: Request) -> Served:
    """Return what this process holds."""
    found: Served = request.app.state.served
    return found
