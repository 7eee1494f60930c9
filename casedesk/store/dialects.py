"""Search text and move rows in bulk, the same on SQLite, PostgreSQL and SQL Server. Each difference has its reason."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from casedesk.domain.moments import canonical
from casedesk.store import sqlite_arrow


class _EveryLetter(FunctionElement[str]):
    """``lower`` for all letters, on every database."""

    name = "every_letter"
    inherit_cache = True
    type = sa.String()


@compiles(_EveryLetter)
def _by_the_database(element: Any, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(_EveryLetter, "sqlite")
def _by_python(element: Any, compiler: Any, **options: Any) -> str:
    return f"casedesk_lower({compiler.process(element.clauses, **options)})"


def contains(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Find the text anywhere in what people write, upper and lower case being the same."""
    folded = sa.func.lower(column) if text.isascii() else _EveryLetter(column)
    return folded.like(f"%{_escaped(text)}%", escape="/")


def id_contains(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Find the text anywhere in an id, A to Z being the same as a to z."""
    return sa.func.lower(column).like(f"%{_escaped(text)}%", escape="/")


def id_starts_with(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Find the text at the start of an id, A to Z being the same as a to z."""
    return sa.func.lower(column).like(f"{_escaped(text)}%", escape="/")


def _escaped(text: str) -> str:
    """Take the meaning from what LIKE gives one; ``[`` has one on SQL Server only, and is harmless elsewhere."""
    lowered = text.lower()
    for sign in "/%_[":
        lowered = lowered.replace(sign, "/" + sign)
    return lowered


def bulk_times(dialect: str, micros: Any) -> list[Any]:
    """Turn UTC epoch microseconds into what a bulk insert on this database binds.

    SQLite keeps times as text and its bulk path goes past SQLAlchemy's type, so it writes the same text that type would.
    """
    array = np.asarray(micros, dtype="datetime64[us]")
    if dialect == "sqlite":
        return [text.replace("T", " ") for text in np.datetime_as_string(array, unit="us").tolist()]
    return [value.replace(tzinfo=UTC) for value in array.tolist()]


@lru_cache(maxsize=64)  # to write a statement takes longer than to run many of them
def _text(query: sa.Select[Any], dialect: sa.Dialect) -> str:
    return str(query.compile(dialect=dialect))


def stream(connection: Connection, query: sa.Select[Any], chunk: int = 500) -> Generator[Sequence[Any], None, None]:
    """Yield the rows of a query without parameters, at most ``chunk`` of them in memory at a time.

    On SQLite they are taken from the driver as they are stored: times are text (see :func:`stored_time`), booleans 0 and
    1. That is twice as fast, and a column that somebody filled with nonsense can still be read, and reported.
    """
    if connection.dialect.name != "sqlite":
        # as an option of the statement: as one of the connection it would make a cursor of whatever is written next
        with connection.execute(query, execution_options={"yield_per": chunk}) as result:
            yield from result
        return
    cursor: Any = connection.connection.cursor()
    try:
        cursor.execute(_text(query, connection.dialect))
        yield from cursor  # row by row: the database runs in this process, there is no trip to save
    finally:
        cursor.close()


#: Databases that give a connection one open result at a time. Microsoft's drivers can have more, but only if the
#: connection asked for it when it was made, and each result is then slower.
_ONE_RESULT = frozenset({"mssql"})


def stream_beside(connection: Connection, query: sa.Select[Any]) -> Generator[Sequence[Any], None, None]:
    """Yield the rows of a query that is read while another :func:`stream` is open; begin with this one.

    Where a connection has only one open result, its rows are read into memory at once.
    """
    if connection.dialect.name in _ONE_RESULT:
        yield from connection.execute(query).all()
    else:
        with closing(stream(connection, query)) as rows:
            yield from rows


def stored_time(value: Any) -> str:
    """Write a time that :func:`stream` yielded as canonical text."""
    if isinstance(value, datetime):
        return canonical(value)
    text = value if type(value) is str else str(value)
    return f"{text[:10]}T{text[11:]}Z" if text[10:11] == " " else text


def up_to(dialect: str, column: sa.ColumnElement[datetime], letters: int) -> sa.ColumnElement[str]:
    """Write the beginning of an instant as text: its day (10 letters), hour (13) or minute (16), ``YYYY-MM-DD HH:MM``."""
    if dialect == "sqlite":
        return sa.func.substr(sa.type_coerce(column, sa.String), 1, letters)
    if dialect == "postgresql":
        return sa.func.to_char(column, sa.literal_column(f"'{'YYYY-MM-DD HH24:MI'[: letters + 2 * (letters > 10)]}'"))
    return sa.func.convert(sa.literal_column(f"varchar({letters:d})"), column, sa.literal_column("121"))


def fetched(
    connection: Connection, query: sa.Select[Any], given: Mapping[str, Any] = MappingProxyType({})
) -> list[tuple[Any, ...]]:
    """Return rows as the driver has them: to make SQLAlchemy's of some thousands takes as long as to read them.

    :param given: the query's parameters.
    """
    with connection.execute(query, given) as result:
        cursor: Any = result.cursor
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


#: Up to so many rows of PostgreSQL, opening the columnar driver's connection costs more than it saves: some 30 ms.
_FEW_ROWS: Final = 5_000


def arrow_reader(
    connection: Connection, query: sa.Select[Any], given: Mapping[str, Any] = MappingProxyType({})
) -> pa.Table:
    """Read a query into Arrow; text times of SQLite become timestamps.

    ADBC reads many rows of SQLite and PostgreSQL several times faster than drivers do. It opens a connection of its own, so it sees what
    is committed; for SQLite it has to be a process of its own, too. A few rows, in-memory SQLite and SQL Server are read by rows.

    :param given: the query's parameters.
    """
    url = connection.engine.url
    dialect = connection.dialect
    table: pa.Table
    if dialect.name == "sqlite" and url.database and url.database != ":memory:":
        written = partial(_with_values, connection, query, given)
        table = sqlite_arrow.read(connection, url.database, query, given, written)
    elif dialect.name == "postgresql" and _has_more(connection, query, given, _FEW_ROWS):
        import adbc_driver_postgresql.dbapi as adbc_postgresql

        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with adbc_postgresql.connect(plain) as adbc, adbc.cursor() as cursor:
            cursor.execute(_with_values(connection, query, given))
            table = cursor.fetch_arrow_table()
    else:
        names = [column.name for column in query.selected_columns]
        rows = (
            fetched(connection, query, given)
            if dialect.name == "postgresql"
            else connection.execute(query, given).all()
        )
        columns = zip(*rows, strict=True) if rows else ([] for _ in names)
        table = pa.table([pa.array(column) for column in columns], names=names)
    return _with_types(table)


def _with_values(connection: Connection, query: sa.Select[Any], given: Mapping[str, Any]) -> str:
    return str(query.params(given).compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))


def _has_more(connection: Connection, query: sa.Select[Any], given: Mapping[str, Any], rows: int) -> bool:
    counted = sa.select(sa.func.count()).select_from(query.limit(rows + 1).subquery())
    return connection.execute(counted, given).scalar_one() > rows


def _with_types(table: pa.Table) -> pa.Table:
    """Give an Arrow table the rules' types: an empty column has none of its own, SQLite's times are text, and an absent
    text is an empty one.
    """
    for position, name in enumerate(table.column_names):
        wanted = {"booked_at": pa.timestamp("us"), "base_minor": pa.int64(), "amount_minor": pa.int64()}.get(
            name, pa.string()
        )
        column = table.column(position)
        if pa.types.is_timestamp(column.type) and column.type.tz is not None:
            column = column.cast(pa.timestamp("us", "UTC"))
        column = column.cast(wanted)
        table = table.set_column(position, name, column.fill_null("") if pa.types.is_string(wanted) else column)
    return table


def text_length(dialect: str, column: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    """Count the characters of a column; SQL Server has another name for it, and leaves out spaces at the end."""
    return (sa.func.len if dialect == "mssql" else sa.func.length)(column, type_=sa.Integer)
