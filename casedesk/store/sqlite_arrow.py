"""Read a SQLite query into Arrow: small results by rows, large ones by ADBC in a process of its own.

ADBC brings its own copy of SQLite. Two copies in one process break each other's POSIX locks: when ADBC closes its
connection it takes itself for the last one and deletes the write-ahead log under ours, and what we commit afterwards is
gone if the process is killed (sqlite.org/howtocorrupt.html, section 2.2.1; measured here, it lost a committed event).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

#: Up to so many rows, starting a process costs more than it saves.
SMALL: Final = 200_000

#: Up to so many rows, they are read without being counted first.
FEW: Final = 20_000

_PROGRAM: Final = """
import sys
import adbc_driver_sqlite.dbapi as sqlite
import pyarrow as pa
with sqlite.connect(sys.argv[1]) as connection, connection.cursor() as cursor:
    cursor.execute(sys.stdin.read())
    with cursor.fetch_record_batch() as reader, pa.ipc.new_stream(sys.stdout.buffer, reader.schema) as out:
        for batch in reader:
            out.write_batch(batch)
"""


def read(
    connection: Connection,
    path: str,
    query: sa.Select[Any],
    given: Mapping[str, Any],
    written: Callable[[], str],
    *,
    small: int = SMALL,
    few: int = FEW,
) -> pa.Table:
    """Return what the query gives. Times and texts are strings, whole numbers int64.

    :param path: the database file.
    :param given: the query's parameters.
    :param written: writes the query with its values in it. The other process sees what is committed, not this transaction.
    """
    with connection.execute(query, given) as result:
        cursor: Any = result.cursor
        rows = cursor.fetchmany(few + 1)
        if len(rows) > few:
            counted = sa.select(sa.func.count()).select_from(query.subquery())
            table = _by_process(path, written()) if connection.execute(counted, given).scalar_one() > small else None
            if table is not None:
                return table
            rows += cursor.fetchall()
    columns = zip(*rows, strict=True) if rows else ([] for _ in query.selected_columns)
    return pa.table([pa.array(list(column)) for column in columns], names=[c.name for c in query.selected_columns])


def _by_process(path: str, text: str) -> pa.Table | None:
    """Read in a child process; None where it cannot, and the caller reads by rows instead."""
    command = [sys.executable, "-P", "-c", _PROGRAM, path]
    with subprocess.Popen(  # noqa: S603  # our own interpreter and program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise AssertionError("both pipes were asked for")
        try:
            child.stdin.write(text.encode())
            child.stdin.close()
            with pa.ipc.open_stream(child.stdout) as reader:
                table = reader.read_all()
        except (BrokenPipeError, pa.ArrowInvalid):
            return None
        return table if child.wait() == 0 else None
