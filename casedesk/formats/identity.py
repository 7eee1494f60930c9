"""Transaction ids for files that have none: the same row of the same file gets the same id at every import.

An id is a prefix, the first 24 hexadecimal digits of a SHA-256 over the length-prefixed fields, and the row's ordinal
among identical rows: two identical rows are two transactions. The digest is over what the fields mean, not how they are
written, so a file that a spreadsheet or pandas has rewritten keeps its ids.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.formats.records import Column, Ints

_HEX_DIGITS: Final = 24
_Keys = npt.NDArray[np.uint64]


class Ordinals:
    """Count how often each key has been seen, in eight bytes a distinct key.

    Keys are the first 64 bits of the digests. Should two different rows ever share them, the second gets the ordinal 2 on
    a digest of its own: still unique, still the same at every import.
    """

    def __init__(self) -> None:
        self._runs: list[_Keys] = []  # sorted, disjoint, each at least twice as long as the next
        self._repeats: dict[int, int] = {}

    def number(self, keys: _Keys) -> Ints:
        """Give each key its ordinal, from 1, and remember it."""
        order = np.argsort(keys, kind="stable")
        distinct, starts, counts = np.unique(keys[order], return_index=True, return_counts=True)
        before = self._counts_before(distinct)
        ordinals = np.empty(len(keys), dtype=np.int64)
        ordinals[order] = np.arange(len(keys)) - np.repeat(starts - before, counts) + 1
        for i in np.flatnonzero(before + counts > 1).tolist():
            self._repeats[int(distinct[i])] = int(before[i] + counts[i])
        self._add(distinct[before == 0])
        return ordinals

    def _counts_before(self, distinct: _Keys) -> Ints:
        before = np.zeros(len(distinct), dtype=np.int64)
        for run in self._runs:
            found = np.searchsorted(run, distinct)
            before |= run[np.minimum(found, len(run) - 1)] == distinct
        for i in np.flatnonzero(before).tolist():
            before[i] = self._repeats.get(int(distinct[i]), 1)
        return before

    def _add(self, fresh: _Keys) -> None:
        if len(fresh):
            self._runs.append(fresh)
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs[-1] = np.sort(np.concatenate([self._runs[-1], last]))


#: Ordinals by prefix. Files that are parts of one set share them: however its rows are dealt out, they are as many.
Counted: TypeAlias = defaultdict[str, Ordinals]


def derive_ids(columns: Sequence[Column], prefix: str, ordinals: Ordinals) -> Column:
    """Build the ids of a chunk from its columns (strings or integers, in a fixed order)."""
    if not len(columns[0]):
        return pa.array([], pa.string())
    texts = [column.cast(pa.string()) for column in columns]
    framed = [part for text in texts for part in (pc.binary_length(text).cast(pa.string()), text)]
    joined = pc.binary_join_element_wise(*framed, ":").to_pylist()
    digests = [hashlib.sha256(row.encode()).digest() for row in joined]
    keys = np.frombuffer(b"".join(digests), dtype=">u8")[::4].astype(np.uint64)
    numbers = ordinals.number(keys).tolist()
    ids = [f"{prefix}{d.hex()[:_HEX_DIGITS]}-{n}" for d, n in zip(digests, numbers, strict=True)]
    return pa.array(ids, pa.string())
