"""How often one key may ask: a bucket of tokens for each key, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

#: Buckets that were full for longer than this are forgotten; a full bucket is what a new one is.
_FORGET: Final = 600.0
#: So many buckets are kept at most; beyond them those that were used longest ago go first.
_MOST: Final = 100_000


class Buckets:
    """One bucket a key: it holds ``size`` tokens, by default ``rate`` of them, and gets ``rate`` a second.

    Each process has buckets of its own, so a desk of N API workers lets N times as many requests through.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic, size: float = 0) -> None:
        self._rate, self._clock, self._size = rate, clock, size or rate
        self._levels: dict[str, tuple[float, float]] = {}  # tokens, and when there were so many
        self._lock = threading.Lock()
        self._swept = clock()

    def take(self, name: str) -> float:
        """Take a token; return 0, or in how many seconds there will be one."""
        with self._lock:
            now = self._clock()
            level = self._level(name, now)
            wait = max(0.0, (1 - level) / self._rate)
            self._levels[name] = (level if wait else level - 1, now)
            self._sweep(now)
            return wait

    def wait(self, name: str) -> float:
        """Return in how many seconds there will be a token; 0 if there is one. None is taken."""
        with self._lock:
            return max(0.0, (1 - self._level(name, self._clock())) / self._rate)

    def _level(self, name: str, now: float) -> float:
        level, then = self._levels.get(name, (self._size, now))
        return min(self._size, level + (now - then) * self._rate)

    def _sweep(self, now: float) -> None:
        if now - self._swept > _FORGET or len(self._levels) > _MOST:
            fresh = sorted(
                (one for one in self._levels.items() if now - one[1][1] < _FORGET), key=lambda one: one[1][1]
            )
            self._levels = dict(fresh[-_MOST // 2 :])
            self._swept = now
