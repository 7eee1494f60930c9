"""What follows a run of the rules, whichever way the transactions came in: the cases that it opened or added to are advised on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from casedesk.domain.people import SYSTEM
from casedesk.services import advising
from casedesk.services.advising import Done
from casedesk.services.counsel import Counsel
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["Following", "follow", "make_room"]

#: How long advice pauses after a few cases: so many times what they took, and no longer than so many seconds.
_SHARE: Final = 2.0
_LONGEST: Final = 1.0
#: How long it then waits for who works for somebody that waits: so many times what the cases took, and no longer than so many seconds.
_WAITS: Final = 20.0
_MOST_WAITED: Final = 5.0


def follow(
    *,
    reading: Callable[[], Reading],
    writing: Callable[[], Writing],
    at: datetime,
    base_currency: str,
    counsel: Counsel | None,
    via: str,
    between: Callable[[float], object] = lambda _: None,
) -> Done:
    """Advise on the cases whose alerts changed since they were advised on, by whichever run that was.

    The desk does it by itself, as it opens cases: whoever sent transactions or started a run has not worked on any.

    :param between: see :func:`casedesk.services.advising.run`; :func:`make_room` where the process has something else to do.
    """
    with reading() as look:
        alerted = look.advice.alerted()
    if not alerted:
        return Done()
    return advising.run(
        reading=reading, writing=writing, actor=SYSTEM, at=at, base_currency=base_currency, counsel=counsel,
        case_ids=alerted, via=via, between=between,
    )  # fmt: skip


def make_room(seconds: float, until_free: Callable[[float], object]) -> None:
    """Let others have the desk after it was used for so many seconds: nobody waits for advice, and it may be about hundreds of cases.

    :param until_free: returns once nobody waits for what this process does, or after so many seconds: advice is late, but it comes.
    """
    time.sleep(min(_SHARE * seconds, _LONGEST))
    until_free(min(_WAITS * seconds, _MOST_WAITED))


class Following:
    """Follows runs in a thread of its own: neither the next run nor who waits for one waits for advice, or for who is asked.

    :param follow: called after each run; for several runs that ended meanwhile, once.
    :param failed: told what it raised. What was left out is made up for after the next run.
    """

    def __init__(self, follow: Callable[[], object], failed: Callable[[Exception], None]) -> None:
        self._follow, self._failed = follow, failed
        self._asked = self._ended = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def notice(self) -> None:
        """Say that a run was stored."""
        with self._changed:
            self._asked = True
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._until_ended, name="advising", daemon=True)
                self._thread.start()

    def close(self, seconds: float = 10.0) -> None:
        """Let it follow what it was told of, and end; no longer than so many seconds."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _until_ended(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked or self._ended)
                if not self._asked:
                    return
                self._asked = False
            try:
                self._follow()
            except Exception as failure:  # noqa: BLE001 - the thread outlives whatever one case does
                self._failed(failure)
