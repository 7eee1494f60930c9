"""The last ids that were seen, so that what is delivered twice is shown once."""

from __future__ import annotations

from typing import Final

#: Alerts that are told twice come within minutes of each other.
_MOST: Final = 100_000


class Recent:
    """Remembers so many ids, and forgets the oldest."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._ids: dict[str, None] = {}

    def add(self, name: str) -> bool:
        """Remember an id; return False if it is remembered already."""
        if name in self._ids:
            return False
        self._ids[name] = None
        if len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]
        return True
