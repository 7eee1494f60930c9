"""Leave an endpoint alone for a while after it failed several times in a row, instead of waiting for it case by case."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock


class Breaker:
    """Counts failures in a row. One per process: each finds out for itself."""

    def __init__(
        self, failures: int = 3, rest_seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._rest, self._clock = failures, rest_seconds, clock
        self._failures, self._until = 0, 0.0
        self._lock = Lock()

    def closed(self) -> bool:
        """Say whether a call may be tried. After the rest one may; if that fails, the rest begins anew."""
        with self._lock:
            return self._failures < self._most or self._clock() >= self._until

    def failed(self) -> None:
        """Note a call without an answer that could be read."""
        with self._lock:
            self._failures += 1
            self._until = self._clock() + self._rest

    def succeeded(self) -> None:
        """Note an answer, believed or not: the endpoint is there."""
        with self._lock:
            self._failures = 0
