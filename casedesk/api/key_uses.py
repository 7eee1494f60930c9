"""When each key was last used: noted at most once in some minutes, because noting it waits for the desk's lock."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

import structlog

from casedesk.bootstrap import Desk
from casedesk.errors import CasedeskError
from casedesk.services import api_keys

#: How exact the page of keys is.
_EVERY: Final = timedelta(minutes=10)
_LOG: Final = structlog.get_logger("casedesk.api")


class KeyUses:
    """What one process noted last."""

    def __init__(self) -> None:
        self._noted: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def note(self, desk: Desk, key_id: str, at: datetime) -> None:
        """Note that a key was used. A desk that is busy is asked again by the next request."""
        with self._lock:
            last = self._noted.get(key_id)
            if last is not None and at - last < _EVERY:
                return
            self._noted[key_id] = at
        try:
            api_keys.note_use(uow=desk.writing(), key_id=key_id, at=at)
        except CasedeskError as error:
            _LOG.debug("use_not_noted", error_type=type(error).__name__)
            with self._lock:
                self._noted.pop(key_id, None)
