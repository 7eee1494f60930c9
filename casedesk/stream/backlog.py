"""Between the thread that receives and the one that stores: one batch waits, one is being stored, and no more."""

from __future__ import annotations

import threading

from casedesk.stream.messages import Batch


class Backlog:
    """Holds the one batch that waits, so that memory is bounded whatever the database does."""

    def __init__(self) -> None:
        self._waiting: Batch | None = None
        self._storing = False
        self._closed = False
        self._changed = threading.Condition()

    def offer(self, batch: Batch) -> bool:
        """Let a batch wait; return False if one waits already."""
        with self._changed:
            if self._waiting is not None or self._closed:
                return False
            self._waiting = batch
            self._changed.notify_all()
            return True

    def wait(self, seconds: float) -> None:
        """Wait until another batch may wait, but no longer than so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is None, seconds)

    @property
    def behind(self) -> bool:
        """Whether a batch waits while another one is being stored."""
        return self._waiting is not None and self._storing

    def take(self) -> Batch | None:
        """Wait for a batch; return None once there will be no more. Whoever takes one says :meth:`done` after it."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closed)
            batch, self._waiting = self._waiting, None
            self._storing = batch is not None
            self._changed.notify_all()
            return batch

    def done(self) -> None:
        """Say that what was taken is stored, or given up."""
        with self._changed:
            self._storing = False
            self._changed.notify_all()

    def drop(self) -> None:
        """Forget what waits: another worker will read it."""
        with self._changed:
            self._waiting = None
            self._changed.notify_all()

    def settle(self, seconds: float) -> bool:
        """Wait until nothing is being stored; return False if that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._storing and self._waiting is None, seconds)

    def close(self) -> None:
        """Take no more batches; the one that waits is still given out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
