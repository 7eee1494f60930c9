"""What all engines of a process of tests have in common: statements are written as SQL once, and SQLite waits for no disk.

SQLAlchemy keeps what it wrote with the engine. A process of the desk has one engine. Tests make an engine each, and would
spend a fifth of their time on writing the same few hundred statements again.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.pool import ConnectionPoolEntry, Pool

_written: dict[tuple[Any, ...], Any] = {}


class _Shared:
    """What all engines of one driver have written. SQLAlchemy's keys begin with the dialect, of which each engine has its own."""

    def __init__(self, dialect: Dialect) -> None:
        self._driver = (dialect.name, dialect.driver)

    def get(self, key: tuple[Any, ...]) -> Any:
        return _written.get((self._driver, *key[1:]))

    def __setitem__(self, key: tuple[Any, ...], written: Any) -> None:
        _written[self._driver, *key[1:]] = written

    def __len__(self) -> int:
        return len(_written)


def share() -> None:
    """Let every engine of this process find what another one has written."""

    @sa.event.listens_for(Engine, "engine_connect")
    def _find(connection: Connection) -> None:
        connection.execution_options(compiled_cache=_Shared(connection.dialect))


def hurry() -> None:
    """Let SQLite leave out waiting for the disk in this process: processes are killed here, and no power is cut."""

    @sa.event.listens_for(Pool, "checkout")
    def _hurry(connection: Any, entry: ConnectionPoolEntry, _fairy: Any) -> None:
        if isinstance(connection, sqlite3.Connection) and "hurried" not in entry.info:
            connection.execute("PRAGMA synchronous=OFF")
            entry.info["hurried"] = True
