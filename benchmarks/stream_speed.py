"""Kafka to alert: a worker on a small real broker, against reading the same topic and storing nothing, and against the plain import.

First the topic holds everything before the worker starts: how many transactions a second are validated and stored while the rules
run beside, and what of the processor that takes, which says more than the clock where others work on the machine. Once the rules have
looked at all of it, messages come at a steady pace: how long it takes from the first message that a run was the first to look at until
its alerts are announced, and whether memory grows. The worker is `casedesk stream run` in a process of its own, with all rules.

Run: ``python -m benchmarks.stream_speed [--rows 200000] [--pace 2000] [--seconds 30] [--database sqlite|postgresql]``.
Asked: 20,000 a second, p99 under 1 s, memory flat.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Consumer, Producer

from casedesk.bootstrap import Desk
from casedesk.cli.feeding import account_of, written
from casedesk.domain.people import SYSTEM
from casedesk.services import announcing, ingestion
from seeds.dataset import write_parties
from seeds.feed import Feed, Mode
from tests.databases import Sqlite, migrated
from tests.postgres_server import PostgresServer
from tests.stream.brokers import RealBroker, drained, made, put
from tests.stream.desks import START, opened, settled

ROOT = Path(__file__).resolve().parents[1]
Sent = Sequence[tuple[bytes, bytes]]
_BATCH = re.compile(r"(\d\d):(\d\d):(\d\d\.\d+)Z.* stream_batch .*duration_ms=(\d+) read=(\d+)")


@dataclass(frozen=True)
class Place:
    """Where everything is."""

    database: str
    broker: str
    folder: Path


def main() -> None:
    """Print rates, ratios, latencies and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--pace", type=int, default=2_000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        feed = Feed(mode=Mode.MIXED, customers=asked.customers, seed=1, start=START)
        total = asked.rows + asked.pace * asked.seconds
        # copied, because the writer's own bytes hold four kilobytes each
        sent = [(account_of(row), bytes(bytearray(written(row)))) for row in itertools.islice(feed.rows(), total)]
        write_parties(feed.bank(), folder / "parties")
        (folder / "sqlite").mkdir()
        kind, server, broker = Sqlite(folder / "sqlite"), None, RealBroker(folder / "broker")
        try:
            if asked.database == "postgresql":
                server = PostgresServer(durable=True)
                for name in ("desk", "plain"):
                    server.run(f"CREATE DATABASE {name}")
                    migrated(server.url(name))
            plain = settled(server.url("plain") if server else kind.fresh(), folder / "parties")
            _measure(
                Place(server.url("desk") if server else kind.fresh(), broker.address, folder), plain, sent, asked.rows,
                asked.pace,
            )  # fmt: skip
        finally:
            broker.stop()
            if server:
                server.stop()


def _measure(place: Place, plain: Desk, sent: Sent, rows: int, pace: int) -> None:
    made(place.broker, 4, "transactions_raw")
    settled(place.database, place.folder / "parties").close()
    put(place.broker, "transactions_raw", sent[:rows])
    read = _read(place.broker, rows)
    imported = _imported(plain, place.folder, sent[:rows])
    worker, log = _started(place)
    sizes = [_resident(worker.pid)]
    batches = _stored(log, rows, worker)
    span = batches[-1][0] - batches[0][0] + batches[0][1]
    ours = rows / span
    storing = sum(took for _, took, _ in batches)
    used = _processor(worker.pid)
    print("| what | transactions/s |\n|---|---:|")
    print(f"| read from the topic and stored nothing (baseline) | {rows / read:,.0f} |")
    print(f"| `casedesk import` of the same rows, no rules | {rows / imported:,.0f} |")
    print(f"| worker: stored, all rules running beside | {ours:,.0f} |")
    print(f"\nratio to reading: {ours * read / rows:.2f}; to the import: {ours * imported / rows:.2f}")
    print(f"of {span:,.1f} s the thread that stores was busy for {storing:,.1f} s")
    print(
        f"{1_000_000 * used / rows:,.0f} microseconds of the worker's processor time a transaction, its start included"
    )
    print(f"the rules had looked at all of it {_looked_at(place):,.1f} s later")
    begun, used = time.time(), _processor(worker.pid)
    at = _paced(place.broker, sent[rows:], pace, worker.pid, sizes)
    ended = time.monotonic()
    _stored(log, len(sent), worker)
    print(f"the last of them was stored {time.monotonic() - ended:.1f} s after the last was sent")
    print(f"the rules had looked at all of it {_looked_at(place):,.1f} s after that")
    used = _processor(worker.pid) - used
    print(f"then {1_000_000 * used / (len(sent) - rows):,.0f} microseconds of its processor time a transaction")
    worker.send_signal(signal.SIGTERM)
    worker.wait(120)
    told = [orjson.loads(one.value()) for one in drained(place.broker, "aml_alerts", 10_000_000, seconds=5)]
    timed = [one for one in told if one["took_ms"] is not None]
    took = sorted(one["took_ms"] / 1000 for one in timed if _after(one, begun))
    print(f"{len(told):,} alerts, {len(took):,} of them by runs that looked at paced messages only")
    if took:
        print(
            f"at {pace:,} a second: p50 {_of(took, 50):.2f} s, p99 {_of(took, 99):.2f} s from the first receipt of a run to its alerts"
        )
    own = sorted(_own_delay(one, at) for one in told if at.keys() & set(one["transaction_ids"]) and _after(one, begun))
    if own:
        print(
            f"p50 {_of(own, 50):.2f} s, p99 {_of(own, 99):.2f} s from sending the last of an alert's transactions to the alert"
        )
    print("resident memory in MiB: " + ", ".join(f"{size:,.0f}" for size in sizes))


