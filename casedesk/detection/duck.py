"""DuckDB in this process: the data loaded once, the rules' expressions run over it, spilling to disk when it must."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, Final

import duckdb
import pyarrow as pa
from ibis.expr.types import Table

from casedesk.detection.checks import (
    UNIQUE,
    accounts_by_alert,
    complete_digest,
    of_subjects,
    refuse_twice,
    refuse_unfit,
    told,
)
from casedesk.detection.fingerprint import Digest, data_fingerprint, digest_queries, hole_query
from casedesk.detection.keying import (
    NAMED,
    SUBJECT_IDS,
    SUBJECTS,
    TOLD,
    all_legs,
    chosen_subjects,
    evidence_of,
    keyed_transactions,
    named_accounts,
    narrow_legs,
    own_accounts,
    twice,
)
from casedesk.detection.legs import KEYED, LEGS
from casedesk.detection.limits import Limits, OutOfMemory
from casedesk.detection.paid import paid_minor
from casedesk.detection.rule import Rule
from casedesk.detection.sources import ParquetFiles, Source, fitting
from casedesk.detection.texts import written
from casedesk.domain.alerts import Alert

__all__ = ["Limits", "LoadedData", "OutOfMemory", "digests_of", "loaded"]

ENGINE: Final = "duckdb"
VERSION: Final = duckdb.__version__

#: No file, no network, no extension: the engine sees only what it is handed. Row order means nothing here.
_CONFIG: Final[dict[str, Any]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "preserve_insertion_order": False,
}

#: What is handed in, in the types that ``keying`` starts from. An Arrow dictionary is an ENUM here, hence the casts.
_SHOWN: Final = """
CREATE TEMP VIEW given AS
SELECT "row", transaction_id::VARCHAR AS transaction_id, epoch_us(booked_at) AS "at",
       from_account::VARCHAR AS from_account, to_account::VARCHAR AS to_account, base_minor, {paid} AS paid_minor,
       channel::VARCHAR AS channel, from_country::VARCHAR AS from_country, to_country::VARCHAR AS to_country
FROM transactions;
CREATE TEMP VIEW holders AS SELECT * FROM accounts"""


class LoadedData:
    """Transactions and accounts inside DuckDB, ready for any number of rules."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, subjects: Sequence[str] | None = None) -> None:
        self._connection = connection
        self._digests = _digests(connection)
        for name, (table, key) in UNIQUE.items():
            if self._may_repeat(table.get_name(), key, self._digests[name].rows):
                refuse_twice(name, key, self._first(twice(table, key)))
        self._table(NAMED.get_name(), named_accounts())
        self._table(KEYED.get_name(), keyed_transactions())
        refuse_unfit(self._first)
        self._subjects = None if subjects is None else pa.array(subjects, pa.string())
        if self._subjects is not None:
            connection.register(SUBJECT_IDS.get_name(), pa.table({"account_id": self._subjects}))
            self._table(SUBJECTS.get_name(), chosen_subjects())

    def _table(self, name: str, expression: Table) -> None:
        self._connection.execute(f"CREATE TEMP TABLE {name} AS {_sql(expression)}")

    def _view(self, name: str, expression: Table) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {_sql(expression)}")

    def _first(self, expression: Table) -> tuple[Any, ...] | None:
        rows = self._connection.execute(_sql(expression)).fetchall()  # one at most, and then the connection is free
        return rows[0] if rows else None

    @property
    def transactions(self) -> int:
        return self._digests["transactions"].rows

    @property
    def digests(self) -> Mapping[str, Digest]:
        return self._digests

    @property
    def fingerprint(self) -> str:
        return data_fingerprint(self._digests)

    def evidence(self, rule: Rule) -> pa.Table:
        """Run one rule, over the chosen subjects where some were chosen and the rule reads nothing but theirs.

        Columns and order are those of ``episodes.COLUMNS``.
        """
        chosen = self._subjects if rule.reach.local else None
        self._view(LEGS.get_name(), all_legs() if chosen is None else narrow_legs())
        found = self._connection.sql(_evidence_sql(rule)).to_arrow_table()
        return found if chosen is None else of_subjects(found, chosen)

    def own_accounts(self, alerts: Sequence[Alert]) -> dict[str, tuple[str, ...]]:
        """Return for each alert id which accounts of its customer stand in its evidence, by id, its subject always."""
        self._connection.register(TOLD.get_name(), told(alerts))
        found = self._connection.execute(_sql(own_accounts())).fetchall()
        self._connection.unregister(TOLD.get_name())
        return accounts_by_alert(alerts, found)

    def _may_repeat(self, table: str, key: str, rows: int) -> bool:
        # 64-bit hashes are counted, because that is cheap; only when two agree are the ids themselves looked at.
        return self._row(f"SELECT count(DISTINCT hash({key})) FROM {table}")[0] < rows

    def _row(self, query: str) -> tuple[int, ...]:
        return _row(self._connection, query)


