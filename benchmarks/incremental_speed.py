"""Time a run of the rules after 10,000 new transactions, beside a run over everything.

    python -m benchmarks.incremental_speed [--transactions 5000000] [--accounts 200000] [--threads 2] [--late] [--local]
        [--desk FILE]

The rows of library_speed are stored in a SQLite desk in order of booking, and all rules run over them; then the last rows come,
10,000 at a time, as a day's file does. ``--late`` takes these from all over the time instead, ``--local`` only the rules of local
reach. The SQL of the rules is kept, as a desk keeps it; the first 10,000 have it written, and the second are timed, in this
process, and the third as the command in a new one. ``--desk`` keeps the desk as it is after the first run and begins there the
next time, with the same arguments; where rules or software are others by then, a run says "upon nothing".
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from benchmarks.library_speed import town
from casedesk.detection.duck import Limits
from casedesk.detection.kept_texts import keep_in
from casedesk.detection.rules import RULES
from casedesk.domain.people import SYSTEM
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.services import detecting
from casedesk.store.engines import make_engine
from casedesk.store.schema import upgrade
from casedesk.store.unit_of_work import Reading, Writing

#: Target: seconds of a run after 10,000 new rows on 5,000,000.
MOST_SECONDS: Final = 2.0


def incremental(number: int, accounts: int, threads: int, *, late: bool, local: bool, kept: Path | None) -> int:
    """Time a run after 10,000 new rows, and a full one, over a desk on SQLite."""
    rules = tuple(rule for rule in RULES if rule.reach.local or not local)
    with tempfile.TemporaryDirectory(prefix="casedesk-") as folder:
        desk = Path(folder) / "desk.db"
        transactions, holders = town(number + 30_000, accounts)
        if not late:
            transactions = transactions.sort_by("booked_at")
        begun_before = kept if kept is not None and kept.exists() else None
        if begun_before:
            shutil.copyfile(begun_before, desk)
        engine = make_engine(f"sqlite:///{desk}")
        upgrade(engine)
        keep_in(Path(folder) / "texts")
        if not begun_before:
            _store(engine, transactions.slice(0, number), holders)

        def run(*, full: bool = False) -> float:
            begun, processor = time.perf_counter(), time.process_time()
            found = detecting.detect(
                look=Reading(engine), uow=Writing(engine), actor=SYSTEM, at=datetime.now(UTC), base_currency="USD",
                rules=rules, limits=Limits(threads=threads), full=full,
            )  # fmt: skip
            spent, processor = time.perf_counter() - begun, time.process_time() - processor
            print(f"  {spent:7.2f} s ({processor:.2f} processor seconds): {found.transactions:,} transactions, {found.new_alerts:,} new alerts, "
                  f"upon {found.since or 'nothing'}")  # fmt: skip
            return spent

        print(f"{len(rules)} rules, {number:,} transactions stored")
        if not begun_before:
            run()
            if kept is not None:
                engine.dispose()
                shutil.copyfile(desk, kept)
        _store(engine, transactions.slice(number, 10_000), None)
        run()
        _store(engine, transactions.slice(number + 10_000, 10_000), None)
        print(f"10,000 more twice, {'booked at any time' if late else 'booked after all others'}")
        upon = run()
        _store(engine, transactions.slice(number + 20_000, 10_000), None)
        if not local:
            _command(desk, threads)
        whole = run(full=True)
        print(f"ratio upon the last / full {upon / whole:.3f}; target: under {MOST_SECONDS:g} s")
        engine.dispose()
    return int(upon > MOST_SECONDS)


def _command(desk: Path, threads: int) -> None:
    """Time the command as a person starts it, its process and all."""
    variables = {"CASEDESK_DATABASE_URL": f"sqlite:///{desk}", "CASEDESK_CACHE_DIR": str(desk.parent / "texts")}
    command = [sys.executable, "-m", "casedesk", "detect", "--threads", str(threads)]
    begun = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env={**os.environ, **variables}, check=True, stdout=subprocess.DEVNULL)
    spent, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"  {spent:7.2f} s ({processor:.2f} processor seconds): casedesk detect in a process of its own")


def _store(engine: Any, transactions: pa.Table, holders: pa.Table | None) -> None:
    with Writing(engine) as uow:
        if holders is not None:
            rows = holders.to_pylist()
            own = [row for row in rows if row["customer_id"]]
            uow.parties.put_customers(
                [Customer(r["customer_id"], r["customer_id"], CustomerKind.PERSON, "US") for r in own]
            )
            uow.parties.put_accounts([Account(r["account_id"], r["customer_id"], r["account_id"]) for r in rows])
        for first in range(0, transactions.num_rows, 100_000):
            rows = transactions.slice(first, 100_000)
            micros = rows["booked_at"].cast(pa.timestamp("us")).cast(pa.int64())
            part = {**rows.to_pydict(), "booked_at": micros.to_numpy()}
            size = len(part["transaction_id"])
            blank = [""] * size
            uow.transactions.insert_new(
                {
                    **part,
                    "amount_minor": part["base_minor"], "currency": ["USD"] * size, "received_minor": part["base_minor"],
                    "received_currency": ["USD"] * size, "branch": blank, "reference": blank, "import_id": blank,
                }
            )  # fmt: skip
        uow.commit()


def main() -> int:
    """Print seconds and their ratio; exit 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=5_000_000)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--late", action="store_true", help="the new rows are booked at any time")
    parser.add_argument("--local", action="store_true", help="only the rules of local reach")
    parser.add_argument("--desk", type=Path, metavar="FILE", help="keep the desk here, and begin with it the next time")
    options = parser.parse_args()
    return incremental(
        options.transactions, options.accounts, options.threads,
        late=options.late, local=options.local, kept=options.desk,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
