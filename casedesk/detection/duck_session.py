"""DuckDB opened within limits, and shown what is handed in; what it says is said in the desk's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import duckdb
import pyarrow as pa

from casedesk.detection.checks import complete_digest
from casedesk.detection.fingerprint import Digest, digest_queries, hole_query
from casedesk.detection.limits import Limits, OutOfMemory
from casedesk.detection.paid import paid_minor
from casedesk.detection.priority import give_way
from casedesk.detection.sources import ParquetFiles, Source, fitting
from casedesk.detection.spill import spill_folder

#: No file, no network, no extension: the engine sees only what it is handed. Row order means nothing here.
_CONFIG: Final[dict[str, Any]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "preserve_insertion_order": False,
}

#: What is handed in, in the types that ``keying`` starts from. An Arrow dictionary is an ENUM here, hence the casts.
_SHOWN: Final = """
CREATE OR REPLACE TEMP VIEW given AS
SELECT {row} AS "row", transaction_id::VARCHAR AS transaction_id, epoch_us(booked_at) AS "at",
       from_account::VARCHAR AS from_account, to_account::VARCHAR AS to_account, base_minor, {paid} AS paid_minor,
       channel::VARCHAR AS channel, from_country::VARCHAR AS from_country, to_country::VARCHAR AS to_country
FROM transactions;
CREATE OR REPLACE TEMP VIEW holders AS SELECT * FROM accounts"""


@contextmanager
def opened(
    transactions: Source, accounts: Source, limits: Limits, base_currency: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB over the two tables.

    :raises UnfitSource: if a column is missing or wrong.
    :raises OutOfMemory: if the work does not fit the limits.
    """
    with in_words(limits), connected(limits) as connection:
        show(connection, transactions, accounts, base_currency)
        yield connection


@contextmanager
def connected(limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB within the limits, with a folder to spill into that is gone afterwards."""
    config = {**_CONFIG, "memory_limit": f"{limits.memory_mib}MiB"}
    if limits.threads is not None:
        config["threads"] = limits.threads
    with spill_folder(limits.temporary) as folder:
        connection = _opened({**config, "temp_directory": str(folder)})
        try:
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection
        finally:
            connection.close()


def _opened(config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """Open DuckDB from a thread that gives way, so that the threads that DuckDB starts do."""
    with ThreadPoolExecutor(1, "opening", give_way) as thread:
        return thread.submit(duckdb.connect, ":memory:", config=config).result()


@contextmanager
def in_words(limits: Limits) -> Iterator[None]:
    """Say what DuckDB says in the desk's words."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise OutOfMemory(limits) from None
    except RuntimeError as error:
        # Ctrl-C within a query comes out of DuckDB as an error like any other; it is what the person asked for
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from None


def show(
    connection: duckdb.DuckDBPyConnection, transactions: Source, accounts: Source, base_currency: str, first: int = 0
) -> None:
    """Show DuckDB what is handed in, transactions numbered from ``first`` on, as ``keying`` starts from it.

    :raises UnfitSource: if a column is missing or wrong.
    """
    given: dict[str, Sequence[str]] = {}
    for name, source in (("transactions", transactions), ("accounts", accounts)):
        streamed = source.reader() if isinstance(source, ParquetFiles) else source
        fit = fitting(name, streamed)
        given[name] = fit.schema.names
        _take(connection, name, fit)
    paid = paid_minor(given["transactions"], base_currency, "duckdb")
    connection.execute(_SHOWN.format(paid=paid, row=f'"row" + {first}' if first else '"row"'))


def _take(connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> None:
    if isinstance(source, pa.Table):
        connection.register(name, source)
        return
    connection.register("stream", source)
    connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM stream")
    connection.unregister("stream")


def digests_here(connection: duckdb.DuckDBPyConnection, rows: Mapping[str, int] | None = None) -> dict[str, Digest]:
    """Return what the fingerprint is made of, for what DuckDB is shown.

    :param rows: how many rows each table has, where that is known: of none there is nothing to ask.
    :raises UnfitSource: if a row of it has a null.
    """
    found = {}
    for name, query in digest_queries("duckdb").items():
        if rows is not None and not rows[name]:
            found[name] = Digest(0, (0, 0, 0, 0))
            continue
        hole = partial(one_row, connection, hole_query(name, "duckdb"))
        found[name] = complete_digest(name, one_row(connection, query), hole)
    return found


def one_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Return the only row of a query."""
    (row,) = connection.execute(query).fetchall()  # one row, as its caller knows
    return row
