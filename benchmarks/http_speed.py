"""How fast transactions come in over HTTP, against an empty FastAPI endpoint on the same server in the same run.

Usage: python -m benchmarks.http_speed [--seconds 5] [--postgres] [--wait [--mode normal] [--before 60000]]
One server process on loopback over a desk of its own, the client in this process. Prints a Markdown table. With --wait
what is sent is the feed of 5,000 customers (``casedesk generate``) as it is booked, after so much of it was stored before and looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.http_client import Answers, load, request
from benchmarks.http_served import EMPTY
from casedesk.cli.feeding import written
from casedesk.domain.people import SYSTEM
from casedesk.services import api_keys, detecting, ingestion
from casedesk.services.api_keys import Scope
from casedesk.store import schema
from casedesk.store.engines import make_engine
from casedesk.store.unit_of_work import Reading, Writing
from seeds.book import Row
from seeds.dataset import write_parties
from seeds.feed import Feed, Mode
from tests.browser.server import Process, free_port

PATH = "/api/v1/transactions"
#: The most requests of one measurement: what is made beforehand has to fit memory.
MOST = 50_000
LISTS = 400


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=5.0, help="for each measurement")
    options.add_argument("--wait", action="store_true", help="only single posts, which wait for rules and model")
    options.add_argument("--postgres", action="store_true", help="on a PostgreSQL started for it, with fsync on")
    options.add_argument("--mode", type=Mode, default=Mode.NORMAL, help="what those hold beside everyday life")
    options.add_argument("--before", type=int, default=60_000, help="how many are stored before them")
    given = options.parse_args()
    print("| Measured | Figure | Baseline of the same run | Ratio |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="casedesk-bench-") as folder, database(folder, given.postgres) as address:
        key = prepared(address)
        feed = fed(address, Path(folder), given.mode, given.before) if given.wait else None
        with serving(address, Path(folder)) as (port, pid):
            _measure(_Loaded(port, pid), key, given.seconds, feed)


def _measure(server: _Loaded, key: str, seconds: float, feed: Iterator[Row] | None) -> None:
    draws = random.Random(7)
    query = "" if feed is None else "?wait=true"
    for connections in (16, 1):
        drawn = _Written(PATH, key, draws, f"S{connections}", 1)
        singles = drawn if feed is None else _Booked(PATH + query, key, feed)
        server.load(connections, 1.0, 200, singles)  # the first load what is loaded once
        empty = server.load(connections, seconds, MOST, lambda _: request(EMPTY, b"{}"))
        found = server.load(connections, seconds, MOST, singles)
        _line(f"single posts{query}, {connections} connections", found, empty, 1)
    for connections in () if feed is not None else (4, 1):
        lists = _Written(PATH, key, draws, f"L{connections}", 1000)
        made = [lists(number) for number in range(LISTS // connections)]
        found = server.load(connections, seconds, len(made), made.__getitem__)
        _line(f"lists of 1,000, {connections} connections", found, None, 1000)


class _Loaded:
    """A server under load: what it answers, and the processor time that it takes, which other work on the machine changes less."""

    def __init__(self, port: int, pid: int) -> None:
        self._port, self._stat = port, Path(f"/proc/{pid}/stat")

    def load(self, connections: int, seconds: float, most: int, make: Callable[[int], bytes]) -> tuple[Answers, float]:
        """Return the answers, and the milliseconds of processor time for each."""
        before = self._worked()
        found = load(self._port, connections, seconds, most, make)
        return found, (self._worked() - before) / len(found.taken) * 1000

    def _worked(self) -> float:
        if not self._stat.exists():
            return 0.0
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Written:
    """Writes requests, each with transactions of its own."""

    def __init__(self, path: str, key: str, draws: random.Random, name: str, rows: int) -> None:
        self._path, self._key, self._draws, self._name, self._rows = path, key, draws, name, rows
        self._count = 0

    def __call__(self, _: int) -> bytes:
        self._count += 1
        rows = [self._row(f"{self._name}-{self._count}-{n}") for n in range(self._rows)]
        return request(self._path, json.dumps(rows if self._rows > 1 else rows[0]).encode(), self._key)

    def _row(self, name: str) -> dict[str, Any]:
        one, other = self._draws.sample(range(5000), 2)
        moment = self._draws.randrange(86_400)
        return {
            "transaction_id": name, "from_account": f"B/{one}", "to_account": f"B/{other}",
            "booked_at": f"2026-07-{self._draws.randint(1, 28):02}T{moment // 3600:02}:{moment // 60 % 60:02}:{moment % 60:02}Z",
            "amount": f"{self._draws.randint(100, 500_000) / 100:.2f}", "currency": "USD", "channel": "WIRE",
            "from_country": "US", "to_country": "US", "reference": "invoice",
        }  # fmt: skip


class _Booked:
    """Writes requests of what a feed holds, one after the other."""

    def __init__(self, path: str, key: str, feed: Iterator[Row]) -> None:
        self._path, self._key, self._feed = path, key, feed

    def __call__(self, _: int) -> bytes:
        return request(self._path, written(next(self._feed)), self._key)


def fed(address: str, folder: Path, mode: Mode, before: int) -> Iterator[Row]:
    """Store the feed's customers and so many of its transactions, and run the rules; return what comes after them."""
    feed = Feed(mode=mode, customers=5_000, seed=3, start=datetime(2026, 7, 1, tzinfo=UTC))
    write_parties(feed.bank(), folder / "bank")
    rows = feed.rows()
    with (folder / "bank" / "transactions.jsonl").open("wb") as file:
        file.writelines(written(row) + b"\n" for row in islice(rows, before))
    engine = make_engine(address)
    ingestion.import_path(
        reading=lambda: Reading(engine), writing=lambda: Writing(engine), actor=SYSTEM, at=datetime.now(UTC),
        path=folder / "bank", base_currency="USD",
    )  # fmt: skip
    detecting.detect(
        look=Reading(engine), uow=Writing(engine), actor=SYSTEM, at=datetime.now(UTC), base_currency="USD"
    )  # fmt: skip
    engine.dispose()
    return rows


