"""Statements of every step, compiled once and handed to the driver.

SQLAlchemy takes about 0.1 ms to prepare, run and wrap one small statement, several times what SQLite needs to execute it. The
few statements that every step runs are therefore written by SQLAlchemy once, with its types, and then sent by the driver's own
cursor. On SQL Server they go SQLAlchemy's usual way, which also tells Microsoft's driver the size of each parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Dialect

_DIRECT = frozenset({"sqlite", "postgresql"})

#: The execution option of a connection whose transaction is opened by :meth:`Direct.first_of_all`.
BEGUN_BY_STATEMENT = "casedesk_begun_by_statement"


def saves_trips(connection: Connection) -> bool:
    """Tell whether statements that belong together are sent as one.

    On PostgreSQL each is a trip to another process, and one statement can change several tables. SQLite runs in this process;
    SQL Server's statements change one table each.
    """
    return connection.dialect.name == "postgresql"


def locks_at_begin(connection: Connection) -> bool:
    """Tell whether a writing transaction holds the only write lock there is from its BEGIN on."""
    return connection.dialect.name == "sqlite"


def command(connection: Connection, sql: str) -> None:
    """Run a statement that has no parameters and returns nothing, on SQLite or PostgreSQL."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy(connection, error) from error
    finally:
        cursor.close()


def copied(connection: Connection, sql: Sequence[str], copying: str, rows: memoryview) -> int:
    """Copy rows in by PostgreSQL's COPY, and return how many the last statement changed.

    :param sql: a statement before the copy, and one after it.
    :param rows: as COPY reads them.
    """
    cursor: Any = connection.connection.cursor()  # `copy` is psycopg's own
    try:
        cursor.execute(sql[0])
        with cursor.copy(copying) as copy:
            copy.write(rows)
        cursor.execute(sql[1])
        count: int = cursor.rowcount
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy(connection, error) from error
    finally:
        cursor.close()
    return count


class _Text(NamedTuple):
    """A statement as one driver takes it."""

    sql: str
    constants: Mapping[str, Any]  # what the statement itself brings
    pick: Callable[[Mapping[str, Any]], Any]  # takes the parameters in their positions, or all by their names
    binders: tuple[tuple[str, Callable[[Any], Any]], ...]  # of the parameters that are converted


class Direct:
    """One statement with named parameters.

    :param columns: for an INSERT or UPDATE without values of its own, the columns that are given.
    """

    def __init__(self, statement: sa.Executable, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._texts: dict[str, _Text] = {}
        self._alone = ""

    def text(self, dialect: Dialect) -> str:
        """Return the statement as it is written for a database."""
        return (self._texts.get(dialect.name) or self._compile(dialect)).sql

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """Run it and return the first row, or None if there is none."""
        if connection.dialect.name not in _DIRECT:
            return connection.execute(self._statement, values).first()
        cursor = connection.connection.cursor()
        try:
            cursor.execute(*self._written(connection, values))
            row: Sequence[Any] | None = cursor.fetchone()
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(connection, error) from error
        finally:
            cursor.close()
        return row

    def first_of_all(self, connection: Connection) -> Sequence[Any] | None:
        """Run it without parameters as the first statement of a transaction, and return the first row.

        It brings the BEGIN, which the transaction was begun without (:data:`BEGUN_BY_STATEMENT`): on PostgreSQL in one trip, on
        SQLite as one that takes the write lock, because a writer that starts as a reader cannot wait for it later.
        """
        if connection.dialect.name not in _DIRECT:
            return self.first(connection, {})
        cursor: Any = connection.connection.cursor()  # `prepare` is psycopg's own
        try:
            if locks_at_begin(connection):
                cursor.execute("BEGIN IMMEDIATE")
                cursor.execute(*self._written(connection, {}))
            else:
                # Two statements in one message take no parameters and cannot be prepared.
                cursor.execute(f"BEGIN; {self._literal(connection.dialect)}", prepare=False)
                cursor.nextset()
            row: Sequence[Any] | None = cursor.fetchone()
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(connection, error) from error
        finally:
            cursor.close()
        return row

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it and return how many rows it changed."""
        return self.run_each(connection, (values,))

    def run_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run it for each row, of which there is one at least, and return how many rows were changed altogether.

        On PostgreSQL they go in one trip. SQL Server's drivers do not count what a batch changes, so there it is one at a time.
        """
        if connection.dialect.name not in _DIRECT:
            return sum(connection.execute(self._statement, values).rowcount for values in rows)
        cursor = connection.connection.cursor()
        try:
            sql, first = self._written(connection, rows[0])
            if len(rows) == 1:
                cursor.execute(sql, first)
            else:
                cursor.executemany(sql, [first, *(self._written(connection, values)[1] for values in rows[1:])])
            count = cursor.rowcount
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(connection, error) from error
        finally:
            cursor.close()
        return count

    def _written(self, connection: Connection, values: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the text for this database and the parameters as its driver takes them."""
        text = self._texts.get(connection.dialect.name) or self._compile(connection.dialect)
        given = {**text.constants, **values}
        for name, bind in text.binders:
            given[name] = bind(given[name])
        return text.sql, text.pick(given)

    def _literal(self, dialect: Dialect) -> str:
        """Return the statement with what it brings written into it."""
        if not self._alone:
            statement: Any = self._statement
            self._alone = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        return self._alone

    def _compile(self, dialect: Dialect) -> _Text:
        """Let SQLAlchemy write the text and name the conversions of its column types."""
        statement: Any = self._statement  # `compile` is missing from the public type, not from any statement
        compiled = statement.compile(dialect=dialect, column_keys=self._columns)
        binders = []
        for parameter in compiled.binds.values():
            bind = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if bind is not None:
                binders.append((parameter.key, bind))
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        text = _Text(str(compiled), constants, _picking(compiled.positiontup or ()), tuple(binders))
        self._texts[dialect.name] = text
        return text


def _picking(order: Sequence[str]) -> Callable[[Mapping[str, Any]], Any]:
    """Return what brings parameters into a driver's shape: a tuple for positions, all as they are for names."""
    if len(order) == 1:
        return lambda given: (given[order[0]],)
    return itemgetter(*order) if order else lambda given: given


def _as_sqlalchemy(connection: Connection, error: Exception) -> BaseException:
    """Return what SQLAlchemy would have raised for a driver's error."""
    dialect: Any = connection.dialect
    return exc.DBAPIError.instance(
        None,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=dialect.is_disconnect(error, None, None),
        dialect=dialect,
    )
