"""The last events of the streams that this process wrote to, for as long as nobody else has written since.

The frontier of the tree stands for every event there is: while the head still has the one that this process left there, the
ends of all streams are what they were, and need not be asked for. On PostgreSQL that saves a step one trip of five.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Engine

#: Position in the stream and hash of an event.
Tip = tuple[int, str]

#: Streams to keep; those written longest ago go first.
_MOST: Final = 200
_NOTHING: Final[Mapping[str, Tip]] = {}


class KnownTips:
    """What one process knows of one database. Threads share it: what it holds is replaced as a whole, never changed."""

    def __init__(self) -> None:
        self._known: tuple[str, Mapping[str, Tip]] = ("", _NOTHING)

    def at(self, frontier: str) -> Mapping[str, Tip]:
        """Return the tips that are known of a ledger with this frontier; of any other, nothing."""
        known, tips = self._known
        return tips if frontier and known == frontier else _NOTHING

    def remember(self, before: Mapping[str, Tip], written: Mapping[str, Tip], frontier: str) -> None:
        """Keep the tips after a commit.

        :param before: what :meth:`at` told of the ledger that was written to.
        :param frontier: that of the ledger now.
        """
        tips = {stream: tip for stream, tip in before.items() if stream not in written} | dict(written)
        for stream in list(tips)[: max(0, len(tips) - _MOST)]:
            del tips[stream]
        self._known = (frontier, tips)


_OF_ENGINES: WeakKeyDictionary[Engine, KnownTips] = WeakKeyDictionary()


def known_tips(engine: Engine) -> KnownTips:
    """Return what this process knows of the database behind an engine."""
    return _OF_ENGINES.setdefault(engine, KnownTips())
