"""DuckDB in this process: the data loaded once, the rules' expressions run over it, spilling to disk when it must."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import duckdb
import ibis
import pyarrow as pa
from ibis.expr.types import Table

from casedesk.detection.episodes import COLUMNS
from casedesk.detection.fingerprint import Digest, data_fingerprint, digest_sql
from casedesk.detection.legs import ACCOUNTS, KEYED, LEGS, Views, legs_of
from casedesk.detection.rule import Rule, completed
from casedesk.detection.sources import ACCOUNT_COLUMNS, TRANSACTION_COLUMNS, Source, UnfitSource, fitting
from casedesk.domain.alerts import Alert
from casedesk.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use of the machine.

    ``threads`` None takes every core. Beyond ``memory_mib`` DuckDB spills into a folder of its own below ``temporary``
    (None: the system's), which is gone afterwards.
    """

    memory_mib: int = 4096
    threads: int | None = None
    temporary: Path | None = None


class OutOfMemory(Unavailable):
    """The memory limit is too small even for a run that spills to disk."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(
            f"Detection could not finish within {limits.memory_mib:,} MiB of memory; raise the memory limit, "
            "or give the temporary folder more room. Nothing was stored."
        )


#: No file, no network, no extension: the engine sees only what it is handed. Row order means nothing here.
_CONFIG: Final[dict[str, Any]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "preserve_insertion_order": False,
}

_ACCOUNT_KEYS: Final = """
CREATE TEMP TABLE account_keys AS
SELECT *, CASE WHEN own THEN min(account) OVER (PARTITION BY customer_id) ELSE account END AS lead
FROM (
    SELECT account_id::VARCHAR AS account_id, customer_id::VARCHAR AS customer_id, customer_id <> '' AS own,
           (row_number() OVER (ORDER BY account_id::VARCHAR))::INTEGER AS account,
           epoch_us(nullif(opened_on::VARCHAR, '')::DATE) AS opened_at, peer_group::VARCHAR AS peer_group
    FROM accounts
)"""

# A key of -1 marks an account that the accounts table does not have; it is refused right after.
_KEYED: Final = """
CREATE TEMP TABLE keyed AS
SELECT t."row", epoch_us(t.booked_at) AS "at",
       CASE WHEN t.from_account = '' THEN 0 ELSE coalesce(f.account, -1) END AS from_key,
       CASE WHEN t.to_account = '' THEN 0 ELSE coalesce(o.account, -1) END AS to_key,
       coalesce(f.own, false) AS from_own, coalesce(o.own, false) AS to_own,
       t.base_minor, t.channel::VARCHAR AS channel, t.from_country::VARCHAR AS from_country,
       t.to_country::VARCHAR AS to_country
FROM transactions t
LEFT JOIN account_keys f ON f.account_id = t.from_account
LEFT JOIN account_keys o ON o.account_id = t.to_account"""

# The chosen subjects, and the legs as the rules of local reach see them.
_SUBJECTS: Final = f"""
CREATE TEMP TABLE subjects AS SELECT account FROM account_keys SEMI JOIN subject_ids USING (account_id);
CREATE TEMP VIEW subject_legs AS SELECT * FROM {LEGS.get_name()} SEMI JOIN subjects USING (account)"""

_NARROW_LEGS: Final = ibis.table(LEGS.schema(), name="subject_legs")

_OWN_ACCOUNTS: Final = """
SELECT DISTINCT s.alert_id, a.account_id
FROM (SELECT l.alert_id, l.customer_id, unnest([t.from_account::VARCHAR, t.to_account::VARCHAR]) AS account_id
      FROM told l JOIN transactions t USING (transaction_id)) s
