"""How fast features are built, payments scored, and one payment scored with its features from a store.

python -m benchmarks.model_speed [--payments 1000000] [--stored 1000000] [--single 200]

``--payments`` are the payments whose features are built at once, ``--stored`` those in the store that single ones are scored from (the
target names 5,000,000; filling it takes minutes); 0 leaves either out.

The baselines, in the same run: features against reading the same payments once and adding them up by account; ONNX Runtime against
LightGBM's own prediction; one payment against fetching its two accounts' payments from the store.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.modelling import model_files
from casedesk.modelling.building import build, opened
from casedesk.modelling.features import VERSION
from casedesk.modelling.model_files import TREES
from casedesk.modelling.payments import READ, Payments
from casedesk.modelling.scorer import Scorer
from casedesk.modelling.serving import features_of
from casedesk.modelling.training import chosen
from casedesk.modelling.trees import from_text, raw_scores
from casedesk.services.default_model import FOLDER


def bank(payments: int) -> pa.Table:
    """Make payments of a bank: twenty an account in 120 days, one in six between named parties, 500 busy shops among them."""
    dice = np.random.default_rng(1)
    accounts = max(1_000, payments // 20)
    payer = dice.integers(0, accounts, payments)
    payee = np.where(dice.random(payments) < 0.15, dice.integers(0, accounts, payments), -1)
    payee = np.where(dice.random(payments) < 0.02, dice.integers(0, 500, payments), payee)
    at = np.sort(dice.integers(0, 120 * 86_400, payments)) * 1_000_000 + 1_767_225_600_000_000
    names = np.array([f"ACC-{number:07}" for number in range(accounts)] + [""])
    return pa.table({
        "transaction_id": [f"T{number:08}" for number in range(payments)],
        "booked_at": pa.array(at).cast(pa.timestamp("us", "UTC")),
        "from_account": names[payer], "to_account": names[payee],
        "base_minor": dice.integers(100, 500_000, payments), "channel": ["ACH"] * payments,
        "from_country": [""] * payments, "to_country": [""] * payments,
    })  # fmt: skip


class Shelf:
    """A SQLite store with the desk's two indexes."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        """Fill it."""
        self.connection = sqlite3.connect(path)
        kinds = ", ".join(f"{name} {'INTEGER' if name in ('booked_at', 'base_minor') else 'TEXT'}" for name in READ)
        self.connection.execute(f"CREATE TABLE t ({kinds})")
        plain = table.set_column(1, "booked_at", table["booked_at"].cast(pa.int64()))
        for batch in plain.select(list(READ)).to_batches(50_000):
            columns = (column.to_pylist() for column in batch.columns)
            self.connection.executemany(
                f"INSERT INTO t VALUES ({','.join('?' * len(READ))})", zip(*columns, strict=True)
            )
        for side in ("from", "to"):
            self.connection.execute(f"CREATE INDEX {side}_at ON t ({side}_account, booked_at)")
        self.connection.commit()

    def between(self, accounts: Sequence[str], since: int, until: int) -> pa.Table:
        """Return the payments of accounts within a span."""
        marks = ",".join("?" * len(accounts))
        part = f"SELECT rowid, {', '.join(READ)} FROM t WHERE {{}}_account IN ({marks}) AND booked_at > ? AND booked_at <= ?"
        query = f"{part.format('from')} UNION {part.format('to')}"
        rows = self.connection.execute(query, [*accounts, since, until] * 2).fetchall()
        columns = list(zip(*rows, strict=True))[1:] if rows else [()] * len(READ)
        found = pa.table({name: pa.array(column) for name, column in zip(READ, columns, strict=True)})
        return found.set_column(1, "booked_at", found["booked_at"].cast(pa.timestamp("us", "UTC")))

    def legs(self, accounts: Sequence[str], since: Sequence[int], until: Sequence[int]) -> pa.Table:
        """Return the legs of accounts, each within its span."""
        part = (
            "SELECT column1, {1}_account, {2}, booked_at FROM spans CROSS JOIN t ON {0}_account = column1 "
            "AND booked_at > column2 AND booked_at <= column3 WHERE {1}_account <> ''"
        )
        spans = f"WITH spans AS (VALUES {', '.join(['(?, ?, ?)'] * len(accounts))})"
        query = f"{spans} {part.format('from', 'to', 1)} UNION ALL {part.format('to', 'from', 0)}"
        given = [one for span in zip(accounts, since, until, strict=True) for one in span]
        rows = self.connection.execute(query, given).fetchall() if accounts else []
        columns = list(zip(*rows, strict=True)) if rows else [()] * 4
        kinds = {
            "account": pa.string(),
            "other": pa.string(),
            "out": pa.int64(),
            "booked_at": pa.timestamp("us", "UTC"),
        }
        arrays = {name: pa.array(column, kind) for column, (name, kind) in zip(columns, kinds.items(), strict=True)}
        return pa.table(arrays)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds by the clock, and of this process's work."""
    clock, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - worked


