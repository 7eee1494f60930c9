"""Rows gathered from many files, each once, in memory while they are few and in a temporary file when they are many."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from casedesk.formats.identity import Ordinals
from casedesk.formats.records import Ints
from casedesk.formats.rejects import RejectedRow, rejected

#: Rows held in memory: about 200 MB of the rules' columns.
IN_MEMORY: Final = 2_000_000

_OTHER_CONTENT: Final = "Another row has this id and another content; ids must not be used twice."


@dataclass(slots=True)
class _Doubtful:
    """Rows whose id may have come before: set aside until the others are there to compare with."""

    tables: list[Any]
    numbers: list[Ints]


class KnownRows:
    """Collect tables whose first column is an id, dropping rows that are there already.

    Which ids have come is remembered as 64-bit hashes, eight bytes a row. Where two ids share one, :meth:`settle` compares
    the rows themselves.
    """

    def __init__(self, schema: Any, in_memory: int = IN_MEMORY) -> None:
        self._schema, self._limit = schema, in_memory
        self._ordinals = Ordinals()
        self._held: list[Any] = []
        self._rows = 0
        self._spill: IO[bytes] | None = None
        self._writer: Any = None
        self._doubtful = _Doubtful([], [])

    def add(self, table: Any, numbers: Ints) -> None:
        """Take a table of the schema; ``numbers`` are its rows' numbers in their file."""
        ids = table.column(0).to_numpy(zero_copy_only=False)
        fresh = self._ordinals.number(pd.util.hash_array(ids, categorize=False)) == 1
        if not fresh.all():
            self._doubtful.tables.append(table.filter(pa.array(~fresh)))
            self._doubtful.numbers.append(numbers[~fresh])
            table = table.filter(pa.array(fresh))
        self._keep(table)

    def settle(self) -> list[RejectedRow]:
        """Compare the rows that were set aside; return those whose id another row has with another content."""
        if not self._doubtful.tables:
            return []
        doubtful = pa.concat_tables(self._doubtful.tables)
        numbers = np.concatenate(self._doubtful.numbers).tolist()
        asked = pc.unique(doubtful.column(0))
        first: dict[str, tuple[Any, ...]] = {}
        for batch in self._batches():
            for row in _rows(batch.filter(pc.is_in(batch.column(0), value_set=asked))):
                first[row[0]] = row
        fresh: list[int] = []
        refused: list[RejectedRow] = []
        for position, row in enumerate(_rows(doubtful)):
            if row[0] not in first:
                first[row[0]] = row
                fresh.append(position)
            elif first[row[0]] != row:
                refused.append(rejected(numbers[position], self._schema.names[0], row[0], _OTHER_CONTENT))
        self._keep(doubtful.take(pa.array(fresh, pa.int64())))
        self._doubtful = _Doubtful([], [])
        return refused

    def read(self) -> pa.Table | pa.RecordBatchReader:
        """Give the rows: a table, or a reader of the temporary file, which goes when the reader does."""
        if self._spill is None:
            return pa.Table.from_batches(self._held, self._schema)
        return pa.RecordBatchReader.from_batches(self._schema, self._batches())

    def _keep(self, table: Any) -> None:
        self._held += table.to_batches()
        self._rows += table.num_rows
        if self._rows > self._limit:
            if self._writer is None:
                self._spill = tempfile.TemporaryFile(prefix="casedesk-")  # noqa: SIM115 - lives as long as its reader
                weakref.finalize(self, self._spill.close)
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                self._writer = pa.ipc.new_stream(self._spill, self._schema, options=options)
            for batch in self._held:
                self._writer.write_batch(batch)
            self._held = []

    def _batches(self) -> Iterator[Any]:
        if self._spill is None:
            yield from self._held
            return
        self._spill.flush()
        end = self._spill.tell()
        self._spill.seek(0)
        written, rows = pa.ipc.open_stream(self._spill), self._rows
        while rows > 0:
            batch = written.read_next_batch()
            rows -= batch.num_rows
            yield batch
        self._spill.seek(end)


def _rows(table: Any) -> Iterator[tuple[Any, ...]]:
    yield from zip(*(column.to_pylist() for column in table.columns), strict=True)
