"""How long proofs take: signing, exporting a packet, verifying it outside, and verifying the whole ledger against signatures.

    python -m benchmarks.proof_speed [--events 1000000] [--packet-events 500] [--packet-transactions 10000]

Each figure stands beside a baseline of the same run. Exits 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.engine import Engine

from benchmarks.ledger_speed import fill
from casedesk.anchors import keys
from casedesk.anchors.folder import CheckpointFolder
from casedesk.bootstrap import collect_seldom
from casedesk.domain.alerts import alert_id
from casedesk.domain.people import Person, Role
from casedesk.exports import packet
from casedesk.services import checkpoints, packets
from casedesk.services.packets import Sealed
from casedesk.store import schema
from casedesk.store.engines import make_engine
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, alert, bank, note, open_case, step, transactions

#: Seconds that each may take.
SIGNING: Final = 0.05
EXPORTING: Final = 3.0
OUTSIDE: Final = 3.0
WHOLE: Final = 20.0
#: MiB that verifying the whole ledger may take.
MEMORY: Final = 500


def main() -> int:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--packet-events", type=int, default=500)
    parser.add_argument("--packet-transactions", type=int, default=10_000)
    given = parser.parse_args()
    collect_seldom()
    print("| Measured | Figure | Baseline of the same run | Target |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="casedesk-bench-") as name:
        folder = Path(name)
        missed = [
            *large(folder, given.events),
            *small(folder, given.packet_events, given.packet_transactions),
        ]
    return int(any(missed))


def row(what: str, seconds: float, baseline: str, target: float) -> bool:
    print(f"| {what} | {seconds:.3f} s | {baseline} | {target:g} s |")
    return seconds > target


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def large(folder: Path, events: int) -> list[bool]:
    """Sign a large ledger, then 1,000 events more, and verify all of it."""
    engine = make_engine(f"sqlite:///{folder}/large.db")
    schema.upgrade(engine)
    fill(engine, events)
    key = keys.generate("bench")
    place = CheckpointFolder(folder / "checkpoints")

    def sign() -> object:
        return checkpoints.make(look=Reading(engine), folder=place, keys=[key.public], key=key)

    first = timed(sign)
    again = []
    for _ in range(5):
        with Writing(engine) as uow:
            for _ in range(1000):
                uow.ledger.append(note(), stream="DESK", user="ana", at=NOON)
            uow.commit()
        again.append(timed(sign))
    anchors = checkpoints.anchors(place, [key.public])
    code = (
        "import resource, sys; from casedesk.bootstrap import collect_seldom; from casedesk.services import audit;"
        "from casedesk.domain.verification import Anchor, Anchors; from casedesk.store.engines import make_engine;"
        "from casedesk.store.unit_of_work import Reading; import time; collect_seldom(); used = time.process_time();"
        "engine = make_engine(sys.argv[1]); start = time.perf_counter();"
        "anchors = Anchors(tuple(Anchor(*one) for one in eval(sys.argv[2])));"
        "report = audit.verify_database(uow=Reading(engine), anchors=anchors);"
        "assert report.anchored == report.events, report.sentence();"
        "print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, report.events,"
        "time.process_time() - used)"
    )
    listed = repr([tuple(one) for one in anchors.valid])
    done = subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{folder}/large.db", listed], capture_output=True, text=True, check=True
    )
    seconds, memory, count, used = done.stdout.split()
    reading = timed(lambda: _read(engine))
    engine.dispose()
    missed = [
        row(f"Sign 1,000 new events on {events:,}", min(again), f"sign all of them: {first:.2f} s", SIGNING),
        row(
            f"Verify {int(count):,} events, cases, alerts and {len(anchors.valid)} checkpoints", float(seconds),
            f"read the events only: {reading:.2f} s", WHOLE,
        ),
    ]  # fmt: skip
    print(f"| its processor time | {float(used):.3f} s | | |")
    print(f"| its peak memory | {memory} MiB | | {MEMORY} MiB |")
    return [*missed, int(memory) > MEMORY]


def _read(engine: Engine) -> None:
    with Reading(engine) as uow:
        for _ in uow.ledger.everything():
            pass


def small(folder: Path, events: int, evidence: int) -> list[bool]:
    """Export the packet of one long case with much evidence, and verify it in a process of its own."""
    engine = make_engine(f"sqlite:///{folder}/small.db")
    schema.upgrade(engine)
    ids = [f"T-{n:06}" for n in range(evidence)]
    columns = transactions(ids)
    otto = Person("otto", "Otto", Role.AUDITOR)
    with Writing(engine) as uow:
        bank(uow, 1)
        uow.people.put(otto)
        uow.transactions.insert_new(columns)
        one = replace(
            alert(1), alert_id=alert_id("structuring", "AC-00001", ids[0]), transaction_ids=tuple(ids),
            amount_minor=sum(columns["base_minor"]), window_end=NOON + timedelta(minutes=evidence - 1),
            parameters='{"windows":"tumbling"}',
        )  # fmt: skip
        uow.alerts.insert([one])
        case = open_case(uow, one)
        for _ in range(events - 2):
            case = step(uow, case, note(), "ana")
        uow.commit()
    key = keys.generate("bench")
    place = CheckpointFolder(folder / "small")
    made = []

    def export() -> None:
        signed = checkpoints.make(look=Reading(engine), folder=place, keys=[key.public], key=key)
        sealed = Sealed(
            signed.checkpoint.size,
            signed.path.read_text(encoding="utf-8"),
            key.public.text(),
            partial(keys.sign_text, key),
        )
        made.append(packets.of_case(uow=Writing(engine), actor=otto, at=NOON, case_id=case.case_id, sealed=sealed))

    exporting = timed(export)
    csv = timed(lambda: _csv(engine, case.case_id))
    content = made[0].content
    (folder / "packet.zip").write_bytes(content)
    (folder / "verify.py").write_bytes(packet.verifier())
    command = [sys.executable, "-I", str(folder / "verify.py"), str(folder / "packet.zip"), "--key", key.public.text()]
    told = []
    outside = timed(lambda: told.append(subprocess.run(command, capture_output=True, text=True, check=False)))
    assert told[0].returncode == 0, told[0].stdout
    started = timed(lambda: subprocess.run([sys.executable, "-I", "-c", ""], check=True))
    engine.dispose()
    size = f"{len(content) / 2**20:.1f} MiB"
    return [
        row(f"Export a packet of {events:,} events and {evidence:,} transactions, {size}", exporting,
            f"the events alone as CSV: {csv:.3f} s", EXPORTING),
        row("verify.py on it, in a new process", outside, f"starting Python: {started:.3f} s", OUTSIDE),
    ]  # fmt: skip


def _csv(engine: Engine, case_id: str) -> None:
    from casedesk.exports import audit_csv

    with Reading(engine) as uow:
        audit_csv.write(uow.ledger.of(case_id))


if __name__ == "__main__":
    sys.exit(main())
