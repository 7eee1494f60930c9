"""What one serving process holds: the open desk, the clock, the buckets, the figures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import Request

from casedesk.api.buckets import Buckets
from casedesk.api.key_uses import KeyUses
from casedesk.api.metrics import Metrics
from casedesk.api.scraping import Scraping
from casedesk.bootstrap import Desk, open_desk
from casedesk.settings import Settings, load_settings


class Served:
    """The desk as requests find it. It is opened by the first that needs it, and tried again while it cannot be."""

    def __init__(self, settings: Settings | None = None, now: Callable[[], datetime] | None = None) -> None:
        self.settings = settings or load_settings()
        self.buckets = Buckets(self.settings.api_rate)
        self.metrics = Metrics()
        self.key_uses = KeyUses()
        self.scraping = Scraping(self.metrics)
        self.detecting = threading.Lock()  # runs of this process follow one another
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

    def close(self) -> None:
        """Sign what is due and give the connections back."""
        with self._lock:
            if self._desk is not None:
                self._desk.close()
                self._desk = None


def served(request: Request) -> Served:
    """Return what this process holds."""
    found: Served = request.app.state.served
    return found
