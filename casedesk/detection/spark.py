"""Apache Spark, for data that has outgrown one machine: the same expressions as on DuckDB, through Spark's SQL."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from casedesk.detection import spark_session
from casedesk.detection.checks import (
    UNIQUE,
    Expression,
    accounts_by_alert,
    complete_digest,
    of_subjects,
    refuse_twice,
    refuse_unfit,
    told,
)
from casedesk.detection.episodes import COLUMNS
from casedesk.detection.fingerprint import Digest, data_fingerprint, digest_queries, hole_query
from casedesk.detection.keying import (
    GIVEN,
    HOLDERS,
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
from casedesk.detection.limits import Limits
from casedesk.detection.paid import paid_minor
from casedesk.detection.rule import Rule
from casedesk.detection.sources import ParquetFiles, Source, fitting
from casedesk.detection.spark_plans import staged
from casedesk.detection.spark_session import Running, SparkFailed
from casedesk.detection.subjects import Subjects
from casedesk.detection.texts import written
from casedesk.domain.alerts import Alert

T = TypeVar("T")

ENGINE: Final = "spark"

#: What is handed in, in the types that ``keying`` starts from. A time without a zone is UTC, as the session is.
_SHOWN: Final = """
SELECT `row`, transaction_id, unix_micros(CAST(booked_at AS TIMESTAMP)) AS `at`, from_account, to_account, base_minor,
       {paid} AS paid_minor, channel, from_country, to_country