@contextmanager
def loaded(
    transactions: Source,
    accounts: Source,
    limits: Limits,
    subjects: Sequence[str] | None = None,
    base_currency: str = "USD",
) -> Iterator[LoadedData]:
    """Open DuckDB over the two tables. An Arrow table is read where it lies; a stream is taken in once.

    :param subjects: account ids; rules of local reach look at these only.
    :raises UnfitSource: if a column is missing or wrong, an id appears twice, or an account is unknown.
    :raises OutOfMemory: if the work does not fit the limits.
    """
    with _opened(transactions, accounts, limits, base_currency) as connection:
        yield LoadedData(connection, subjects)


def digests_of(transactions: Source, accounts: Source, limits: Limits, base_currency: str) -> Mapping[str, Digest]:
    """Return what the fingerprint is made of, for rows that came to others.

    :raises UnfitSource: if a column is missing or wrong.
    """
    with _opened(transactions, accounts, limits, base_currency) as connection:
        return _digests(connection)


@contextmanager
def _opened(
    transactions: Source, accounts: Source, limits: Limits, base_currency: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    config = {**_CONFIG, "memory_limit": f"{limits.memory_mib}MiB"}
    if limits.threads is not None:
        config["threads"] = limits.threads
    with tempfile.TemporaryDirectory(prefix="casedesk-", dir=limits.temporary) as folder:
        connection = duckdb.connect(":memory:", config={**config, "temp_directory": folder})
        try:
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            given: dict[str, Sequence[str]] = {}
            for name, source in (("transactions", transactions), ("accounts", accounts)):
                streamed = source.reader() if isinstance(source, ParquetFiles) else source
                fit = fitting(name, streamed)
                given[name] = fit.schema.names
                _take(connection, name, fit)
            connection.execute(_SHOWN.format(paid=paid_minor(given["transactions"], base_currency, "duckdb")))
            yield connection
        except duckdb.OutOfMemoryException:
            raise OutOfMemory(limits) from None
        except RuntimeError as error:
            # Ctrl-C within a query comes out of DuckDB as an error like any other; it is what the person asked for
            if str(error) != "Query interrupted":
                raise
            raise KeyboardInterrupt from None
        finally:
            connection.close()


def _take(connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> None:
    if isinstance(source, pa.Table):
        connection.register(name, source)
        return
    connection.register("stream", source)
    connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM stream")
    connection.unregister("stream")


def _digests(connection: duckdb.DuckDBPyConnection) -> dict[str, Digest]:
    found = {}
    for name, query in digest_queries("duckdb").items():
        hole = partial(_row, connection, hole_query(name, "duckdb"))
        found[name] = complete_digest(name, _row(connection, query), hole)
    return found


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    (row,) = connection.execute(query).fetchall()  # one row, as its caller knows
    return row


@lru_cache(maxsize=128)
def _evidence_sql(rule: Rule) -> str:
    # Making the expression takes as long as writing it, and the text depends on nothing but the rule.
    return _sql(evidence_of(rule))


def _sql(expression: Table) -> str:
    return written(expression, "duckdb")