def features(table: pa.Table) -> None:
    """Time the features of all payments."""
    payments = Payments.of(table)
    with opened() as engine:
        engine.register("payments", payments.table)
        query = "SELECT payer, payee, count(*), sum(amount) FROM payments GROUP BY 1, 2"
        base, _ = timed(lambda: engine.sql(query).to_arrow_table())
    build(Payments.of(table.slice(0, 1_000)))  # writing the SQL is done once a process
    clock, worked = timed(lambda: build(Payments.of(table)))
    rate = table.num_rows / clock
    print(
        f"features: {rate:,.0f} payments/s by the clock ({table.num_rows / worked:,.0f} for each second of one core); "
        f"{clock / base:.0f} times adding them up by pair ({base:.2f} s); target 50,000"
    )


def scoring(scorer: Scorer, matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> None:
    """Time ONNX Runtime against LightGBM on the same rows."""
    booster = from_text(scorer.files.text(TREES))
    rows = matrix[:300_000]
    ready = np.ascontiguousarray(chosen(rows, scorer.columns), np.float64)
    works: dict[str, Callable[[], object]] = {
        "ONNX Runtime": lambda: scorer.raw_of(ready),
        "from the matrix of features to probabilities": lambda: scorer.probabilities(rows),
    }
    for name, work in works.items():
        work()  # memory is fetched once
        clock, worked = timed(work)
        other, _ = timed(lambda: raw_scores(booster, chosen(rows, scorer.columns)))
        print(
            f"{name}: {len(rows) / clock:,.0f} rows/s by the clock ({len(rows) / worked:,.0f} for each second of one core), "
            f"{other / clock:.2f} times as fast as LightGBM; target 500,000",
            flush=True,
        )


def single(scorer: Scorer, table: pa.Table, count: int) -> None:
    """Time one payment at a time: features from the store, and the score."""
    ordered = table.sort_by([("booked_at", "ascending"), ("transaction_id", "ascending")])
    late = np.flatnonzero(pc.not_equal(ordered["to_account"], "").to_numpy())
    late = late[late > table.num_rows // 2]
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder) / "store.db", ordered)
        found: list[tuple[float, float]] = []
        bare: list[float] = []
        features_of(shelf, ordered.slice(int(late[0]), 1))  # the steps are made once a process
        for place in np.random.default_rng(2).choice(late, count):
            row = ordered.slice(int(place), 1)
            found.append(timed(lambda row=row: scorer.probabilities(features_of(shelf, row).matrix)))  # type: ignore[misc]  # a lambda's default has no type
            own = [row["from_account"][0].as_py(), row["to_account"][0].as_py()]
            at = row["booked_at"].cast(pa.int64())[0].as_py()
            bare.append(timed(lambda own=own, at=at: shelf.between(own, at - 90 * 86_400_000_000, at))[0])  # type: ignore[misc]  # a lambda's default has no type
    clock, worked = (np.array([one[part] for one in found]) * 1_000 for part in (0, 1))
    print(
        f"one payment with features, {table.num_rows:,} in the store: p50 {np.median(clock):.0f} ms, p95 {np.quantile(clock, 0.95):.0f} ms "
        f"by the clock (work of one core: p50 {np.median(worked):.0f}, p95 {np.quantile(worked, 0.95):.0f} ms); "
        f"{np.median(clock) / np.median(bare) / 1_000:.0f} times fetching its accounts' payments; target p95 35 ms"
    )


def main() -> None:
    """Print every figure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--payments", type=int, default=1_000_000)
    options.add_argument("--stored", type=int, default=1_000_000)
    options.add_argument("--single", type=int, default=200)
    given = options.parse_args()
    scorer = Scorer(model_files.read(FOLDER, VERSION))
    if given.payments:
        table = bank(given.payments)
        features(table)
        scoring(scorer, build(Payments.of(table.slice(0, 300_000))).matrix)
    if given.stored:
        single(scorer, bank(given.stored), given.single)


if __name__ == "__main__":
    main()