FROM transactions"""

_files: Final = count(1)


class LoadedData:
    """Transactions and accounts inside Spark, ready for any number of rules."""

    def __init__(self, spark: Any, digests: Mapping[str, Digest], subjects: Subjects | None) -> None:
        self._spark = spark
        self._digests = digests
        for name, (table, key) in UNIQUE.items():
            refuse_twice(name, key, self._first(partial(twice, table, key), f"twice {name}"))
        self._keep(NAMED.get_name(), named_accounts())
        self._keep(KEYED.get_name(), keyed_transactions())
        refuse_unfit(self._first)
        self._legs = [self._keep(LEGS.get_name(), all_legs())]
        self._subjects = subjects
        if subjects is not None:
            self._subject_ids = pa.array(subjects.account_ids, pa.string())
            self._show(SUBJECT_IDS.get_name(), pa.table({"account_id": self._subject_ids}))
            self._keep(SUBJECTS.get_name(), chosen_subjects())
            self._legs.append(self._keep(LEGS.get_name(), narrow_legs()))

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
        """Run one rule, over the chosen subjects where some were chosen and the rule may be run upon them.

        Columns and order are those of ``episodes.COLUMNS``.
        """
        chosen = self._subjects if rule.reach.local else None
        chosen = None if chosen is None or chosen.judged(rule) is None else chosen
        if self._subjects is not None and chosen is None:
            self._subjects.everything(rule)
        self._legs[chosen is not None].createOrReplaceTempView(LEGS.get_name())
        steps, last = staged(evidence_of(rule))
        standing = stored(self._spark)
        for name, step in steps:
            self._keep(name, step)
        found = self._arrow(last).select(list(COLUMNS))
        for name, _ in steps:
            self._spark.catalog.dropTempView(name)
        drop(self._spark, but=standing)
        return found if chosen is None else of_subjects(found, self._subject_ids)

    def each(self, rules: Sequence[Rule], told: Callable[[Rule, pa.Table], T]) -> Iterator[T]:
        """Run rules, and yield what is made of the evidence of each, in their order."""
        return (told(rule, self.evidence(rule)) for rule in rules)

    def own_accounts(self, alerts: Sequence[Alert]) -> dict[str, tuple[str, ...]]:
        """Return for each alert id which accounts of its customer stand in its evidence, by id, its subject always."""
        self._show(TOLD.get_name(), told(alerts))
        found = self._arrow(own_accounts()).to_pydict()
        return accounts_by_alert(alerts, zip(*found.values(), strict=True))

    def _keep(self, name: str, expression: Table) -> Any:
        """Run an expression once, for all that read it by name."""
        return kept(self._spark, name, written(expression, "pyspark"))

    def _show(self, name: str, table: pa.Table) -> None:
        frame(self._spark, table).createOrReplaceTempView(name)

    def _first(self, expression: Expression, _what: str) -> tuple[Any, ...] | None:
        row = self._spark.sql(written(expression(), "pyspark")).first()
        return None if row is None else tuple(row)

    def _arrow(self, expression: Table) -> pa.Table:
        return self._spark.sql(written(expression, "pyspark")).toArrow()


@contextmanager
def loaded(
    transactions: Source,
    accounts: Source,
    limits: Limits,
    subjects: Subjects | None = None,
    base_currency: str = "USD",
    digests: Mapping[str, Digest] | None = None,
) -> Iterator[LoadedData]:
    """Open Spark over the two tables. Parquet files are read by Spark itself, where it works.

    :param subjects: rules of local reach look at these accounts only, at their whole history.
    :param digests: those that a run records; None takes those of the two tables.
    :raises UnfitSource: if a column is missing or wrong, an id appears twice, or an account is unknown.
    :raises NoSpark: if pyspark or Java is missing.
    :raises SilentMaster: if the master does not answer.
    :raises SparkFailed: if Spark gives up.
    """
    with opened(transactions, accounts, limits, base_currency) as spark:
        yield LoadedData(spark, digests or _digests(spark), subjects)


def digests_of(transactions: Source, accounts: Source, limits: Limits, base_currency: str) -> Mapping[str, Digest]:
    """Return what the fingerprint is made of, for rows that came to others.

    :raises UnfitSource: if a column is missing or wrong.
    """
    with opened(transactions, accounts, limits, base_currency) as spark:
        return _digests(spark)


@contextmanager
def opened(transactions: Source, accounts: Source, limits: Limits, base_currency: str) -> Iterator[Any]:
    """Open a session of Spark that holds the two tables, the transactions as ``keying.GIVEN``.

    :raises UnfitSource: if a column is missing or wrong.
    :raises Unavailable: if there is no Spark, or it gives up.
    """
    sources = {"transactions": fitting("transactions", transactions), HOLDERS.get_name(): fitting("accounts", accounts)}
    with spark_session.running(limits) as running:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        spark = running.session.newSession()
        files: list[Path] = []
        try:
            for name, source in sources.items():
                files += _take(running, spark, name, source)
            _show_transactions(spark, sources["transactions"], base_currency)
            yield spark
        except (PySparkException, Py4JError) as error:
            raise SparkFailed(error) from None
        finally:
            _forget(spark, files)


def _take(running: Running, spark: Any, name: str, source: Source) -> list[Path]:
    """Show a source to Spark under a name; return the files written for it."""
    written: list[Path] = []
    if isinstance(source, ParquetFiles):
        rows = "SELECT *, monotonically_increasing_id() AS `row` FROM files"
        spark.read.schema(_ddl(source.schema)).option("recursiveFileLookup", "true").parquet(
            *(str(path.absolute()) for path in source.paths)
        ).createOrReplaceTempView("files")
        spark.sql(rows).createOrReplaceTempView(name)
    elif running.here:
        written = [running.folder / f"{next(_files)}-{name}.parquet"]
        with pq.ParquetWriter(written[0], source.schema) as writer:
            for batch in source if isinstance(source, pa.RecordBatchReader) else source.to_batches():
                writer.write_batch(batch)
        spark.read.parquet(str(written[0])).createOrReplaceTempView(name)
    else:
        table = source if isinstance(source, pa.Table) else source.read_all()
        frame(spark, table).createOrReplaceTempView(name)
    return written


def _show_transactions(spark: Any, source: Source, base_currency: str) -> None:
    shown = _SHOWN.format(paid=paid_minor(source.schema.names, base_currency, "pyspark"))
    if isinstance(source, ParquetFiles):
        kept(spark, GIVEN.get_name(), shown)  # the numbers that Spark gives stay with their rows
    else:
        spark.sql(shown).createOrReplaceTempView(GIVEN.get_name())


def kept(spark: Any, name: str, query: str) -> Any:
    """Run a query now and show its rows under a name; what does not fit memory lies on disk.

    A cached view would still be written out with all that led to it wherever it is read, and planned again each time.
    """
    rows = spark.sql(query).localCheckpoint(eager=True)
    rows.createOrReplaceTempView(name)
    return rows


def stored(spark: Any) -> frozenset[int]:
    return frozenset(spark.sparkContext._jsc.getPersistentRDDs())  # noqa: SLF001  # pyspark shows this nowhere


def drop(spark: Any, but: frozenset[int] = frozenset()) -> None:
    for number, rows in dict(spark.sparkContext._jsc.getPersistentRDDs()).items():  # noqa: SLF001  # as above
        if number not in but:
            rows.unpersist(True)


def frame(spark: Any, table: pa.Table) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # about a pandas that is not used
        return spark.createDataFrame(table)


def _ddl(schema: pa.Schema) -> str:
    kinds = {
        "base_minor": "BIGINT",
        "amount_minor": "BIGINT",
        "booked_at": "TIMESTAMP" if schema.field("booked_at").type.tz else "TIMESTAMP_NTZ",
    }
    return ", ".join(f"`{name}` {kinds.get(name, 'STRING')}" for name in schema.names)


def _forget(spark: Any, files: Sequence[Path]) -> None:
    """Free what a run kept; its views go with its session."""
    from py4j.protocol import Py4JError

    with suppress(Py4JError, OSError):  # a Spark that is gone holds nothing any more
        drop(spark)
    for file in files:
        file.unlink(missing_ok=True)


def _digests(spark: Any) -> dict[str, Digest]:
    def row(query: str) -> tuple[Any, ...]:
        return tuple(spark.sql(query).first())

    return {
        name: complete_digest(name, row(query), partial(row, hole_query(name, "pyspark")))
        for name, query in digest_queries("pyspark").items()
    }
