"""A copy, in columns, of what the runs read, kept in the database so that the next run need not read every row again.

Transactions are only ever added, so a copy that holds as many as the last run saw, and none that came later, holds those. Of
accounts it is good as long as none in it has changed. It is written with the run that read the rows, in one transaction, in
pieces that each carry their SHA-256; a piece that is damaged, missing or of a form nobody knows makes the reader say that
there is no copy, and everything is read. Whoever may write in the database could make it say other than the rows: a run over
everything and a replay read the rows themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.store.tables import run_copies as copies

#: What is copied.
TRANSACTIONS, ACCOUNTS = "transactions", "accounts"
#: What is kept beside it: figures that the last run made of everybody, see ``services/kept_figures.py``.
FIGURES: Final = "figures"
#: Rows of a piece at the most, and below how many the last piece takes in what comes next.
MOST, SMALL = 1_000_000, 100_000

#: Raised when the form of a piece changes, since older ones cannot be read then.
FORM: Final = "casedesk-copy-1"
#: Columns with few different values, each of which is written once a piece.
_CODED: Final = ("from_account", "to_account", "channel", "from_country", "to_country", "currency")


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows the copy has, and the newest arrival that it may hold."""

    rows: int
    upto: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows as they are kept: an Arrow stream."""

    rows: int
    sha256: str
    content: bytes


def pieces_of(table: pa.Table) -> tuple[Piece, ...]:
    """Write rows as pieces; none at all are one empty piece."""
    starts = range(0, max(table.num_rows, 1), MOST)
    return tuple(_piece(coded(table.slice(start, MOST))) for start in starts)


def coded(table: pa.Table) -> pa.Table:
    """Return the rows as a copy has them: columns with few different values as dictionaries."""
    for name in _CODED:
        if name in table.column_names and not pa.types.is_dictionary(table.schema.field(name).type):
            place = table.column_names.index(name)
            table = table.set_column(place, name, pc.dictionary_encode(table[name].combine_chunks()))
    return table


def _piece(table: pa.Table) -> Piece:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, table.schema, options=options) as out:
        out.write_table(table.combine_chunks())  # a driver may hand rows over in thousands of batches
    content = sink.getvalue().to_pybytes()
    return Piece(table.num_rows, _seal(table.num_rows, content), content)


def _seal(rows: int, content: bytes) -> str:
    return hashlib.sha256(f"{FORM} {rows}\n".encode() + hashlib.sha256(content).digest()).hexdigest()


_ASKED: Final = copies.c.what == sa.bindparam("asked")
_SIZE: Final = sa.select(sa.func.sum(copies.c.row_count), sa.func.max(copies.c.upto)).where(_ASKED)
_DIGESTS: Final = sa.select(copies.c.sha256).where(_ASKED).order_by(copies.c.place)
_PIECES: Final = sa.select(copies.c.row_count, copies.c.sha256, copies.c.content).where(_ASKED).order_by(copies.c.place)


class RunCopyReader:
    """Reads the copy."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def size(self, what: str) -> Size | None:
        """Return how many rows the copy has, and the newest arrival that it may hold; None where there is none."""
        rows, upto = self._connection.execute(_SIZE, {"asked": what}).one()
        return None if rows is None else Size(int(rows), upto)

    def digests(self, what: str) -> list[str]:
        """Return the SHA-256 of each piece, in order."""
        return list(self._connection.execute(_DIGESTS, {"asked": what}).scalars())

    def read(self, what: str) -> pa.Table | None:
        """Return the copy; None where a piece of it is no good."""
        tables = [_table(Piece(*row)) for row in self._connection.execute(_PIECES, {"asked": what})]
        known = [table for table in tables if table is not None]
        return joined(known) if known and len(known) == len(tables) else None


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Put rows of a copy under one another, with one dictionary a column."""
    return pa.concat_tables(tables).unify_dictionaries()


def _table(piece: Piece) -> pa.Table | None:
    if piece.sha256 != _seal(piece.rows, piece.content):
        return None
    table = pa.ipc.open_stream(piece.content).read_all()
    return table if table.num_rows == piece.rows else None


class RunCopyStore(RunCopyReader):
    """Writes the copy."""

    def replace(self, what: str, pieces: Sequence[Piece], *, upto: int) -> None:
        """Keep these pieces and no others."""
        self._connection.execute(sa.delete(copies).where(copies.c.what == what))
        self._insert(what, 0, pieces, upto)

    def append(self, what: str, table: pa.Table, *, upto: int) -> None:
        """Add rows that came since. A last piece that is small is written anew with them."""
        if table.num_rows == 0:
            return
        of_it = copies.c.what == what
        newest = sa.select(copies.c.place, copies.c.row_count).where(of_it).order_by(copies.c.place.desc()).limit(1)
        place, rows = self._connection.execute(newest).one()
        if rows + table.num_rows <= SMALL:
            last = sa.and_(of_it, copies.c.place == place)
            columns = sa.select(copies.c.row_count, copies.c.sha256, copies.c.content).where(last)
            small = _table(Piece(*self._connection.execute(columns).one()))
            if small is not None:
                self._connection.execute(sa.delete(copies).where(last))
                table, place = joined([small, coded(table)]), place - 1
        self._insert(what, place + 1, pieces_of(table), upto)

    def _insert(self, what: str, place: int, pieces: Sequence[Piece], upto: int) -> None:
        for number, piece in enumerate(pieces, place):
            values = {"what": what, "place": number, "upto": upto}
            content = {"row_count": piece.rows, "sha256": piece.sha256, "content": piece.content}
            self._connection.execute(sa.insert(copies).values(values | content))
