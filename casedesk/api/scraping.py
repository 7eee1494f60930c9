"""What `/metrics` reads of the desk: some of it anew each time, some at most once a minute, and each alert's delay once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from casedesk.api.metrics import Metrics
from casedesk.bootstrap import Desk
from casedesk.errors import Unavailable
from casedesk.services import operations
from casedesk.services.operations import Delays, Totals

#: How long totals are kept, for which whole tables are read.
_KEPT: Final = 60.0


class Scraping:
    """The memory between two questions of one process."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics, self._clock = metrics, clock
        self._totals: Totals | None = None
        self._read_at = 0.0
        self._upto: int | None = None
        self._lock = threading.Lock()

    def text(self, open_desk: Callable[[], Desk], at: datetime) -> bytes:
        """Write the figures; only those of this process while the database is away."""
        with self._lock:
            try:
                desk = open_desk()
                standing, totals = operations.standing(uow=desk.reading(), at=at), self._kept(desk)
                return self._metrics.text(standing, totals, self._new_delays(desk))
            except Unavailable:
                return self._metrics.text(None, None, None)

    def _new_delays(self, desk: Desk) -> Delays | None:
        """Return the delays of alerts since the last question; what was there before this process is not its to tell."""
        if self._upto is None:
            self._upto = operations.newest_run(uow=desk.reading())
            return None
        found = operations.delays(uow=desk.reading(), after=self._upto)
        self._upto = found.upto
        return found

    def _kept(self, desk: Desk) -> Totals:
        now = self._clock()
        if self._totals is None or now - self._read_at > _KEPT:
            self._totals, self._read_at = operations.totals(uow=desk.reading()), now
        return self._totals