def _line(what: str, measured: tuple[Answers, float], baseline: tuple[Answers, float] | None, rows: int) -> None:
    found, worked = measured
    told = (
        f"{found.rate * rows:,.0f} transactions/s, p50 {found.percentile(0.5) * 1000:.1f} ms, p99 "
        f"{found.percentile(0.99) * 1000:.1f} ms, processor {worked:.2f} ms a request"
    )
    other = [f"{count} answers {status}" for status, count in found.statuses.items() if status != 200]
    beside = ratio = ""
    if baseline is not None:
        empty, cost = baseline
        beside = (
            f"empty endpoint: {empty.rate:,.0f}/s, p99 {empty.percentile(0.99) * 1000:.1f} ms, processor {cost:.2f} ms"
        )
        ratio = f"**{found.rate / empty.rate:.2f}**, by processor time {cost / worked:.2f}"
    print(f"| {what} | {', '.join([told, *other])} | {beside} | {ratio} |", flush=True)


@contextmanager
def database(folder: str, postgres: bool) -> Iterator[str]:
    if not postgres:
        yield f"sqlite:///{folder}/http.db"
        return
    from tests.postgres_server import PostgresServer

    server = PostgresServer(durable=True)
    try:
        yield server.url("postgres")
    finally:
        server.stop()


def prepared(address: str) -> str:
    """Make the desk's tables and a key that may send."""
    engine = make_engine(address)
    schema.upgrade(engine)
    issued = api_keys.create(
        uow=Writing(engine), actor=SYSTEM, at=datetime.now(UTC), label="load", user_id="system", scopes={Scope.INGEST},
        days=1,
    )  # fmt: skip
    engine.dispose()
    return issued.sent_as


@contextmanager
def serving(address: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Serve the API with the empty endpoint beside it; give the port and the process."""
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", "--factory", "benchmarks.http_served:create", "--host", "127.0.0.1", "--port", str(port),
        "--log-level", "critical", "--no-access-log", "--ws", "websockets-sansio", "--no-server-header",
    ]  # fmt: skip
    env = {"CASEDESK_DATABASE_URL": address, "CASEDESK_API_RATE": "1000000", "CASEDESK_LOG_FORMAT": "json"}
    served = Process(command, f"http://127.0.0.1:{port}", folder / "served.log", env)
    served.wait("/ready")
    yield port, served.pid
    served.stop()


if __name__ == "__main__":
    main()
