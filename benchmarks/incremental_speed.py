"""Time a run of the rules after 10,000 new transactions, after 100 and after one, beside a run over everything.

    python -m benchmarks.incremental_speed [--transactions 5000000] [--accounts 200000] [--threads 2] [--late] [--local] [--warm]

        [--desk FILE]

The rows of library_speed are stored in a SQLite desk in order of booking, and all rules run over them; then the last rows come,
10,000 at a time, as a day's file does. ``--late`` takes these from all over the time instead, ``--local`` only the rules of local
reach. The SQL of the rules is kept, as a desk keeps it; the first 10,000 have it written, and the second are timed, in this
process, which keeps nothing between two runs. Then it keeps the data loaded (``detecting.Warm``), as a stream worker does from its start
on: 100, 10,000, 100 and three times a single one are timed; each with its parts. The last 10,000 are the command's, in a new process. ``--warm``
leaves out that and the run over everything. ``--desk`` keeps the desk as it is after the first run and begins there the
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
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from benchmarks.library_speed import town
from casedesk.detection.duck import Limits, LoadedData
from casedesk.detection.kept_data import KeptData
from casedesk.detection.kept_texts import keep_in
from casedesk.detection.rules import RULES
from casedesk.domain.people import SYSTEM
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.services import detecting, warming
from casedesk.services.run_records import RunData
from casedesk.store.engines import make_engine
from casedesk.store.schema import upgrade
from casedesk.store.unit_of_work import Reading, Writing

#: Target: seconds of a run after 10,000 new rows on 5,000,000.
MOST_SECONDS: Final = 2.0


#: What a run spends its time on, and where: reading, loading, the rules, and the rest, which is comparing and storing.
_PARTS: Final = (
    ("reading", detecting, "read_data"),
    ("loading what was read", KeptData, "_load"),
    ("loading what is new", KeptData, "add"),
    ("loading what was read", LoadedData, "__init__"),
    ("digesting what is new", KeptData, "digests_of"),
    ("digesting what is new", RunData, "digests"),
    ("choosing the legs", KeptData, "look_at"),
    ("rules", detecting, "run_rules"),
    ("rules", KeptData, "each"),
)


class Parts:
    """Processor seconds of each part of a run, those of a part within another one taken off the outer one."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._open: list[float] = []
        for label, owner, name in _PARTS:
            setattr(owner, name, self._timed(label, getattr(owner, name)))

    def _timed(self, label: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **more: Any) -> Any:
            self._open.append(0.0)
            begun = time.process_time()
            try:
                return real(*args, **more)
            finally:
                spent = time.process_time() - begun
                self.spent[label] += spent - self._open.pop()
                if self._open:
                    self._open[-1] += spent

        return timed

    def told(self, whole: float) -> str:
        """Write what the parts took, and what is left of all of it."""
        parts = dict(self.spent) | {"comparing and storing": whole - sum(self.spent.values())}
        self.spent.clear()
        return ", ".join(f"{label} {spent * 1000:,.0f}" for label, spent in parts.items())


def incremental(
    number: int, accounts: int, threads: int, *, late: bool, local: bool, kept: Path | None, brief: bool
) -> int:
    """Time runs after new rows, and a full one, over a desk on SQLite."""
    rules = tuple(rule for rule in RULES if rule.reach.local or not local)
    with tempfile.TemporaryDirectory(prefix="casedesk-") as folder:
        desk = Path(folder) / "desk.db"
        transactions, holders = town(number + 50_000, accounts)
        parts = Parts()
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

        def run(*, full: bool = False, warm: detecting.Warm | None = None) -> float:
            begun, processor = time.perf_counter(), time.process_time()
            found = detecting.detect(
                look=Reading(engine), uow=Writing(engine), actor=SYSTEM, at=datetime.now(UTC), base_currency="USD",
                rules=rules, limits=Limits(threads=threads), full=full, warm=warm,
            )  # fmt: skip
            spent, processor = time.perf_counter() - begun, time.process_time() - processor
            print(f"  {spent:7.2f} s ({processor:.2f} processor seconds): {found.transactions:,} transactions, {found.new_alerts:,} new alerts, "
                  f"upon {found.since or 'nothing'}")  # fmt: skip
            print(f"           processor milliseconds: {parts.told(processor)}")
            return spent

        def come(first: int, rows: int) -> None:
            _store(engine, transactions.slice(number + first, rows), None)

        print(f"{len(rules)} rules, {number:,} transactions stored")
        if not begun_before:
            run()
            if kept is not None:
                engine.dispose()
                shutil.copyfile(desk, kept)
        come(0, 10_000)
        run()
        come(10_000, 10_000)
        print(f"10,000 more twice, {'booked at any time' if late else 'booked after all others'}")
        upon = run()
        print(
            "everything loaded to stay, as a stream worker does when it starts; then 100 more, 10,000, 100, and one three times"
        )
        warm, first = detecting.Warm(), 20_000
        begun, processor = time.perf_counter(), time.process_time()
        warming.load(
            look=Reading(engine),
            actor=SYSTEM,
            base_currency="USD",
            warm=warm,
            rules=rules,
            limits=Limits(threads=threads),
        )
        spent, processor = time.perf_counter() - begun, time.process_time() - processor
        print(f"  {spent:7.2f} s ({processor:.2f} processor seconds): loaded, and looked back at what stood")
        parts.told(processor)
        for rows in (100, 10_000, 100, 1, 1, 1):
            come(first, rows)
            first += rows
            run(warm=warm)
        print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
        warm.forget()
        if not brief:
            come(first, 10_000)
            if not local:
                _command(desk, threads)
            whole = run(full=True)
            print(f"ratio upon the last / full {upon / whole:.3f}; target: under {MOST_SECONDS:g} s")
        engine.dispose()
    return int(upon > MOST_SECONDS)


def _command(desk: Path, threads: int) -> None:
    """Time the command as a person starts it, its process and all."""
    variables = {"CASEDESK_DATABASE_URL": f"sqlite:///{desk}", "CASEDESK_CACHE_DIR": str(desk.parent / "texts")}
    command = [sys.executable, "-m", "casedesk", "detect", "--no-advise", "--threads", str(threads)]
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
    parser.add_argument("--warm", action="store_true", help="neither the command nor a run over everything at the end")
    parser.add_argument("--desk", type=Path, metavar="FILE", help="keep the desk here, and begin with it the next time")
    options = parser.parse_args()
    return incremental(
        options.transactions, options.accounts, options.threads,
        late=options.late, local=options.local, kept=options.desk, brief=options.warm,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
