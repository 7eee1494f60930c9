"""DuckDB in this process: the data loaded once, the rules' expressions run over it, spilling to disk when it must."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.checks import (
    UNIQUE,
    Expression,
    accounts_by_alert,
    complete_digest,
    first_of,
    hit_from,
    of_subjects,
    refuse_twice,
    refuse_unfit,
    told,
)
from casedesk.detection.coded import Coded
from casedesk.detection.episodes import COLUMNS
from casedesk.detection.fingerprint import Digest, data_fingerprint, digest_queries, hole_query
from casedesk.detection.kept_texts import kept
from casedesk.detection.keying import (
    AGAIN,
    CHOSEN,
    GIVEN_MOMENTS,
    NAMED,
    ORDER,
    SHOWN,
    SUBJECT_IDS,
    SUBJECTS,
    TOLD,
    again_legs,
    all_legs,
    chosen_again,
    chosen_legs,
    chosen_subjects,
    found_by,
    keyed_transactions,
    named_accounts,
    narrow_legs,
    own_accounts,
    read_from,
    twice,
)
from casedesk.detection.legs import ENDED_FROM, KEYED, LEGS, MOMENTS
from casedesk.detection.limits import Limits, OutOfMemory
from casedesk.detection.near import parted
from casedesk.detection.paid import paid_minor
from casedesk.detection.rule import Rule
from casedesk.detection.sources import ParquetFiles, Source, fitting
from casedesk.detection.subjects import ALWAYS, NEVER, Judged, Subjects
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

_IN_ORDER: Final = f"""
SELECT {", ".join(map('"{}"'.format, COLUMNS))} FROM found JOIN (SELECT "row", transaction_id FROM given) USING ("row")
ORDER BY {", ".join(map('"{}"'.format, ORDER))}"""


class LoadedData:
    """Transactions and accounts inside DuckDB, ready for any number of rules."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        digests: Mapping[str, Digest],
        subjects: Subjects | None = None,
        *,
        kept_texts: bool = True,
        distinct: bool = False,
        coded: Coded | None = None,
    ) -> None:
        self._connection = connection
        self._kept_texts = kept_texts
        self._digests = digests
        for name, (table, key) in UNIQUE.items():
            if not distinct and self._may_repeat(table.get_name(), key):
                refuse_twice(name, key, self._first(partial(twice, table, key), f"twice {name}"))
        self._table(NAMED.get_name(), named_accounts)
        self._key(coded)
        self._show_transfers(ALWAYS)
        refuse_unfit(self._first)
        self._subjects = subjects
        self._subject_ids = pa.array([] if subjects is None else subjects.account_ids, pa.string())
        if subjects is not None:
            connection.register(SUBJECT_IDS.get_name(), pa.table({"account_id": self._subject_ids}))
            self._table(SUBJECTS.get_name(), chosen_subjects)
            self._table(CHOSEN.get_name(), narrow_legs)

    def _key(self, coded: Coded | None) -> None:
        """Replace account ids by keys; ``coded`` transactions have dictionaries that need it only once a value."""
        if coded is None:
            self._table("all_keyed", keyed_transactions)
            return
        named = self._connection.sql(f"SELECT account_id, account, own FROM {NAMED.get_name()}").to_arrow_table()
        self._connection.register("transactions", coded.with_keys(named))
        self._connection.execute(coded.keyed_sql)

    def _table(self, name: str, expression: Expression) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {self._sql(expression, expression.__name__)}")

    def _view(self, name: str, expression: Expression) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {self._sql(expression, expression.__name__)}")

    def _first(self, expression: Expression, what: str) -> tuple[Any, ...] | None:
        # one row at most, and then the connection is free
        rows = self._connection.execute(self._sql(expression, what)).fetchall()
        return rows[0] if rows else None

    def _sql(self, expression: Expression, what: str) -> str:
        return _text(what, expression, kept_texts=self._kept_texts)

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
        """Run one rule; where subjects were chosen, over these and no further back than it must, as far as it allows.

        Columns and order are those of ``episodes.COLUMNS``.
        """
        judged = None if self._subjects is None else self._subjects.judged(rule)
        if self._subjects is not None and judged is not None and rule.reach.local:
            self._show_transfers(ALWAYS)
            if rule.span is not None:
                return self._near(rule, self._subjects, judged)
            self._view(LEGS.get_name(), chosen_legs)
            return of_subjects(self._run(rule), self._subject_ids)
        if self._subjects is not None and judged is not None and rule.span is not None and not rule.span.ahead:
            return self._along(rule, self._subjects)
        return self._from(rule, ALWAYS if judged is None else judged.earliest - rule.read_before)

    def _from(self, rule: Rule, moment: int, shown: str = "all") -> pa.Table:
        self._show_transfers(moment)
        self._view(LEGS.get_name(), all_legs)
        return self._run(rule, shown)

    def _along(self, rule: Rule, subjects: Subjects) -> pa.Table:
        """Look for the paths that come to what is new, and again at those accounts whose paths may join what stood."""
        since = subjects.everywhere or NEVER
        self._connection.register(ENDED_FROM.get_name(), pa.table({"moment": pa.array([since], pa.int64())}))
        found = self._from(rule, since - rule.read_before, "along")
        again = subjects.second_look_along(rule, first_of(found))
        if not again:
            return found
        seen = pa.array(list(again), pa.string())
        rest = found.filter(pc.invert(pc.is_in(found["account_id"], seen)))
        return pa.concat_tables([rest, of_subjects(self._from(rule, min(again.values()) - rule.read_before), seen)])

    def _near(self, rule: Rule, subjects: Subjects, judged: Judged) -> pa.Table:
        """Look near what is new, and again at all of those on whom that shows something which may join what stood."""
        first = subjects.first_look(rule, judged)
        self._show_near(subjects.read_from(rule, first))
        found = of_subjects(self._run(rule, "near"), self._subject_ids)
        again = pa.array(subjects.second_look(rule, judged, first, hit_from(found, first.moments)), pa.string())
        if not len(again):
            return found
        self._show_all_of(again)
        rest = found.filter(pc.invert(pc.is_in(found["account_id"], again)))
        return pa.concat_tables([rest, of_subjects(self._run(rule), again)])

    def _show_all_of(self, account_ids: pa.Array) -> None:
        """Let the legs be all of these accounts."""
        self._connection.register(SUBJECT_IDS.get_name(), pa.table({"account_id": account_ids}))
        self._table(AGAIN.get_name(), chosen_again)
        self._view(LEGS.get_name(), again_legs)

    def _run(self, rule: Rule, shown: str = "all") -> pa.Table:
        # kept first, so that DuckDB knows how few rows it then looks up among all transactions
        text = _found_sql(rule, shown, kept_texts=self._kept_texts)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE found AS {text}")
        return self._connection.sql(_IN_ORDER).to_arrow_table()

    def _show_transfers(self, moment: int) -> None:
        """Let the transfers be those from a moment on."""
        later = "" if moment <= ALWAYS else f' WHERE "at" >= {moment}'
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {KEYED.get_name()} AS FROM all_keyed{later}")

    def _show_near(self, moments: Sequence[int]) -> None:
        """Let the legs be those of each subject from its moment on, and the past those before."""
        given = pa.table({"account_id": self._subject_ids, "read_from": pa.array(moments, pa.int64())})
        self._connection.register(GIVEN_MOMENTS.get_name(), given)
        self._table(MOMENTS.get_name(), read_from)
        for statement in parted(moments):
            self._connection.execute(statement)

    def own_accounts(self, alerts: Sequence[Alert]) -> dict[str, tuple[str, ...]]:
        """Return for each alert id which accounts of its customer stand in its evidence, by id, its subject always."""
        self._connection.register(TOLD.get_name(), told(alerts))
        found = self._connection.execute(self._sql(own_accounts, own_accounts.__name__)).fetchall()
        self._connection.unregister(TOLD.get_name())
        return accounts_by_alert(alerts, found)

    def _may_repeat(self, table: str, key: str) -> bool:
        # 64-bit hashes are counted, because that is cheap; only when two agree are the ids themselves looked at.
        different, rows = self._row(f"SELECT count(DISTINCT hash({key})), count(*) FROM {table}")
        return different < rows

    def _row(self, query: str) -> tuple[int, ...]:
        return _row(self._connection, query)


