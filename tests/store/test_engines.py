"""A database that is locked, gone, full, read-only or another's: each is a sentence, and none gives a password away."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.errors import CasedeskError
from casedesk.store import schema
from casedesk.store.engines import (
    DatabaseBusy,
    DatabaseUnavailable,
    UnsupportedDatabase,
    ValueTooLong,
    make_engine,
    translated,
)
from casedesk.store.unit_of_work import Reading, Writing
from tests.databases import Postgres
from tests.store.builders import customer


@contextmanager
def engine_for(address: str, lock_timeout: float = 0.2) -> Iterator[Engine]:
    engine = make_engine(address, lock_timeout=lock_timeout)
    try:
        yield engine
    finally:
        engine.dispose()


def test_a_second_writer_waits_and_then_is_told(engine: Engine, address: str) -> None:
    with (
        engine_for(address) as impatient,
        Writing(engine),
        pytest.raises(DatabaseBusy, match="Another process is writing .* nothing was saved. Try again"),
        Writing(impatient),
    ):
        pytest.fail("two writers held the head at once")
    with engine_for(address) as again, Writing(again) as uow:
        uow.commit()


def test_readers_go_on_while_somebody_writes(engine: Engine, address: str) -> None:
    if engine.dialect.name == "mssql":
        pytest.skip("holds on SQL Server with READ_COMMITTED_SNAPSHOT, which the operator turns on")
    with Writing(engine), engine_for(address) as other, Reading(other) as uow:
        assert uow.ledger.head().size == 0


def test_a_database_without_tables_names_the_command(sqlite_kind: object, tmp_path: Path) -> None:
    with engine_for(f"sqlite:///{tmp_path / 'empty.db'}") as engine:
        with (
            pytest.raises(DatabaseUnavailable, match="lacks tables this desk needs; run: casedesk db upgrade"),
            Writing(engine),
        ):
            pytest.fail("wrote into nothing")
        with pytest.raises(DatabaseUnavailable, match="casedesk db upgrade"), Reading(engine) as uow:
            uow.ledger.head()


@pytest.mark.postgres
def test_a_postgresql_without_tables_names_the_command_too(postgres_kind: Postgres) -> None:
    with engine_for(postgres_kind.empty()) as engine:
        with pytest.raises(DatabaseUnavailable, match="casedesk db upgrade"), Reading(engine) as uow:
            uow.ledger.head()
        with pytest.raises(DatabaseUnavailable, match="casedesk db upgrade"), Writing(engine):
            pytest.fail("wrote into nothing")


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    path.write_text("transaction_id,amount\n" * 100)
    with (
        engine_for(f"sqlite:///{path}") as engine,
        pytest.raises(DatabaseUnavailable, match="is not a readable database"),
    ):
        schema.state(engine)


def test_a_folder_in_place_of_the_file_cannot_be_reached(tmp_path: Path) -> None:
    with engine_for(f"sqlite:///{tmp_path}") as engine, pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        schema.require_current(engine)


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write whatever the file's mode says")
def test_a_file_that_can_only_be_read_says_so(sqlite_address: str) -> None:
    path = Path(sa.make_url(sqlite_address).database or "")
    path.chmod(stat.S_IRUSR)
    path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with engine_for(sqlite_address) as engine, pytest.raises(DatabaseUnavailable, match="can only be read"):
            Writing(engine).__enter__()
    finally:
        path.parent.chmod(stat.S_IRWXU)


def test_a_connection_that_can_only_read_says_so(sqlite_engine: Engine) -> None:
    @sa.event.listens_for(sqlite_engine, "connect")
    def _read_only(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    with (
        pytest.raises(DatabaseUnavailable, match="can only be read; nothing was saved. Give it write access"),
        Writing(sqlite_engine),
    ):
        pytest.fail("wrote over a connection that can only read")


@pytest.mark.postgres
def test_a_postgresql_that_can_only_be_read_says_so(postgres_kind: Postgres) -> None:
    address = postgres_kind.fresh()
    try:
        with engine_for(address) as engine:
            with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
                name = engine.url.database
                connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            engine.dispose()
            with pytest.raises(DatabaseUnavailable, match="can only be read"), Writing(engine):
                pytest.fail("wrote to a standby")
    finally:
        postgres_kind.server.run(f"ALTER DATABASE {sa.make_url(address).database} RESET default_transaction_read_only")
        postgres_kind.drop(address)


@pytest.mark.postgres
def test_a_server_that_does_not_answer_is_said_to_be_unreachable() -> None:
    with engine_for("postgresql+psycopg://desk:s3cret-word@127.0.0.1:1/casedesk?sslpassword=hidden-too") as engine:
        with pytest.raises(DatabaseUnavailable, match="cannot be reached") as refused, Reading(engine):
            pytest.fail("read from nowhere")
        with pytest.raises(DatabaseUnavailable), Writing(engine):
            pytest.fail("wrote to nowhere")
    assert "s3cret-word" not in str(refused.value)
    assert "hidden-too" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)


@pytest.mark.postgres
def test_a_connection_cut_in_the_middle_saves_nothing(postgres_kind: Postgres) -> None:
    address = postgres_kind.fresh()
    with engine_for(address) as engine:
        with pytest.raises(DatabaseUnavailable, match="cannot be reached; nothing was saved"), Writing(engine) as uow:
            uow.parties.put_customers([customer(1)])
            database = sa.make_url(address).database
            postgres_kind.server.run(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
            )
            uow.commit()
        with Reading(engine) as uow:
            assert uow.parties.known_customers(["CU-00001"]) == set()
    postgres_kind.drop(address)


def test_a_value_too_long_for_its_column_is_refused(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no lengths; whoever reads files checks them")
    with pytest.raises(ValueTooLong, match="larger than its field"), Writing(engine) as uow:
        uow.parties.put_customers([customer(1, "x" * 201)])


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("desk.db", "is not a database address"),
        ("mysql+pymysql://u:s3cret-word@h/d", "names “mysql\\+pymysql”; the desk supports sqlite"),
        ("postgresql://u:s3cret-word@h/d", "names “postgresql”"),
        ("mssql+pyodbc://u:s3cret-word@h/d", "does not say which ODBC driver to use; add \\?driver="),
    ],
)
def test_an_address_of_something_else_is_refused(address: str, sentence: str) -> None:
    with pytest.raises(UnsupportedDatabase, match=sentence) as refused:
        make_engine(address)
    assert "s3cret-word" not in str(refused.value)


def test_a_missing_library_of_the_system_is_named(tmp_path: Path) -> None:
    # what importing pyodbc says on a machine without unixODBC; a machine that has it cannot show it
    broken = "raise ImportError('libodbc.so.2: cannot open shared object file: No such file or directory')"
    (tmp_path / "pyodbc.py").write_text(broken, encoding="utf-8")
    address = "mssql+pyodbc://u:s3cret-word@127.0.0.1:1/d?driver=X"
    run = subprocess.run(
        [sys.executable, "-m", "casedesk.cli", "db", "state"],
        env=os.environ | {"CASEDESK_DATABASE_URL": address, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "needs the system’s ODBC manager (libodbc.so.2), which is not there; install unixODBC" in run.stderr
    assert "s3cret-word" not in run.stderr


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("[01000] Can't open lib 'ODBC Driver 18 for SQL Server' : file not found (0)", "needs an ODBC driver that"),
        ("[IM002] Data source name not found and no default driver specified (0)", "needs an ODBC driver that"),
        ("[08001] TCP Provider: Error code 0x2749 (10057)", "cannot be reached"),
    ],
)
def test_what_odbc_says_of_its_drivers_becomes_a_sentence(said: str, sentence: str, sqlite_engine: Engine) -> None:
    with pytest.raises(DatabaseUnavailable, match=sentence), translated(sqlite_engine):
        raise sa.exc.OperationalError("connect", None, Exception(said))


def test_the_desks_own_mistakes_stay_mistakes(engine: Engine) -> None:
    with pytest.raises(sa.exc.DBAPIError), translated(engine), engine.connect() as connection:
        connection.exec_driver_sql("SELEKT 1")
    with pytest.raises(CasedeskError, match="mine"), translated(engine):
        raise CasedeskError("mine")


def test_commits_survive_a_power_cut_on_sqlite(sqlite_engine: Engine) -> None:
    pragmas: dict[str, object] = {}

    @sa.event.listens_for(sqlite_engine, "connect")
    def _look(connection: sqlite3.Connection, _record: object) -> None:  # before tests/statements.py hurries it
        for name in ("journal_mode", "synchronous", "foreign_keys"):
            pragmas[name] = connection.execute(f"PRAGMA {name}").fetchone()[0]

    sqlite_engine.connect().close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
