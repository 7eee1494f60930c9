"""A few transactions that came and wait in memory: the engine takes them up once a statement asks for what it holds.

Mostly none does. A run after a few transactions counts their customers' legs and looks for the ways they end, and both it tells in
memory; to put a dozen rows into three tables takes the engine as long as all of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.arriving_few import Keyed

#: More of them wait for nobody: they take room, and each run walks through them.
MOST: Final = 1_000

_TABLES: Final = ("all_keyed", "standing_legs", "ids")


class Pending:
    """What waits: the rows with the highest numbers there are."""

    def __init__(self) -> None:
        self._parts: list[Keyed] = []
        self._transfers: list[tuple[int, pa.Table]] = []
        self._legs: pa.Table | None = None
        self.rows = 0

    def wait(self, keyed: Keyed) -> None:
        """Let rows wait behind those that do, with higher numbers than theirs."""
        self._parts.append(keyed)
        self._legs = None
        rows = keyed.transactions
        self.rows += rows.num_rows
        there = rows.filter(pc.and_(pc.not_equal(rows["from_key"], 0), pc.not_equal(rows["to_key"], 0)))
        if there.num_rows:
            self._transfers.append((pc.max(there["row"]).as_py(), there))

    def legs_of(self, keys: Sequence[int]) -> list[pa.Table]:
        """Return the legs of some accounts, as ``standing_legs`` will hold them."""
        if not self._parts:
            return []
        if self._legs is None:  # in one piece: many small ones take longer to ask
            self._legs = pa.concat_tables(part.legs for part in self._parts).combine_chunks()
        return [self._legs.filter(pc.is_in(self._legs["account"], pa.array(keys, pa.int32())))]

    def transfers(self, first: int) -> list[pa.Table]:
        """Return those with an account on each side and a number from ``first`` on, as ``all_keyed`` will hold them."""
        parts = (rows for last, rows in self._transfers if last >= first)
        return [rows.filter(pc.greater_equal(rows["row"], first)) for rows in parts]

    def put_into(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Put them where statements find them, all or none."""
        parts = self._parts
        self._parts, self._transfers, self._legs, self.rows = [], [], None, 0
        connection.begin()
        for name, tables in zip(_TABLES, zip(*parts, strict=True), strict=True):
            connection.register("taken_in", pa.concat_tables(tables))
            connection.execute(f"INSERT INTO {name} BY NAME FROM taken_in")
            connection.unregister("taken_in")
        connection.commit()