@contextmanager
def loaded(
    transactions: Source,
    accounts: Source,
    limits: Limits,
    subjects: Subjects | None = None,
    base_currency: str = "USD",
    digests: Mapping[str, Digest] | None = None,
) -> Iterator[LoadedData]:
    """Open DuckDB over the two tables. An Arrow table is read where it lies; a stream is taken in once.

    :param subjects: rules of local reach look at these accounts only, and no further back than they must.
    :param digests: those that a run records, of rows that are known to have ids of their own; None takes those of the two tables.
    :raises UnfitSource: if a column is missing or wrong, an id appears twice, or an account is unknown.
    :raises OutOfMemory: if the work does not fit the limits.
    """
    with _opened(transactions, accounts, limits, base_currency) as connection:
        yield LoadedData(
            connection,
            digests or _digests(connection),
            subjects,
            kept_texts=limits.kept_texts,
            distinct=digests is not None,
            coded=Coded.of(transactions, base_currency),
        )


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
def _found_sql(rule: Rule, shown: str, *, kept_texts: bool) -> str:
    # Making the expression takes as long as writing it, and the text depends on nothing but the rule and what it is shown.
    what = f"{rule.name} {rule.version} {rule.parameters.canonical()} {shown}"
    return _text(what, partial(found_by, rule, SHOWN[shown]), kept_texts=kept_texts)


def _text(what: str, expression: Expression, *, kept_texts: bool) -> str:
    def write() -> str:
        return written(expression(), "duckdb")

    return kept(what, write) if kept_texts else write()
