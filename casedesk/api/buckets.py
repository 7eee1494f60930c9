"""How often one key may ask: a bucket of tokens for each key, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

#: Buckets that were full for longer than this are forgotten; a full bucket is what a new one is.
_FORGET: Final = 600.0


class Buckets:
    """One bucket a key: it holds ``rate`` tokens, and gets ``rate`` of them a second.

    Each process has buckets of its own, so a desk of N API workers lets N times as many requests through.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._levels: dict[str, tuple[float, float]] = {}  # tokens, and when there were so many
        self._lock = threading.Lock()
        self._swept = clock()

    def take(self, name: str) -> float:
        """Take a token; return 0, or in how many seconds there will be one."""
        with self._lock:
            now = self._clock()
            level, then = self._levels.get(name, (self._rate, now))
            level = min(self._rate, level + (now - then) * self._rate)
            wait = max(0.0, (1 - level) / self._rate)
            self._levels[name] = (level if wait else level - 1, now)
            self._sweep(now)
            return wait

    def _sweep(self, now: float) -> None:
        if now - self._swept > _FORGET:
            self._levels = {name: one for name, one in self._levels.items() if now - one[1] < _FORGET}
            self._swept = now
