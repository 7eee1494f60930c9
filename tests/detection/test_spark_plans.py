"""Plans made for Spark mean what the rules mean. They are plain Ibis, so DuckDB can say so, without a JVM."""

from __future__ import annotations

from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest
from ibis.expr.types import Table

from casedesk.detection import duck, spark_plans
from casedesk.detection.keying import evidence_of
from casedesk.detection.rule import Rule
from casedesk.detection.rules.cycle import Cycle
from casedesk.detection.rules.funnel import Funnel
from casedesk.detection.rules.structuring import Structuring
from casedesk.detection.rules.structuring_over_days import StructuringOverDays
from casedesk.detection.rules.velocity import Velocity
from casedesk.detection.texts import written
from tests.detection.bank import SMALL
from tests.detection.worlds import rich

WORTHS = ((-30, 5), (-20, None), (-20, 2), (-10, -7), (-9, 1), (0, None), (11, None), (40, 2**60), (41, 3))
VALUES = [{"who": who, "at": at, "worth": worth} for who in ("A", "B") for at, worth in WORTHS]
ROWS = ibis.table({"who": "string", "at": "int64", "worth": "int64"}, name="few")


def rows(table: Table) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.register("few", pa.Table.from_pylist(VALUES))
        return sorted(connection.execute(written(table, "duckdb")).fetchall(), key=repr)


@pytest.mark.parametrize("frame", [(-10, 0), (-20, 0), (-11, -1), (-30, -10), (0, 0)])
def test_a_swept_sum_is_the_sliding_sum_edges_ties_and_nulls_included(frame: tuple[int, int]) -> None:
    sliding = ibis.window(group_by="who", order_by="at", range=frame)
    asked = ROWS.mutate(
        total=ROWS.worth.sum().over(sliding),
        known=ROWS.worth.count().over(sliding),
        rows=ibis._.count().over(sliding) * 2,
        before=ROWS["at"].lag(1).over(ibis.window(group_by="who", order_by=["at", "worth"])),
    )
    _, swept = spark_plans.staged(asked)
    assert "PRECEDING AND CURRENT ROW" in written(swept, "pyspark")
    assert f"{-frame[0]} PRECEDING" not in written(swept, "pyspark")
    assert rows(swept) == rows(asked)


def test_a_window_open_to_the_future_is_read_backwards() -> None:
    ahead = ibis.window(group_by="who", order_by="at", range=(0, None))
    asked = ROWS.mutate(next=ROWS.worth.min().over(ahead))
    _, turned = spark_plans.staged(asked)
    assert "UNBOUNDED FOLLOWING" in written(asked, "pyspark")
    assert "UNBOUNDED FOLLOWING" not in written(turned, "pyspark")
    assert rows(turned) == rows(asked)


@pytest.mark.parametrize(
    "rule", [Structuring(), Velocity(), StructuringOverDays(), Funnel(), Cycle()], ids=lambda rule: rule.name
)
def test_a_rules_plan_for_spark_finds_what_its_own_does(rule: Rule) -> None:
    steps, last = spark_plans.staged(evidence_of(rule))
    with duck.loaded(*rich(), SMALL) as data:
        expected = data.evidence(rule)
        for name, step in steps:
            data._connection.execute(f"CREATE TEMP TABLE {name} AS {written(step, 'duckdb')}")
        found = data._connection.sql(written(last, "duckdb")).to_arrow_table()
    assert expected.num_rows
    assert found.to_pylist() == expected.to_pylist()


def test_a_named_step_is_run_once_and_read_by_its_name() -> None:
    steps, last = spark_plans.staged(evidence_of(Cycle()))
    texts = [*(written(step, "pyspark") for _, step in steps), written(last, "pyspark")]
    assert len({name for name, _ in steps}) == len(steps) >= 5
    for number, (name, _) in enumerate(steps):
        assert not any(f"`{name}`" in text for text in texts[: number + 1])
        assert any(f"`{name}`" in text for text in texts[number + 1 :])
