"""Paths that are led home while they are joined are those that would be kept after it."""

from __future__ import annotations

import random

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from casedesk.detection import paths
from casedesk.detection.legs import IDLE


def hops(seed: int, parties: int, number: int) -> Table:
    throw = random.Random(seed)
    rows = []
    for row in range(number):
        source, target = throw.sample(range(1, parties + 1), 2)
        rows.append((row, throw.randrange(1_000), source, target, throw.randrange(1_000, 2_000), True, True))
    columns = dict(zip(IDLE.columns, zip(*rows, strict=True), strict=True))
    schema = ibis.schema({name: IDLE.schema()[name] for name in IDLE.columns}).to_pyarrow()
    return paths._single(ibis.memtable(pa.table(columns, schema=schema)))


def joined(left: Table, right: Table, *, led: bool = False) -> Table:
    return paths.joined(left, right, gap=600, window=900, band=(50, 200), slack=50, led=led)


def test_what_is_led_home_is_what_closing_would_keep() -> None:
    engine = ibis.duckdb.connect()
    for seed in range(5):
        one = hops(seed, 12, 150)
        two = joined(one, one)
        homes = paths.homes(one.filter(one.start <= 4))
        every = joined(two, one)
        kept, led = (
            engine.to_pyarrow(table.select("rows", "stops", "end", "earliest", "latest", "last_minor")).to_pylist()
            for table in (paths.closing(every, homes), joined(paths.led(two, homes), one, led=True))
        )
        assert 0 < len(kept) < engine.to_pyarrow(every.count()).as_py()
        assert sorted(map(repr, led)) == sorted(map(repr, kept))
