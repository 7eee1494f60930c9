"""Make an engine, and say in a sentence what went wrong with one.

This file and ``dialects.py`` are the only ones that know how SQLite, PostgreSQL and SQL Server differ: here in connecting,
locking and failing, there in searching text and moving rows in bulk. Each difference has its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import URL, Connection, Engine, make_url

from casedesk.errors import CasedeskError, Conflict, Invalid, Unavailable
from casedesk.store.direct import BEGUN_BY_STATEMENT, command

#: ``Engine`` is for the composition root, which may not import SQLAlchemy.
__all__ = ["Engine", "make_engine", "translated"]


class DatabaseUnavailable(Unavailable):
    """The database does not answer, or is not there."""


class DatabaseBusy(Conflict):
    """Another process held the database for longer than the desk waits."""


class ValueTooLong(Invalid):
    """A value does not fit its column. SQLite would have taken it."""

    def __init__(self) -> None:
        super().__init__("A text or number is larger than its field in the database; nothing was saved. Shorten it.")


class UnsupportedDatabase(Unavailable):
    """The address names a database the desk does not support."""


SUPPORTED = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg", "mssql+pyodbc", "mssql+mssqlpython")


def make_engine(address: str, *, lock_timeout: float = 15.0) -> Engine:
    """Make an engine for a database address.

    :param lock_timeout: seconds to wait for another writer.
    :raises UnsupportedDatabase: for another kind of database, or a driver that is not installed.
    """
    try:
        url = make_url(address)
    except exc.ArgumentError:
        raise UnsupportedDatabase(
            "CASEDESK_DATABASE_URL is not a database address; write one such as sqlite:///data/casedesk.db."
        ) from None
    if url.drivername not in SUPPORTED:
        raise UnsupportedDatabase(
            f"CASEDESK_DATABASE_URL names “{url.drivername}”; the desk supports {', '.join(SUPPORTED)}."
        )
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url, lock_timeout)
        if url.get_backend_name() == "postgresql":
            return _postgresql(url, lock_timeout)
        return _sql_server(url, lock_timeout)
    except ModuleNotFoundError as error:
        raise UnsupportedDatabase(
            f"The driver for {url.drivername} is not installed ({error.name}); install the extra that brings it."
        ) from None
    except ImportError as error:  # the driver is there, a library of the system that it needs is not
        raise UnsupportedDatabase(_lacks_library(url.drivername, error)) from None


def _lacks_library(driver: str, error: ImportError) -> str:
    library = str(error).partition(":")[0]
    if driver == "mssql+pyodbc":
        return (
            f"The driver for {driver} needs the system’s ODBC manager ({library}), which is not there; install unixODBC and "
            "Microsoft’s ODBC Driver 18 for SQL Server, or write mssql+mssqlpython (extra mssql), whose package brings both."
        )
    return f"The driver for {driver} needs {library}, which this system does not have; install it."


def _sqlite(url: URL, lock_timeout: float) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url, hide_parameters=True, connect_args={"timeout": lock_timeout, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # Python's driver opens transactions by itself, too late for BEGIN IMMEDIATE; the desk opens them (below).
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")  # readers go on while one process writes
        cursor.execute("PRAGMA synchronous=FULL")  # a committed event survives a power cut, also under WAL
        # 32 MB: at SQLite's own 4 a run, or a batch of transactions, copies the log back within its commit, most pages again and again
        cursor.execute("PRAGMA wal_autocheckpoint=8000")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.close()
        # SQLite's own lower() knows A to Z only; this one is asked when the text sought has other letters.
        connection.create_function("casedesk_lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(BEGUN_BY_STATEMENT, False):
            return
        # A writer that starts as a reader cannot wait for the lock when it upgrades: it fails at once.
        command(connection, "BEGIN IMMEDIATE" if options.get("casedesk_writes", False) else "BEGIN")

    return engine


def _postgresql(url: URL, lock_timeout: float) -> Engine:
    # Whoever streams reads to the end; by itself the database plans for the first tenth, which for the whole takes ten times as long.
    options = f"-c lock_timeout={int(lock_timeout * 1000)} -c timezone=UTC -c cursor_tuple_fraction=1"
    # The driver would open each transaction by a trip of its own; the desk opens them (below).
    arguments = {"options": options, "connect_timeout": 10, "autocommit": True}
    engine = sa.create_engine(url, hide_parameters=True, connect_args=arguments, pool_pre_ping=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(BEGUN_BY_STATEMENT, False):
            return
        # Repeatable read: whoever reads the head, the events and then the cases must find them of one moment, or the
        # verifier would take a colleague's commit in between for tampering.
        writes = options.get("casedesk_writes", False)
        command(connection, "BEGIN" if writes else "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine


def _sql_server(url: URL, lock_timeout: float) -> Engine:
    options: dict[str, Any] = {"pool_pre_ping": True, "hide_parameters": True}
    if url.drivername == "mssql+pyodbc":
        driver = str(url.query.get("driver", ""))
        # Without a database the host is a DSN, which names its driver itself.
        if url.database and not driver and "odbc_connect" not in url.query:
            raise UnsupportedDatabase(
                "CASEDESK_DATABASE_URL does not say which ODBC driver to use; "
                "add ?driver=ODBC+Driver+18+for+SQL+Server at its end."
            )
        # FreeTDS crashes with the array interface and mistypes parameters whose sizes were announced.
        freetds = "freetds" in driver.lower() or "libtdsodbc" in driver.lower()
        options |= {"fast_executemany": not freetds, "use_setinputsizes": not freetds}
    engine = sa.create_engine(url, **options)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET LOCK_TIMEOUT {int(lock_timeout * 1000)}")
        cursor.execute("SET XACT_ABORT ON")
        cursor.close()

    return engine


def address(engine: Engine) -> str:
    """Name the database for a sentence: without its password, and without options, which may hold another."""
    return engine.url.set(query={}).render_as_string(hide_password=True)


def lock_for_upgrade(connection: Connection) -> None:
    """Let one process migrate at a time, until the transaction ends.

    SQLite needs nothing: ``BEGIN IMMEDIATE`` has taken the only write lock there is.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(827014226)")
    elif connection.dialect.name == "mssql":
        connection.exec_driver_sql(
            "EXEC sp_getapplock @Resource = 'casedesk upgrade', @LockMode = 'Exclusive', @LockOwner = 'Transaction'"
        )


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turn what a driver says into a sentence an analyst can act on, where :func:`translation` has one."""
    try:
        yield
    except exc.DBAPIError as error:
        refusal = translation(engine, error)
        if refusal is None:
            raise
        raise refusal from error


def translation(engine: Engine, error: BaseException | None) -> CasedeskError | None:
    """Return what to say for a driver's error; None for any other, and for one that is the desk's own mistake.

    It is :class:`ValueTooLong`; :class:`DatabaseBusy` if a lock was not to be had in time, or the database chose this transaction
    as a victim; or :class:`DatabaseUnavailable` if the database cannot be reached, read or written.
    """
    if not isinstance(error, exc.DBAPIError):
        return None
    return ValueTooLong() if isinstance(error, exc.DataError) else _refusal(engine, error)


#: What each database says when a lock could not be had: SQLite's SQLITE_BUSY, PostgreSQL's SQLSTATE 55P03, 40P01 and
#: 40001, SQL Server's errors 1222 (lock timeout) and 1205 (deadlock victim).
_BUSY = ("database is locked", "database table is locked", "lock timeout", "deadlock", "(1222)", "(1205)",
         "could not serialize")  # fmt: skip


def _is_busy(error: exc.DBAPIError) -> bool:
    text = str(error.orig).lower()
    return any(words in text for words in _BUSY)


#: What a database says, in any of the three dialects, and the sentence about the database at {where} it becomes.
_SENTENCES = (
    (("no such table", 'relation "', "invalid object name"), "lacks tables this desk needs; run: casedesk db upgrade."),
    (("readonly", "read-only", "read_only"), "can only be read; nothing was saved. Give it write access."),
    (("disk is full", "disk i/o", "no space", "disk full"), "has a disk that is full or failing; nothing was saved."),
    (("not a database", "malformed"), "is not a readable database file; restore it from a backup."),
    (("permission denied", "permission was denied"), "forbids this to the desk's role; grant the role access."),
    (
        ("can't open lib", "data source name not found"),
        "needs an ODBC driver that is not installed; install it, or name another by driver= in CASEDESK_DATABASE_URL.",
    ),
    (("password authentication", "login failed"), "refuses the user or password; check CASEDESK_DATABASE_URL."),
)  # fmt: skip


def _refusal(engine: Engine, error: exc.DBAPIError) -> CasedeskError | None:
    """Find the sentence for a driver's error; None for one that is the desk's own mistake."""
    if _is_busy(error):
        return DatabaseBusy("Another process is writing and did not finish in time; nothing was saved. Try again.")
    text = str(error.orig).lower()
    for words, sentence in _SENTENCES:
        if any(word in text for word in words):
            return DatabaseUnavailable(f"The database at {address(engine)} {sentence}")
    own_mistake = any(words in text for words in ("syntax error", "no such column", "no such function"))
    if error.connection_invalidated or (isinstance(error, exc.OperationalError) and not own_mistake):
        return DatabaseUnavailable(
            f"The database at {address(engine)} cannot be reached; nothing was saved. Is it running?"
        )
    return None


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text
