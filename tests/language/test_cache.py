"""Answers kept in memory and in Redis: a real one where it is installed, and otherwise its protocol by a fake over TCP."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from casedesk.errors import Unavailable
from casedesk.language.cache import MOST, Memory, Redis


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A Redis on loopback. ``CASEDESK_TEST_REDIS`` names the program; without one a fake from a wheel speaks the protocol."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    program = os.environ.get("CASEDESK_TEST_REDIS") or shutil.which("redis-server")
    if program:
        words = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
            _wait(port)
            yield f"redis://127.0.0.1:{port}/0"
            process.terminate()
        return
    from fakeredis import TcpFakeServer

    server = TcpFakeServer(("127.0.0.1", port), server_type="redis")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{port}/0"
    server.shutdown()
    server.server_close()


def _wait(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return


def test_redis_keeps_answers_for_every_process(address: str) -> None:
    one, other = Redis(address), Redis(address)
    assert one.get("k") is None
    one.put("k", "é and more")
    assert other.get("k") == "é and more"
    one.put("large", "x" * (MOST + 1))
    assert other.get("large") is None
    raw = one._client
    assert 0 < raw.ttl("casedesk:language:k") <= 7 * 86_400
    raw.set("casedesk:language:evil", b"y" * 5_000_000)
    assert len(other.get("evil") or "") == MOST + 1  # no more than that is read, whatever somebody put there
    raw.set("casedesk:language:bytes", b"\xff\xfe")
    assert other.get("bytes") is None
    raw.lpush("casedesk:language:list", "z")
    assert other.get("list") is None


def test_a_redis_that_is_away_is_no_cache_and_nothing_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = Redis(f"redis://:secret@127.0.0.1:{port}/0")
    away.put("k", "v")
    assert away.get("k") is None
    with pytest.raises(Unavailable) as refused:
        Redis("redis://:secret@127.0.0.1:port/0")
    assert "secret" not in str(refused.value)


def test_memory_forgets_what_was_used_least() -> None:
    kept = Memory()
    for n in range(256):
        kept.put(str(n), "v")
    assert kept.get("0") == "v"
    kept.put("one more", "v")
    assert (kept.get("1"), kept.get("0")) == (None, "v")
