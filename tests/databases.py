"""A fresh, migrated database for each test: SQLite, PostgreSQL, and SQL Server where one is given."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.engine import Engine

from casedesk.store import schema
from casedesk.store.engines import make_engine
from casedesk.store.ledger_store import first_head
from casedesk.store.tables import ledger_head, metadata
from migrations.removable import guard, unguard
from tests.postgres_server import PostgresServer

MSSQL = "CASEDESK_TEST_MSSQL_URL"
#: Seconds for which an engine of the tests waits for another writer.
PATIENCE = 5.0


class Kind(Protocol):
    """One kind of database. ``fresh`` gives the address of a migrated database that holds nothing."""

    def fresh(self) -> str: ...

    def empty(self) -> str: ...

    @contextmanager
    def connected(self, address: str) -> Iterator[Engine]: ...

    def drop(self, address: str) -> None: ...

    def close(self) -> None: ...


def migrated(address: str) -> None:
    """Run the migrations, as an operator does."""
    engine = make_engine(address)
    schema.upgrade(engine)
    engine.dispose()


@contextmanager
def connected(address: str) -> Iterator[Engine]:
    """Give an engine of the block's own."""
    engine = make_engine(address, lock_timeout=PATIENCE)
    yield engine
    engine.dispose()


class Sqlite:
    """Real files, copied from one that was migrated once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._template = folder / "template.db"
        migrated(f"sqlite:///{self._template}")

    def fresh(self) -> str:
        path = self._folder / f"desk-{next(self._numbers)}.db"
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    def empty(self) -> str:
        return f"sqlite:///{self._folder / f'desk-{next(self._numbers)}.db'}"

    connected = staticmethod(connected)

    def drop(self, address: str) -> None:
        for path in self._folder.glob(Path(address).name + "*"):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class Postgres:
    """A server of our own. A database that a test gave back is wiped and lent again: making one costs a checkpoint.

    So are the connections to it: a new one is a process that first has to read what tables there are.
    """

    def __init__(self) -> None:
        self.server = PostgresServer()
        self._numbers = itertools.count(1)
        self._free: list[str] = []
        self._lent: set[str] = set()
        self._engines: dict[str, Engine] = {}
        self._wiping: dict[str, psycopg.Connection[Any]] = {}

    def fresh(self) -> str:
        if self._free:
            address = self._free.pop()
        else:
            address = self.empty()
            migrated(address)
        self._lent.add(address)
        return address

    def empty(self) -> str:
        name = f"desk_{next(self._numbers)}"
        self.server.run(f"CREATE DATABASE {name}")
        return self.server.url(name)

    def drop(self, address: str) -> None:
        if address not in self._lent:
            return  # it goes with the server
        self._lent.remove(address)
        with self._wiper(address) as connection, connection.transaction():
            connection.execute("; ".join(wiping("postgresql")).encode())
        self._free.append(address)

    @contextmanager
    def _wiper(self, address: str) -> Iterator[psycopg.Connection[Any]]:
        """Give the last one's connection, or a new one where a test has cut that."""
        try:
            self._wiping[address].execute("SELECT 1")
        except (KeyError, psycopg.OperationalError):
            database = sa.make_url(address).database or ""
            self._wiping[address] = psycopg.connect(self.server.conninfo(database), autocommit=True)
        yield self._wiping[address]

    @contextmanager
    def connected(self, address: str) -> Iterator[Engine]:
        """Give the engine that the last one to whom this database was lent had."""
        if address not in self._engines:
            self._engines[address] = make_engine(address, lock_timeout=PATIENCE)
        yield self._engines[address]

    def close(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        for connection in self._wiping.values():
            connection.close()
        self.server.stop()


class SqlServer:
    """The database that the environment names. It is emptied, not dropped: it belongs to whoever gave it."""

    def __init__(self) -> None:
        self._address = os.environ[MSSQL]
        self._drop_everything()

    def fresh(self) -> str:
        migrated(self._address)
        engine = make_engine(self._address)
        wipe(engine)
        engine.dispose()
        return self._address

    def empty(self) -> str:
        self._drop_everything()
        return self._address

    connected = staticmethod(connected)

    def _drop_everything(self) -> None:
        engine = make_engine(self._address)
        with engine.begin() as connection:
            metadata.drop_all(connection)
            connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
        engine.dispose()

    def drop(self, address: str) -> None:
        """Nothing to do: the next test wipes what this one wrote."""

    def close(self) -> None:
        self._drop_everything()


def drop_guard(engine: Engine) -> None:
    """Take the ledger's triggers away, as a tampering DBA would."""
    with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        for statement in unguard(connection.dialect.name):
            connection.exec_driver_sql(statement)


def dba_engine(address: str) -> Engine:
    """Make an engine that is under none of the desk's rules: foreign keys are not enforced, commits are its own."""
    url = sa.make_url(address)
    if url.get_backend_name() == "postgresql":
        return sa.create_engine(url, connect_args={"options": "-c session_replication_role=replica"})
    return sa.create_engine(url)


def wipe(engine: Engine) -> None:
    """Delete every row and put the guard and the ledger's empty head back."""
    with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        for statement in wiping(connection.dialect.name):
            connection.exec_driver_sql(statement)


def wiping(dialect: str) -> Iterator[str]:
    """Give the statements that delete every row and put the guard and the ledger's empty head back."""
    yield from unguard(dialect)
    for table in reversed(metadata.sorted_tables):
        yield f"DELETE FROM {table.name}"
    head = sa.insert(ledger_head).values(first_head())
    yield str(head.compile(dialect=registry.load(dialect)(), compile_kwargs={"literal_binds": True}))
    yield from guard(dialect)
