"""What is stored is loaded when the process starts, where somebody may have the rules run: the first who waits does not wait for that."""

from __future__ import annotations

import threading
import time
from typing import Final

import structlog

from casedesk.api.state import Served
from casedesk.domain.people import SYSTEM
from casedesk.services import api_keys, warming

_LOG: Final = structlog.get_logger("casedesk.api")


def begin_warming(served: Served) -> threading.Thread:
    """Load in a thread of its own. Whoever waits for the rules meanwhile waits for it as well, and no longer than for loading by themselves."""
    thread = threading.Thread(target=_load, args=(served,), name="warming", daemon=True)
    thread.start()
    return thread


def _load(served: Served) -> None:
    try:
        desk, begun = served.desk(), time.monotonic()
        with desk.reading() as look:
            last = look.runs.last()
        stored = 0 if last is None else last.transactions
        if not 0 < stored <= served.settings.api_warm or not api_keys.may_wait(uow=desk.reading(), at=served.now()):
            return
        served.scoring_beside.begin()
        warming.load(
            look=desk.reading(), actor=SYSTEM, base_currency=desk.settings.base_currency, warm=served.warm
        )  # fmt: skip
        _LOG.info("api_warm", count=stored, duration_ms=round((time.monotonic() - begun) * 1000))
    except Exception as error:  # noqa: BLE001  # the first run meets it again, and tells who waits for it
        _LOG.warning("api_not_warm", exc_info=error)
