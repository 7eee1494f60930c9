"""Transactions whose account columns are dictionaries: a value of those is replaced by its key once, and not once a row.

Tables from the desk's own copy come so. What is made of them is what ``keying.keyed_transactions`` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.keying import UNKNOWN
from casedesk.detection.paid import paid_minor
from casedesk.detection.sources import Source, fitting

_SIDES: Final = ("from", "to")

_KEYED: Final = """
CREATE OR REPLACE TABLE all_keyed AS
SELECT "row", epoch_us(booked_at) AS "at", from_key, to_key, from_own, to_own, base_minor, {paid} AS paid_minor,
       channel::VARCHAR AS channel, from_country::VARCHAR AS from_country, to_country::VARCHAR AS to_country
FROM transactions"""


@dataclass(frozen=True, slots=True)
class Coded:
    """Such transactions, and the SQL that makes ``keyed_transactions`` of them once they have keys."""

    transactions: pa.Table
    keyed_sql: str

    @classmethod
    def of(cls, source: Source, base_currency: str) -> Self | None:
        """Return the transactions if their account columns are dictionaries."""
        if not isinstance(source, pa.Table):
            return None
        if not all(pa.types.is_dictionary(source.schema.field(f"{side}_account").type) for side in _SIDES):
            return None
        fit = fitting("transactions", source)
        return cls(fit, _KEYED.format(paid=paid_minor(fit.schema.names, base_currency, "duckdb")))

    def with_keys(self, named: pa.Table) -> pa.Table:
        """Add the keys of both sides, and whether an account of the desk's own stands there.

        :param named: ``account_id``, ``account`` and ``own`` of all accounts.
        """
        table, known = self.transactions, {name: named[name].combine_chunks() for name in named.column_names}
        for side in _SIDES:
            values = _Values(known)
            parts = [values.of_rows(chunk) for chunk in table[f"{side}_account"].chunks]
            for name, kind in (("key", pa.int32()), ("own", pa.bool_())):
                table = table.append_column(f"{side}_{name}", pa.chunked_array([part[name] for part in parts], kind))
        return table


class _Values:
    """Key and ownership of each value of a dictionary, which the chunks of a column mostly share."""

    def __init__(self, named: dict[str, pa.Array]) -> None:
        self._named = named
        self._values: pa.Array | None = None

    def of_rows(self, column: pa.DictionaryArray) -> dict[str, pa.Array]:
        """Return key and ownership for each row of one chunk; cash is nobody, and nobody is the desk's own."""
        if self._values is None or not self._values.equals(column.dictionary):
            self._look_up(column.dictionary)
        rows = np.asarray(column.indices)
        return {"key": pa.array(self._key[rows]), "own": pa.array(self._own[rows])}

    def _look_up(self, values: pa.Array) -> None:
        place = pc.index_in(values, self._named["account_id"])
        key = pc.fill_null(self._named["account"].take(place), UNKNOWN)
        key = pc.if_else(pc.equal(values, ""), pa.scalar(0, pa.int32()), key)
        own = pc.fill_null(self._named["own"].take(place), False)
        self._values, self._key, self._own = values, np.asarray(key), own.to_numpy(zero_copy_only=False)
