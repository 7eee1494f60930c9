"""Callers who wait for a run of the rules, as far as others give way to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

#: Seconds after which nobody is thought to come again who was just answered.
_MOMENT: Final = 0.2


class Waited:
    """Tells whether callers wait, or were answered a moment ago and may be about to ask again."""

    def __init__(self, moment: float = _MOMENT, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._moment = now, moment
        self._changed = threading.Condition()
        self._groups = 0
        self._answered = now() - moment

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Say that a group of callers waits until the block ends."""
        with self._changed:
            self._groups += 1
        try:
            yield
        finally:
            with self._changed:
                self._groups -= 1
                self._answered = self._now()
                self._changed.notify_all()

    def until_free(self, seconds: float) -> None:
        """Return once nobody has waited for a moment, or after so many seconds."""
        end = self._now() + seconds
        with self._changed:
            while (left := end - self._now()) > 0:
                quiet = self._answered + self._moment - self._now()
                if not self._groups and quiet <= 0:
                    return
                self._changed.wait(left if self._groups else min(left, quiet))
