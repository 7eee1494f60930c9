"""Workers in processes of their own, killed at random moments.

They are forked from a process that has loaded the desk and done nothing yet: starting fifty of them takes seconds, and each can
be killed like any other.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from casedesk.stream.assembly import Job
from tests.processes import BESIDE
from tests.stream.brokers import put


def work(environment: dict[str, str], words: list[str], log: Path, only: str) -> None:
    """Be the command line, with one rule alone if it is named: the SQL of all rules takes seconds to write."""
    from casedesk.cli.main import main
    from casedesk.services import detecting
    from casedesk.stream import looking

    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(target, 1)
    os.dup2(target, 2)
    for name in [name for name in os.environ if name.startswith("CASEDESK_")]:
        del os.environ[name]
    os.environ.update(environment)
    if only:
        detecting.detect = partial(detecting.detect, rules=[rule for rule in detecting.RULES if rule.name == only])
    looking.IDLE = 0.1  # type: ignore[misc]
    sys.exit(main(words))


@dataclass
class Workers:
    """Starts workers of one job on one database; what still runs at the end is killed."""

    database: str
    broker: str
    job: Job
    folder: Path
    batch: int = 40
    only: str = "structuring"  # the rule that runs; empty for all of them
    running: list[ForkServerProcess] = field(default_factory=list)

    def start(self, name: str = "one") -> ForkServerProcess:
        """Start one; under a name of its own the group knows it when it comes back, and need not miss the killed one first."""
        properties = self.folder / f"{name}.properties"
        properties.write_text(
            f"session.timeout.ms=6000\nheartbeat.interval.ms=500\ngroup.instance.id={name}\nlog_level=0\n"
        )
        self.log = self.folder / f"{name}-{time.monotonic_ns()}.log"
        environment = {
            "CASEDESK_DATABASE_URL": self.database, "CASEDESK_LOG_LEVEL": "DEBUG", "CASEDESK_KAFKA_BOOTSTRAP": self.broker,
            "CASEDESK_KAFKA_PROPERTIES": str(properties), "CASEDESK_CHECKPOINT_EVERY_EVENTS": "0",
            "CASEDESK_CHECKPOINT_EVERY_SECONDS": "0",
        }  # fmt: skip
        job = self.job
        words = ["stream", "run", "--topic", job.topic, "--alerts", job.alerts, "--dead-letters", job.dead_letters,
                 "--group", job.group, "--batch", str(self.batch), "--linger-ms", "5"]  # fmt: skip
        self.log.touch()
        found = BESIDE.Process(target=work, args=(environment, words, self.log, self.only))
        found.start()
        self.running.append(found)
        return found

    def assigned(self, seconds: float = 60) -> None:
        """Wait until the last one that was started has partitions."""
        end = time.monotonic() + seconds
        while b"status=assigned" not in self.log.read_bytes():
            assert self.running[-1].is_alive(), self.log.read_text()
            assert time.monotonic() < end, f"no partitions: {self.log.read_text()}"
            time.sleep(0.005)

    def kill(self) -> None:
        """Kill all of them as a power cut would."""
        for one in self.running:
            one.kill()
            one.join(30)
        self.running.clear()

    def end(self) -> str:
        """End the last one as a supervisor does, and return what it said."""
        last = self.running.pop()
        assert last.pid is not None
        os.kill(last.pid, signal.SIGTERM)
        last.join(60)
        assert last.exitcode == 0, self.log.read_text()
        return self.log.read_text().splitlines()[-1]


def behind(broker: str, job: Job, partitions: int = 4) -> int:
    """Return how many messages the group has not committed."""
    reader = Consumer({"bootstrap.servers": broker, "group.id": job.group, "log_level": 0})
    left = 0
    for place in reader.committed([TopicPartition(job.topic, n) for n in range(partitions)], timeout=10):
        low, high = reader.get_watermark_offsets(TopicPartition(job.topic, place.partition), timeout=10)
        left += high - (place.offset if place.offset >= 0 else low)
    reader.close()
    return left


def killed_again_and_again(workers: Workers, sent: Sequence[tuple[bytes, bytes]], rounds: int, seed: int) -> str:
    """Send everything in parts; in each round a worker is killed at a random moment. Return what the last one said."""
    chance = random.Random(seed)
    size = -(-len(sent) // (rounds + 1))
    for number in range(rounds):
        put(workers.broker, workers.job.topic, sent[number * size : (number + 1) * size])
        workers.start()
        if chance.random() < 0.8:
            workers.assigned()
            time.sleep(chance.uniform(0, 1.0))
        else:
            time.sleep(chance.uniform(0, 1.0))  # while it starts
        workers.kill()
    put(workers.broker, workers.job.topic, sent[rounds * size :])
    workers.start()
    end = time.monotonic() + 120
    while behind(workers.broker, workers.job) and time.monotonic() < end:
        time.sleep(0.1)
    return workers.end()


def told(values: Sequence[Any]) -> list[str]:
    """Return the keys of alerts, as they were announced."""
    return [one.key().decode() for one in values]
