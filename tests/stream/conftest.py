"""A desk with the feed's customers, a broker, and workers in this process."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from casedesk.bootstrap import Desk
from casedesk.cli.feeding import account_of, written
from casedesk.domain.people import SYSTEM
from casedesk.services import detecting
from casedesk.stream import looking
from casedesk.stream.assembly import Job, worker
from casedesk.stream.clients import Broker
from casedesk.stream.worker import Sizes, Worker
from seeds.dataset import write_parties
from seeds.feed import Feed, Mode
from tests.databases import Postgres, Sqlite
from tests.logs import restored
from tests.stream.brokers import MockCluster, RealBroker, made
from tests.stream.desks import START, Outcome, in_one_run, settled


@pytest.fixture(scope="session")
def feed() -> Feed:
    return Feed(mode=Mode.STRUCTURING, customers=60, seed=3, start=START)


@pytest.fixture(scope="session")
def sent(feed: Feed) -> list[tuple[bytes, bytes]]:
    """Keys and values of 1,500 transactions, among them dozens of bursts."""
    return [(account_of(row), written(row)) for row in itertools.islice(feed.rows(), 1_500)]


@pytest.fixture(scope="session")
def parties(feed: Feed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parties")
    write_parties(feed.bank(), folder)
    return folder


@pytest.fixture(scope="session")
def mock_cluster() -> MockCluster:
    return MockCluster()


@pytest.fixture(scope="session")
def real_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBroker]:
    broker = RealBroker(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.stop()


@pytest.fixture
def on_real(real_broker: RealBroker, job: Job) -> str:
    """The address of the real broker, where the job's topic of transactions is made, with four partitions. The worker makes the others."""
    made(real_broker.address, 4, job.topic)
    return real_broker.address


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the workers run structuring alone, and look for leftovers often."""
    rules = [rule for rule in detecting.RULES if rule.name == "structuring"]
    monkeypatch.setattr(detecting, "detect", partial(detecting.detect, rules=rules))
    monkeypatch.setattr(looking, "IDLE", 0.1)
    with restored():
        yield


@pytest.fixture
def desk(sqlite_address: str, parties: Path) -> Iterator[Desk]:
    found = settled(sqlite_address, parties)
    yield found
    found.close()


@pytest.fixture
def desk_of_each_kind(address: str, parties: Path) -> Iterator[Desk]:
    found = settled(address, parties)
    yield found
    found.close()


@pytest.fixture
def desk_on_postgres(postgres_kind: Postgres, parties: Path) -> Iterator[Desk]:
    """A desk whose writers wait for each other in a server, not in a file."""
    address = postgres_kind.fresh()
    found = settled(address, parties)
    yield found
    found.close()
    postgres_kind.drop(address)


@pytest.fixture(scope="session")
def at_once(sqlite_kind: Sqlite, parties: Path, sent: list[tuple[bytes, bytes]], tmp_path_factory: Any) -> Outcome:
    """What one import of all transactions and one run over everything give: what every way of streaming has to give."""
    rules = [rule for rule in detecting.RULES if rule.name == "structuring"]
    found = in_one_run(sqlite_kind.fresh(), parties, sent, tmp_path_factory.mktemp("batch"), rules)
    assert len(found.alerts) > 15
    return found


@pytest.fixture
def by_every_rule(
    sqlite_kind: Sqlite, parties: Path, quick: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[list[tuple[bytes, bytes]], Outcome]:
    """Lets the workers run every rule: a thousand transactions, and what one run of all rules gives over them."""
    monkeypatch.setattr(detecting, "detect", detecting.detect.func)  # type: ignore[attr-defined]
    feed = Feed(mode=Mode.MIXED, customers=60, seed=3, start=START)
    sent = [(account_of(row), written(row)) for row in itertools.islice(feed.rows(), 1_000)]
    found = in_one_run(sqlite_kind.fresh(), parties, sent, tmp_path, None)
    assert len({rule for rule, *_ in found.alerts}) > 4
    return sent, found


_names = itertools.count(1)


@pytest.fixture
def job() -> Job:
    """A job on topics and in a group of its own."""
    n = next(_names)
    return Job(f"tx-{n}", f"alerts-{n}", f"dead-{n}", f"group-{n}", Sizes(400, seconds=0.02), 100_000)


@pytest.fixture
def working() -> Callable[..., Any]:
    """``with working(desk, address, job) as worker``: it runs in a thread until the block ends, and must end cleanly."""

    @contextmanager
    def run(
        desk: Desk, address: str, job: Job, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> Iterator[Worker]:
        properties = {"session.timeout.ms": "6000", "heartbeat.interval.ms": "500", "log_level": "0"}
        found = worker(desk, SYSTEM, Broker(address, properties), job, now)
        thread = threading.Thread(target=found.run)
        thread.start()
        try:
            yield found
        finally:
            found.stop()
            thread.join(30)
            assert not thread.is_alive(), "the worker did not stop"

    return run


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.02)


def as_rows(sent: list[tuple[bytes, bytes]]) -> list[dict[str, str]]:
    return [orjson.loads(value) for _, value in sent]
