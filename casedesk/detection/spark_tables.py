"""A Spark that works out expressions other than the rules', over the same two tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from ibis.expr.types import Table

from casedesk.detection.limits import Limits
from casedesk.detection.sources import Source
from casedesk.detection.spark import drop, frame, kept, opened, stored
from casedesk.detection.texts import written


class SparkTables:
    """Tables in Spark by name; ``keying.GIVEN`` and ``keying.HOLDERS`` stand among them from the start."""

    def __init__(self, spark: Any) -> None:
        self._spark = spark
        self._kept: dict[str, frozenset[int]] = {}

    def show(self, name: str, table: pa.Table) -> None:
        """Let expressions read a table by name."""
        frame(self._spark, table).createOrReplaceTempView(name)

    def keep(self, name: str, expression: Table) -> None:
        """Work an expression out once, for those that read it by name."""
        before = stored(self._spark)
        kept(self._spark, name, written(expression, "pyspark"))
        self._kept[name] = stored(self._spark) - before

    def drop(self, name: str) -> None:
        """Forget what was kept."""
        self._spark.catalog.dropTempView(name)
        drop(self._spark, but=stored(self._spark) - self._kept.pop(name))

    def arrow(self, expression: Table) -> pa.Table:
        """Return the rows of an expression."""
        return self._spark.sql(written(expression, "pyspark")).toArrow()


@contextmanager
def tables(transactions: Source, accounts: Source, limits: Limits, base_currency: str) -> Iterator[SparkTables]:
    """Open Spark over the two tables.

    :raises UnfitSource: if a column is missing or wrong.
    :raises Unavailable: if there is no Spark, the master does not answer, or Spark gives up.
    """
    with opened(transactions, accounts, limits, base_currency) as spark:
        yield SparkTables(spark)
