"""Rows on their way from a file to the rules: columns of a block, with the row numbers a person would count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from casedesk.formats.rejects import RejectedRow

Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
#: Any Arrow array; the library has no type stubs.
Column: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Records:
    """A run of rows: one Arrow array for each wanted column, and rows that could not even be split into columns."""

    columns: tuple[Column, ...]
    numbers: Ints
    broken: tuple[RejectedRow, ...] = ()
    bytes_read: int = 0

    def part(self, start: int, stop: int) -> Records:
        """Cut out rows, without the broken ones."""
        columns = tuple(column.slice(start, stop - start) for column in self.columns)
        return Records(columns, self.numbers[start:stop], (), self.bytes_read)


class Reader(Protocol):
    """One open file: its header, and its rows in blocks of whatever length the format likes."""

    @property
    def header(self) -> Sequence[str]:
        """Column names in file order, spaces around them removed."""
        ...

    @property
    def first_number(self) -> int:
        """The number of the first row below the header."""
        ...

    def blocks(self, wanted: Sequence[int]) -> Iterator[Records]:
        """Read the wanted columns (positions in the header), text columns as strings."""
        ...


@dataclass(slots=True)
class _Chunk:
    parts: list[Records] = field(default_factory=list)
    broken: list[RejectedRow] = field(default_factory=list)


def chunked(blocks: Iterable[Records], *, size: int, first_number: int) -> Iterator[tuple[int, Records]]:
    """Cut blocks into numbered chunks: chunk ``k`` holds the rows numbered ``first + k*size`` up to ``first + (k+1)*size - 1``.

    The cut depends on row numbers alone, so a chunk is the same however the file was read, and an import that was killed
    can go on at a chunk. Broken rows count as rows. Chunks without rows are left out.
    """
    index = 0
    open_chunk = _Chunk()
    late: list[RejectedRow] = []
    bytes_read = 0
    for block in blocks:
        late.extend(block.broken)
        bytes_read = block.bytes_read
        start, end = 0, len(block.numbers)
        while start < end:
            bound = first_number + (index + 1) * size
            stop = int(np.searchsorted(block.numbers, bound))
            if stop > start:
                open_chunk.parts.append(block.part(start, stop))
            if stop < end:
                late = _take_below(bound, late, open_chunk)
                yield from _closed(index, open_chunk, bytes_read)
                index, open_chunk = index + 1, _Chunk()
            start = stop
    while open_chunk.parts or late:
        late = _take_below(first_number + (index + 1) * size, late, open_chunk)
        yield from _closed(index, open_chunk, bytes_read)
        index, open_chunk = index + 1, _Chunk()


def _take_below(bound: int, late: list[RejectedRow], chunk: _Chunk) -> list[RejectedRow]:
    chunk.broken = [row for row in late if row.row_number < bound]
    return [row for row in late if row.row_number >= bound]


def _closed(index: int, chunk: _Chunk, bytes_read: int) -> Iterator[tuple[int, Records]]:
    if not chunk.parts and not chunk.broken:
        return
    if chunk.parts:
        columns = tuple(
            pa.concat_arrays(list(pieces)) for pieces in zip(*(p.columns for p in chunk.parts), strict=True)
        )
        numbers = np.concatenate([p.numbers for p in chunk.parts])
    else:
        columns, numbers = (), np.empty(0, dtype=np.int64)
    yield index, replace(Records(columns, numbers), broken=tuple(chunk.broken), bytes_read=bytes_read)
