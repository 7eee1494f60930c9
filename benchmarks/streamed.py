"""Rules over Parquet files in a process of their own, as ``casedesk detect --source`` runs them: time and peak memory.

The limit of DuckDB's memory is only a part of what a run takes; alerts, evidence on its way to them, and the libraries
come on top. So what is told is the process's largest resident size.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

#: Rows of one file.
PART: Final = 1_000_000
MOST_GIB: Final = 4.0

#: What the child process runs: a limit in MiB, threads, the folder and the rules. Ten rows first: the rules' text is
#: written once for a process, which would weigh more on few transactions than on many.
_CHILD: Final = """
import resource, sys, time
from pathlib import Path
import pyarrow.parquet as pq
from casedesk.detection.duck import Limits
from casedesk.detection.engine import detect
from casedesk.detection.files import ready
from casedesk.detection.rules import RULES
folder = Path(sys.argv[3])
limits = Limits(int(sys.argv[1]), int(sys.argv[2]), folder)
rules = [rule for rule in RULES if rule.name in sys.argv[4].split(",")]
transactions, accounts = ready([folder])
detect(pq.read_table(min(folder.glob("part-*"))).slice(0, 10), accounts, limits=limits, rules=rules)
begun, processor = time.perf_counter(), time.process_time()
result = detect(transactions, accounts, limits=limits, rules=rules)
seconds, processor = time.perf_counter() - begun, time.process_time() - processor
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
evidence = sum(len(alert.transaction_ids) for alert in result.alerts)
print(result.transactions, len(result.alerts), evidence, seconds, processor, peak, result.data_fingerprint[:16])
"""


@dataclass(frozen=True)
class Measured:
    """What a run took: seconds by the clock, processor seconds of all threads, and GiB at the most."""

    transactions: int
    alerts: int
    evidence: int
    seconds: float
    processor: float
    gib: float
    fingerprint: str

    def __str__(self) -> str:
        cost = self.seconds / self.transactions * 1e6
        return (
            f"{self.transactions:,} transactions in {self.seconds:.1f} s ({self.processor:.1f} processor seconds), "
            f"{cost:.2f} us each; {self.alerts:,} alerts with {self.evidence:,} pieces of evidence; "
            f"peak memory {self.gib:.2f} GiB; data {self.fingerprint}"
        )


def store(transactions: Iterable[pa.Table], accounts: pa.Table, folder: Path) -> None:
    """Write tables of transactions as they come, a file for each, and the accounts."""
    pq.write_table(accounts, folder / "accounts.parquet")
    for part, table in enumerate(transactions):
        pq.write_table(table, folder / f"part-{part:04}.parquet")


def run(folder: Path, *, threads: int, memory_mib: int, rules: Sequence[str]) -> Measured:
    """Run the rules of these names over a folder's files in a process of its own.

    :raises RuntimeError: with the last line of what the process said, if it failed.
    """
    command = [sys.executable, "-c", _CHILD, str(memory_mib), str(threads), str(folder), ",".join(rules)]
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1])
    said = done.stdout.split()[-7:]  # DuckDB may draw its progress before
    count, alerts, evidence, seconds, processor, peak, fingerprint = said
    return Measured(
        int(count), int(alerts), int(evidence), float(seconds), float(processor), int(peak) / 2**20, fingerprint
    )
