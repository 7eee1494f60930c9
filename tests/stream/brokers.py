"""Brokers that the tests start: librdkafka's own mock of a cluster, and a small real one that can be stopped and started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from casedesk.stream.clients import LARGEST


class MockCluster:
    """A cluster inside this process that speaks the protocol; other processes reach it, too. Its topics have four partitions."""

    def __init__(self) -> None:
        self._handle = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        found = next(iter(self._handle.list_topics(timeout=10).brokers.values()))
        self.address = f"{found.host}:{found.port}"


class RealBroker:
    """A broker of its own process and data folder, which keeps its port when it comes back."""

    def __init__(self, folder: Path) -> None:
        wheel = find_spec("noida_db")
        assert wheel is not None
        assert wheel.origin is not None
        self._program = Path(wheel.origin).with_name("noida-db")
        self._folder = folder
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self._port = trial.getsockname()[1]
        self.address = f"127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        command = [
            self._program,
            "start",
            "--only",
            "kafka",
            "--kafka-port",
            str(self._port),
            "--data-dir",
            self._folder,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("the broker did not start")

    def stop(self) -> None:
        """End it as an operator does: what it was told is on its disk."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGINT)
            self._process.wait(20)


def made(address: str, partitions: int, *topics: str) -> None:
    """Make topics on a real broker, which take a message of 60 MB; the mock makes its own, and so does a producer."""
    admin = AdminClient({"bootstrap.servers": address, "log_level": 0})
    for done in admin.create_topics(
        [NewTopic(topic, partitions, config={"max.message.bytes": "60000000"}) for topic in topics]
    ).values():
        done.result(10)


def put(address: str, topic: str, messages: Iterable[tuple[bytes | str | None, bytes | None]]) -> int:
    """Send keys and values, and return how many arrived."""
    sender = Producer({"bootstrap.servers": address, "message.max.bytes": LARGEST, "log_level": 0})
    failed: list[Any] = []
    count = 0
    for key, value in messages:
        while True:
            try:
                sender.produce(topic, value, key, on_delivery=lambda error, _: error and failed.append(error))
            except BufferError:
                sender.poll(0.1)
                continue
            break
        count += 1
    assert sender.flush(60) == 0
    assert failed == []
    return count


def drained(address: str, topic: str, expected: int, seconds: float = 20) -> list[Any]:
    """Read a topic from its beginning until so many messages came, and a little longer: more would be too many."""
    reader = Consumer({
        "bootstrap.servers": address, "group.id": f"test-{time.time_ns()}", "auto.offset.reset": "earliest", "log_level": 0,
        "fetch.message.max.bytes": LARGEST, "enable.auto.commit": False, "fetch.wait.max.ms": 50,
    })  # fmt: skip
    reader.subscribe([topic])
    found: list[Any] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found += [one for one in reader.consume(1_000, 0.1) if one.error() is None]
        if len(found) >= expected:
            end = min(end, time.monotonic() + 0.3)
    reader.close()
    return found
