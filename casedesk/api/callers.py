"""Who was let in lately, so that a program that sends a thousand times a second is not looked up a thousand times."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from casedesk.services.api_keys import Caller

#: Seconds for which a caller is known without a look into the database. What it sends is stored only after another one.
_FRESH: Final = 5.0
#: Seconds for which a key that was right once is no guess.
_LATELY: Final = 600.0
_MOST: Final = 10_000


class Callers:
    """The callers of one process, by the hash of their keys; those let in longest ago are forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def fresh(self, sent: str) -> Caller | None:
        """Return who sent this key within the last seconds."""
        found = self._known.get(_hashed(sent))
        return found[0] if found and self._clock() - found[1] < _FRESH else None

    def lately(self, sent: str) -> bool:
        """Tell whether this key was right not long ago."""
        found = self._known.get(_hashed(sent))
        return found is not None and self._clock() - found[1] < _LATELY

    def let_in(self, sent: str, caller: Caller) -> None:
        """Note that this key is right."""
        hashed = _hashed(sent)
        self._known[hashed] = (caller, self._clock())
        self._known.move_to_end(hashed)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def forget(self, sent: str) -> None:
        """Look the key up the next time: it opens nothing any more."""
        self._known.pop(_hashed(sent), None)


def _hashed(sent: str) -> bytes:
    return sha256(sent.encode("utf-8", "surrogatepass")).digest()
