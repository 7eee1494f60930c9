"""Import against a bare ``executemany`` of the same rows into the same SQLite table, in one run.

The baseline is given the rows ready-made and only inserts and commits them; the import reads the CSV, validates and
converts every field, makes accounts for holders nobody has named, inserts, and keeps its progress.

Run: ``python -m benchmarks.import_speed [--rows 300000] [--rounds 3]``. Target: at least half the baseline's rate.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from casedesk.bootstrap import open_desk, upgrade_database
from casedesk.domain.people import SYSTEM
from casedesk.services.ingestion import import_path
from casedesk.settings import load_settings

_COLUMNS = (
    "transaction_id,booked_at,from_account,to_account,amount,currency,received_amount,received_currency,channel,"
    "from_country,to_country,branch,reference"
)


def main() -> None:
    """Print the two rates and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "transactions.csv"
        _write(source, arguments.rows)
        ratios, ours, bare = [], [], []
        for number in range(arguments.rounds):
            took, database = _import(source, Path(folder) / f"import-{number}.db")
            baseline = _bare(database, Path(folder) / f"bare-{number}.db")
            ours.append(arguments.rows / took)
            bare.append(arguments.rows / baseline)
            ratios.append(baseline / took)
    print("| what | rows/s (median) |")
    print("|---|---:|")
    print(f"| bare `executemany` into `transactions` (baseline) | {statistics.median(bare):,.0f} |")
    print(f"| `casedesk import`, validation included | {statistics.median(ours):,.0f} |")
    print(f"\nratio to the baseline: {statistics.median(ratios):.2f} (target: at least 0.50)")


def _write(path: Path, rows: int) -> None:
    """Write deterministic rows of the usual kind: two fifths salaries and transfers, the rest cards and cash."""
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    channels = ("CARD", "CARD", "ACH", "WIRE", "CASH")
    countries = ("US", "US", "US", "GB", "DE", "FR")
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(_COLUMNS + "\n")
        for i in range(rows):
            booked = datetime.fromtimestamp(start + i * 20, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            mixed = i * 2_654_435_761 % 2**32
            channel = channels[i % 5]
            payer = "" if channel == "CASH" else f"10-{mixed % 4000:05}-1"
            currency = "EUR" if i % 11 == 0 else "USD"
            out.write(
                f"T-{i:09},{booked},{payer},20-{mixed // 7 % 9000:05}-1,{mixed % 900000 / 100:.2f},{currency},,,{channel},"
                f"{countries[i % 6]},{countries[mixed % 6]},,Invoice {i % 977}\n"
            )


def _import(source: Path, database: Path) -> tuple[float, Path]:
    settings = load_settings({"CASEDESK_DATABASE_URL": f"sqlite:///{database}"})
    upgrade_database(settings)
    desk = open_desk(settings)
    began = time.perf_counter()
    (done,) = import_path(
        reading=desk.reading,
        writing=desk.writing,
        actor=SYSTEM,
        at=datetime.combine(date(2026, 11, 1), datetime.min.time(), UTC),
        path=source,
        base_currency="USD",
    )
    took = time.perf_counter() - began
    desk.close()
    if done.rejected or done.stored != done.read:
        raise SystemExit(f"the import was to store every row: {done}")
    return took, database


def _bare(filled: Path, database: Path) -> float:
    """Insert the rows that the import stored into an equal, empty table, as fast as the driver goes."""
    upgrade_database(load_settings({"CASEDESK_DATABASE_URL": f"sqlite:///{database}"}))
    with sqlite3.connect(filled) as full:
        rows = full.execute("SELECT * FROM transactions ORDER BY rowid").fetchall()
    target = sqlite3.connect(database, isolation_level=None)
    target.execute("PRAGMA journal_mode=WAL")
    target.execute("PRAGMA synchronous=FULL")
    target.execute("PRAGMA cache_size=-65536")
    marks = ", ".join("?" * len(rows[0]))
    began = time.perf_counter()
    target.execute("BEGIN IMMEDIATE")
    target.executemany(f"INSERT INTO transactions VALUES ({marks})", rows)
    target.execute("COMMIT")
    took = time.perf_counter() - began
    target.close()
    return took


if __name__ == "__main__":
    main()
