"""Which of many ids are stored, and rows under those that are not: one statement, whatever their number.

Nearly every payment names an account that the desk has or makes, so this runs with each group of transactions. Written for each
number of ids anew, as SQLAlchemy writes an IN, the statements took longer than the database to execute them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

CHUNK: Final = 500

#: How a condition takes a list as one parameter.
_IN_LIST: Final = {
    "sqlite": "{0} IN (SELECT value FROM json_each(?))",
    "postgresql": "{0} = ANY(%s)",
}


def present_ids(connection: Connection, column: sa.Column[str], ids: Iterable[str]) -> set[str]:
    """Return which of the ids stand in a table's key."""
    asked = sorted(ids)
    if not asked:
        return set()
    name = connection.dialect.name
    if name in _IN_LIST:
        text = f"SELECT {column.name} FROM {column.table.name} WHERE {_IN_LIST[name].format(column.name)}"
        given = json.dumps(asked) if name == "sqlite" else asked
        return set(connection.exec_driver_sql(text, (given,)).scalars())
    found: set[str] = set()
    for start in range(0, len(asked), CHUNK):
        found.update(connection.execute(sa.select(column).where(column.in_(asked[start : start + CHUNK]))).scalars())
    return found


def insert_absent(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store the rows whose key is not there yet; each has the same columns, no two the same key."""
    name = connection.dialect.name
    if not rows:
        return
    columns = tuple(rows[0])
    if name == "sqlite":
        connection.exec_driver_sql(_for_sqlite(table, columns), [tuple(row.values()) for row in rows])
        return
    if name == "postgresql":
        arrays = tuple([row[column] for row in rows] for column in columns)
        connection.exec_driver_sql(_for_postgresql(table, columns), arrays)
        return
    (key,) = table.primary_key.columns
    known = present_ids(connection, key, [row[key.name] for row in rows])
    fresh = [dict(row) for row in rows if row[key.name] not in known]
    if fresh:
        connection.execute(sa.insert(table), fresh)


@cache
def _for_sqlite(table: sa.Table, columns: tuple[str, ...]) -> str:
    """Write it for rows whose values go past SQLAlchemy's types: text, whole numbers, empty dates."""
    inserting = sqlite.insert(table).on_conflict_do_nothing().values(dict.fromkeys(columns))
    return str(inserting.compile(dialect=sqlite.dialect()))


@cache
def _for_postgresql(table: sa.Table, columns: tuple[str, ...]) -> str:
    """Write it for one array a column: one trip. A text is named as such, because a cast to a shorter one would cut it silently."""
    types = [table.c[name].type for name in columns]
    casts = ["text" if isinstance(one, sa.String) else str(one.compile(dialect=postgresql.dialect())) for one in types]
    arrays = ", ".join(f"%s::{cast}[]" for cast in casts)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"