JOIN account_keys a ON a.account_id = s.account_id AND a.customer_id = s.customer_id"""

_KEYS: Final = {"transactions": "transaction_id", "accounts": "account_id"}

_LOST: Final = """
SELECT t.transaction_id, CASE WHEN k.from_key = -1 THEN t.from_account ELSE t.to_account END
FROM keyed k JOIN transactions t USING ("row")
WHERE k.from_key = -1 OR k.to_key = -1 ORDER BY t.transaction_id LIMIT 1"""

_NEGATIVE: Final = """
SELECT t.transaction_id, k.base_minor FROM keyed k JOIN transactions t USING ("row")
WHERE k.base_minor < 0 ORDER BY t.transaction_id LIMIT 1"""


class LoadedData:
    """Transactions and accounts inside DuckDB, ready for any number of rules."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, subjects: Sequence[str] | None = None) -> None:
        self._connection = connection
        self._digests = _digests(connection)
        for name, key in _KEYS.items():
            self._refuse_duplicates(name, key, self._digests[name].rows)
        connection.execute(_ACCOUNT_KEYS)
        connection.execute(_KEYED)
        self._refuse_lost_and_negative()
        connection.execute(f"CREATE TEMP VIEW {LEGS.get_name()} AS {_sql(legs_of(KEYED, ACCOUNTS))}")
        self._narrowed = subjects is not None
        if subjects is not None:
            connection.register("subject_ids", pa.table({"account_id": pa.array(subjects, pa.string())}))
            connection.execute(_SUBJECTS)

    def _refuse_lost_and_negative(self) -> None:
        lowest = self._row("SELECT coalesce(min(least(from_key, to_key, base_minor)), 0) FROM keyed")[0]
        if lowest >= 0:
            return
        lost = self._connection.execute(_LOST).fetchone()
        if lost:
            raise UnfitSource(
                f"Account “{lost[1]}” of transaction “{lost[0]}” is not among the accounts; add it, with a blank "
                "customer_id if it belongs to no customer."
            )
        name, amount = self._connection.execute(_NEGATIVE).fetchone() or ("", lowest)
        raise UnfitSource(
            f"Transaction “{name}” has a negative base_minor ({amount}); give the amount from 0 up, from the account "
            "that pays to the account that receives."
        )

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
        narrow = self._narrowed and rule.reach.local
        query = f"""
        SELECT {", ".join(f'"{column}"' for column in COLUMNS)}
        FROM (
            SELECT a.account_id, a.customer_id, t.transaction_id::VARCHAR AS transaction_id,
                   e.* EXCLUDE ("row", account)
            FROM ({_evidence_sql(rule, narrow)}) e
            JOIN account_keys a ON a.account = e.account
            {"SEMI JOIN subjects s ON s.account = e.account" if narrow else ""}
            JOIN transactions t ON t."row" = e."row"
        )
        ORDER BY account_id, episode, "at", transaction_id"""
        return self._connection.sql(query).to_arrow_table()

    def own_accounts(self, alerts: Sequence[Alert]) -> dict[str, tuple[str, ...]]:
        """Return for each alert id which accounts of its customer stand in its evidence, by id, its subject always."""
        found = {alert.alert_id: {alert.account_id} for alert in alerts}
        links = [(a.alert_id, a.customer_id, t) for a in alerts for t in a.transaction_ids]
        columns = zip(*links, strict=True) if links else ([], [], [])
        names = ("alert_id", "customer_id", "transaction_id")
        told = [pa.array(list(column), pa.string()) for column in columns]
        self._connection.register("told", pa.table(told, names=list(names)))
        for alert_id, account_id in self._connection.execute(_OWN_ACCOUNTS).fetchall():
            found[alert_id].add(account_id)
        self._connection.unregister("told")
        return {alert_id: tuple(sorted(accounts)) for alert_id, accounts in found.items()}

    def _refuse_duplicates(self, table: str, key: str, rows: int) -> None:
        # 64-bit hashes are counted, because that is cheap; only when two agree are the ids themselves looked at.
        if self._row(f"SELECT count(DISTINCT hash({key})) FROM {table}")[0] == rows:
            return
        twice = self._connection.execute(
            f"SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1 ORDER BY {key} LIMIT 1"
        ).fetchone()
        if twice:
            raise UnfitSource(f"Two rows of the {table} have the {key} “{twice[0]}”; give each one its own.")

    def _row(self, query: str) -> tuple[int, ...]:
        return _row(self._connection, query)


@contextmanager
def loaded(
    transactions: Source, accounts: Source, limits: Limits, subjects: Sequence[str] | None = None
) -> Iterator[LoadedData]:
    """Open DuckDB over the two tables. An Arrow table is read where it lies; a stream is taken in once.

    :param subjects: account ids; rules of local reach look at these only.
    :raises UnfitSource: if a column is missing or wrong, an id appears twice, or an account is unknown.
    :raises OutOfMemory: if the work does not fit the limits.
    """
    with _opened(transactions, accounts, limits) as connection:
        yield LoadedData(connection, subjects)


def digests_of(transactions: Source, accounts: Source, limits: Limits) -> Mapping[str, Digest]:
    """Return what the fingerprint is made of, for rows that came to others.

    :raises UnfitSource: if a column is missing or wrong.
    """
    with _opened(transactions, accounts, limits) as connection:
        return _digests(connection)


@contextmanager
def _opened(transactions: Source, accounts: Source, limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    config = {**_CONFIG, "memory_limit": f"{limits.memory_mib}MiB"}
    if limits.threads is not None:
        config["threads"] = limits.threads
    with tempfile.TemporaryDirectory(prefix="casedesk-", dir=limits.temporary) as folder:
        connection = duckdb.connect(":memory:", config={**config, "temp_directory": folder})
        try:
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            for name, source in (("transactions", transactions), ("accounts", accounts)):
                _take(connection, name, fitting(name, source))
            yield connection
        except duckdb.OutOfMemoryException:
            raise OutOfMemory(limits) from None
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
    for table, columns in (("transactions", TRANSACTION_COLUMNS), ("accounts", ACCOUNT_COLUMNS)):
        rows, complete, *words = _row(connection, digest_sql(table, columns))
        if complete < rows:
            raise UnfitSource(f"A row of the {table} has an empty (null) field; write '' for an unknown text.")
        found[table] = Digest(rows, (words[0], words[1], words[2], words[3]))
    return found


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    if row is None:
        raise AssertionError("an aggregate without groups has one row")
    return row


@lru_cache(maxsize=128)
def _evidence_sql(rule: Rule, narrow: bool = False) -> str:
    # Compiling takes longer than running over a few thousand transactions, and the text depends on nothing else.
    views = Views(legs=_NARROW_LEGS) if narrow else Views()
    return _sql(completed(rule.evidence(views)))


def _sql(expression: Table) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb", pretty=False))
