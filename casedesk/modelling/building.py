"""DuckDB works the features out: the same expressions for a year of payments and for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

import duckdb
import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis.expr.types import Table

from casedesk.modelling.features import STAGES, Part, catalogue, parts
from casedesk.modelling.payments import Payments

Matrix: TypeAlias = npt.NDArray[np.float32]

#: No file, no network, no extension: the engine sees only what it is handed. Row order means nothing here.
_CONFIG: Final[dict[str, Any]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "preserve_insertion_order": False,
}


@dataclass(frozen=True, slots=True)
class Features:
    """The features of payments: ``matrix`` has a row for each id, and the columns of ``catalogue`` in their order.

    A value that says nothing is NaN; infinite ones do not occur.
    """

    ids: pa.Array
    matrix: Matrix


@cache
def _stages() -> tuple[str, ...]:
    return tuple(f"CREATE OR REPLACE TEMP TABLE {name} AS {_sql(make())}" for name, make in STAGES.items())


@cache
def _parts() -> tuple[str, ...]:
    return tuple(_sql(part.rows) for part in parts())


def _sql(expression: Table) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb", pretty=False))


@contextmanager
def opened(memory_mib: int = 4096, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an engine that is gone afterwards."""
    config = {**_CONFIG, "memory_limit": f"{memory_mib}MiB"} | ({} if threads is None else {"threads": threads})
    connection = duckdb.connect(":memory:", config=config)
    try:
        yield connection
    finally:
        connection.close()


def build(payments: Payments, *, memory_mib: int = 4096, threads: int | None = None) -> Features:
    """Work out the features of every payment."""
    with opened(memory_mib, threads) as connection:
        return build_in(connection, payments)


def build_in(connection: duckdb.DuckDBPyConnection, payments: Payments) -> Features:
    """Work out the features of every payment in an engine that is open already."""
    connection.register("payments", payments.table)
    for statement in _stages():
        connection.execute(statement)
    found = ((part, connection.sql(text).to_arrow_table()) for part, text in zip(parts(), _parts(), strict=True))
    made = filled(
        payments.ids, ((part, {name: rows[name].to_numpy() for name in rows.column_names}) for part, rows in found)
    )
    connection.unregister("payments")
    return made


def filled(ids: pa.Array, found: Iterable[tuple[Part, Mapping[str, npt.NDArray[Any]]]]) -> Features:
    """Put the parts together to the matrix, each by its rows."""
    # by columns, because that is how they come and how trees are trained
    matrix = np.empty((len(ids), len(catalogue())), np.float32, order="F")
    first = 0
    for part, rows in found:
        out = rows["out"].astype(bool) if part.sided else np.empty(0, bool)
        for chosen in (np.flatnonzero(out), np.flatnonzero(~out)) if part.sided else (slice(None),):
            place = rows["row"][chosen]
            for column, name in enumerate(part.columns, first):
                matrix[:, column] = part.filled
                matrix[place, column] = rows[name][chosen]
            first += len(part.columns)
    return Features(ids, matrix)
