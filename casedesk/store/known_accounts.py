"""Accounts that this process has seen stored: nearly every payment is between accounts that the desk has by now.

No account is ever removed, so one that was there stays there. Should the ledger be shorter than it was, somebody has put back
an older database behind the process, and what was known is forgotten.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Engine

#: Ids to keep, some 100 bytes each; beyond them all are forgotten and learned anew.
_MOST: Final = 300_000


class KnownAccounts:
    """What one process knows of one database. Threads share it: only what was committed is put in."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._ids: set[str] = set()
        self._size = 0

    def as_of(self, size: int) -> None:
        """Forget everything if the ledger is shorter than it was."""
        if size < self._size:
            self._ids = set()
        self._size = size

    def unsure(self, ids: Collection[str]) -> set[str]:
        """Return those of the ids that the database has to be asked for."""
        return set(ids).difference(self._ids)

    def remember(self, ids: Collection[str]) -> None:
        """Keep ids that are stored and committed."""
        if len(self._ids) + len(ids) > self._most:
            self._ids = set()
        self._ids.update(list(ids)[: self._most])


_OF_ENGINES: WeakKeyDictionary[Engine, KnownAccounts] = WeakKeyDictionary()


def known_accounts(engine: Engine) -> KnownAccounts:
    """Return what this process knows of the database behind an engine."""
    return _OF_ENGINES.setdefault(engine, KnownAccounts())
