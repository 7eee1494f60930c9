"""What a client of Kafka meets is named in the log, without a word of what librdkafka says."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from casedesk import logs
from casedesk.stream.clients import Broker, consumer


@contextmanager
def boaster() -> Iterator[str]:
    """Listen as a broker that announces answers of two gigabytes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def answer() -> None:
            asking, _ = listening.accept()
            with asking:
                asking.recv(1_000)
                asking.sendall((2_000_000_000).to_bytes(4, "big") + bytes(100))

        answering = threading.Thread(target=answer)
        answering.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        answering.join(15)


def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"127.0.0.1:{listening.getsockname()[1]}"


def told_of(address: str, capsys: pytest.CaptureFixture[str]) -> str:
    logs.configure(logs.AS_SHIPPED)
    reader = consumer(Broker(address), "some-group")
    reader.subscribe(["transactions_raw"])
    for _ in range(20):
        reader.poll(0.1)
    reader.close()
    return capsys.readouterr().err


def test_an_answer_that_is_too_large_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with boaster() as address:
        told = told_of(address, capsys)
    assert re.search(r"\[error +\] kafka_client +\[casedesk\.kafka\] action=FAIL", told)
    assert re.search(r"\[warning +\] kafka_client +\[casedesk\.kafka\] error_type=_BAD_MSG", told)
    assert "Invalid response" not in told
    assert logs.WITHHELD not in told


def test_a_broker_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    told = told_of(nobody(), capsys)
    assert "error_type=_TRANSPORT" in told
    assert "error_type=_ALL_BROKERS_DOWN" in told
    assert logs.WITHHELD not in told
