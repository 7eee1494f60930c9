"""Read a SQLite query into Arrow: small results by rows, large ones by ADBC in a process of its own.

ADBC brings its own copy of SQLite. Two copies in one process break each other's POSIX locks: when ADBC closes its
connection it takes itself for the last one and deletes the write-ahead log under ours, and what we commit afterwards is
gone if the process is killed (sqlite.org/howtocorrupt.html, section 2.2.1; measured here, it lost a committed event).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

#: Up to so many rows, starting a process costs more than it saves.
SMALL: Final = 200_000

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


def read(connection: Connection, path: str, query: sa.Select[Any], text: str, *, small: int = SMALL) -> pa.Table:
    """Return what the query gives. Times and texts are strings, whole numbers int64.

    :param path: the database file.
    :param text: the query with its values in it. The other process sees what is committed, not this transaction.
    """
    rows = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    table = _by_process(path, text) if rows > small else None
    return table if table is not None else _by_rows(connection, [c.name for c in query.selected_columns], text)


def _by_rows(connection: Connection, names: Sequence[str], text: str) -> pa.Table:
    rows = connection.exec_driver_sql(text).fetchall()
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.table([pa.array(list(column)) for column in columns], names=list(names))


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