def _after(told: dict[str, Any], begun: float) -> bool:
    """Say whether the alert's run looked at nothing that came before this time."""
    announced = datetime.fromisoformat(told["announced_at"]).timestamp()
    return bool(announced - told["took_ms"] / 1000 >= begun)


def _own_delay(told: dict[str, Any], at: dict[str, float]) -> float:
    """Return the seconds from when the last of an alert's transactions was sent until it was announced."""
    announced = datetime.fromisoformat(told["announced_at"]).timestamp()
    return announced - max(at[one] for one in told["transaction_ids"] if one in at)


def _of(values: Sequence[float], percent: int) -> float:
    return values[min(len(values) - 1, len(values) * percent // 100)]


def _read(broker: str, rows: int) -> float:
    reader = Consumer({
        "bootstrap.servers": broker, "group.id": "baseline", "auto.offset.reset": "earliest", "enable.auto.commit": False,
    })  # fmt: skip
    reader.subscribe(["transactions_raw"])
    count, begun = 0, 0.0
    while count < rows:
        came = reader.consume(5_000, 0.1)
        if came and not begun:
            begun = time.monotonic()
        count += sum(1 for one in came if one.error() is None and one.value())
    took = time.monotonic() - begun
    reader.close()
    return took


def _imported(desk: Desk, folder: Path, sent: Sent) -> float:
    file = folder / "transactions.jsonl"
    file.write_bytes(b"\n".join(value for _, value in sent))
    begun = time.monotonic()
    ingestion.import_path(
        reading=desk.reading, writing=desk.writing, actor=SYSTEM, at=START, path=file, base_currency="USD"
    )
    took = time.monotonic() - begun
    desk.close()
    return took


def _started(place: Place) -> tuple[subprocess.Popen[bytes], Path]:
    log = place.folder / "worker.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CASEDESK_")}
    environment = {
        **kept, "PYTHONPATH": str(ROOT), "CASEDESK_DATABASE_URL": place.database, "CASEDESK_LOG_LEVEL": "DEBUG",
        "CASEDESK_KAFKA_BOOTSTRAP": place.broker, "CASEDESK_CACHE_DIR": str(place.folder / "cache"),
    }  # fmt: skip
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "casedesk", "stream", "run"], cwd=ROOT, env=environment, stdout=out, stderr=out
        ), log


def _batches(log: Path) -> list[tuple[float, float, int]]:
    """When each batch was stored, how long that took, and how many messages it had."""
    return [
        (int(h) * 3600 + int(m) * 60 + float(s), int(took) / 1000, int(read))
        for h, m, s, took, read in _BATCH.findall(log.read_text(errors="replace"))
    ]


def _stored(log: Path, rows: int, worker: subprocess.Popen[bytes]) -> list[tuple[float, float, int]]:
    found = _batches(log)
    while sum(read for *_, read in found) < rows:
        if worker.poll() is not None:
            raise SystemExit(log.read_text()[-3_000:])
        time.sleep(0.1)
        found = _batches(log)
    return found


def _processor(process: int) -> float:
    """Return the seconds of processor time that a process has taken, in all its threads."""
    said = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


def _looked_at(place: Place, seconds: float = 120) -> float:
    """Wait until a run has looked at everything and its alerts are announced; return how long that took."""
    begun = time.monotonic()
    desk = opened(place.database)
    while time.monotonic() < begun + seconds:
        due = announcing.due(uow=desk.reading(), actor=SYSTEM, place="kafka:aml_alerts")
        if not due.alerts and not announcing.unseen(uow=desk.reading(), actor=SYSTEM):
            break
        time.sleep(0.1)
    desk.close()
    return time.monotonic() - begun


def _resident(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _paced(broker: str, sent: Sent, pace: int, process: int, sizes: list[float]) -> dict[str, float]:
    """Send so many messages a second, and note the worker's memory ten times; return when each transaction was sent."""
    at: dict[str, float] = {}
    sender = Producer({"bootstrap.servers": broker, "linger.ms": 5})
    begun, often = time.monotonic(), max(1, len(sent) // 10)
    for number, (key, value) in enumerate(sent):
        ahead = begun + number / pace - time.monotonic()
        if ahead > 0.01:
            time.sleep(ahead)
        sender.produce("transactions_raw", value, key)
        at[orjson.loads(value)["transaction_id"]] = time.time()
        sender.poll(0)
        if number % often == 0:
            sizes.append(_resident(process))
    sender.flush(30)
    sizes.append(_resident(process))
    return at


if __name__ == "__main__":
    main()
