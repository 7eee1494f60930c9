"""Engines of tables for the joined exposure, and payments for all of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import ibis
import pyarrow as pa
from ibis.expr.types import Table

from casedesk.scoring.explain import explain
from casedesk.scoring.exposure import Exposure, exposure
from casedesk.scoring.graph import Graph
from casedesk.scoring.joined import Engine, JoinedPayments
from casedesk.scoring.parameters import ExposureParameters
from tests.scoring.worlds import NOW, Paid

#: Enough that most of ``bank`` is exposed to them.
LISTED = frozenset(["P07", "P33", "P40", "P41", "P42", "nobody"])
GIVEN = """
CREATE TEMP TABLE given AS
SELECT row_number() OVER () AS "row", transaction_id, epoch_us(booked_at) AS "at", from_account, to_account, base_minor
FROM transactions
"""


class DuckTables:
    """DuckDB as such an engine."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.kept: set[str] = set()

    def show(self, name: str, table: pa.Table) -> None:
        self.connection.register(name, table)

    def keep(self, name: str, expression: Table) -> None:
        self.connection.execute(f"CREATE TEMP TABLE {name} AS {ibis.to_sql(expression, dialect='duckdb')}")
        self.kept.add(name)

    def drop(self, name: str) -> None:
        self.connection.execute(f"DROP TABLE {name}")
        self.kept.remove(name)

    def arrow(self, expression: Table) -> pa.Table:
        return self.connection.sql(str(ibis.to_sql(expression, dialect="duckdb"))).to_arrow_table()


@contextmanager
def duck(transactions: pa.Table) -> Iterator[DuckTables]:
    with duckdb.connect() as connection:
        connection.register("transactions", transactions)
        connection.execute(GIVEN)
        yield DuckTables(connection)


def bank(seed: int = 3) -> list[Paid]:
    """Return payments of 60 parties: two hubs, few instants, whole days on which all happened at once, cash, payments to oneself."""
    dice = random.Random(seed)
    names = [f"P{n:02}" for n in range(60)]
    often = [*names, *names[:2] * 15]
    amounts = [0, 999, 350_000, 10**6, 4 * 10**6]
    paid = [
        Paid(dice.choice(often), dice.choice(often), dice.choice(amounts), dice.randrange(0, 4000, 37))
        for _ in range(600)
    ]
    cash = [Paid("", name, 5_000, 5) for name in names[::7]] + [Paid(name, "", 5_000, 900) for name in names[::5]]
    return [*paid, *cash, *paid[:20], *(Paid(name, name, 400, 44) for name in names[:6]), Paid("", "only cash", 7, 7)]


def apart(engine: Engine, rows: pa.Table, listed: frozenset[str], values: ExposureParameters, about: str) -> float:
    """Compare scores, their parts and one explanation with those computed in arrays; return by how much they differ at most."""
    expected = exposure(Graph.of(rows), listed, NOW, values)
    found = JoinedPayments(engine).exposure(listed, NOW, values, about)
    assert found.graph.names == expected.graph.names
    assert found.parts.keys() == expected.parts.keys()
    most = max(abs(found.scores - expected.scores))
    most = max(most, *(max(abs(found.parts[key] - part)) for key, part in expected.parts.items()))
    return max(most, told_apart(found, expected, about))


def told_apart(found: Exposure, expected: Exposure, about: str) -> float:
    """Compare one explanation, way by way."""
    one, other = (explain(each, about, 5) for each in (found, expected))
    assert [path.legs for path in one.paths] == [path.legs for path in other.paths]
    lists = [
        (one.by_hop, other.by_hop),
        (one.by_counterparty, other.by_counterparty),
        (dict(enumerate(path.part for path in one.paths)), dict(enumerate(path.part for path in other.paths))),
        (one.other_paths, other.other_paths),
    ]
    # what is nothing but a rounding may stand on one list and not on the other
    return max(abs(a.get(key, 0.0) - b.get(key, 0.0)) for a, b in lists for key in {*a, *b} or {None})  # type: ignore[attr-defined]
