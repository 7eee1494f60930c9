"""Reaching a language model: whatever the endpoint does, the call ends in time and little is read."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest

from casedesk.language.answer import Discarded, unwrap
from casedesk.language.bounds import MOST
from casedesk.language.breaker import Breaker
from casedesk.language.endpoint import Endpoint, NoAnswer
from tests.language.loopback import KEY, Behaviour, Loopback, completion, opinion, response, says

Start = Callable[[Behaviour], Loopback]


def huge(connection: socket.socket, raw: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 52428800\r\n\r\n")
    for _ in range(800):
        connection.sendall(b"x" * 65_536)


def hanging(connection: socket.socket, raw: bytes) -> None:
    time.sleep(8)


def trickling_head(connection: socket.socket, raw: bytes) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 200:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def trickling_body(connection: socket.socket, raw: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n")
    for _ in range(200):
        connection.sendall(b" ")
        time.sleep(0.05)


def packed(connection: socket.socket, raw: bytes) -> None:
    connection.sendall(response(gzip.compress(b" " * 50_000_000), "200 OK", "Content-Encoding: gzip"))


def moved(connection: socket.socket, raw: bytes) -> None:
    connection.sendall(response(b"", "307 Temporary Redirect", "Location: http://127.0.0.1:9/v1/chat/completions"))


def failing(connection: socket.socket, raw: bytes) -> None:
    connection.sendall(response(b'{"error": {"message": "no"}}', "500 Internal Server Error"))


def closing(connection: socket.socket, raw: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("behave", [huge, hanging, trickling_head, trickling_body, packed, moved, failing, closing])
def test_an_endpoint_that_misbehaves_ends_in_a_sentence_and_in_time(endpoint: Start, behave: Behaviour) -> None:
    server = endpoint(behave)
    from casedesk.language import conversation  # noqa: F401  # its import is no delay of the endpoint

    began = time.monotonic()
    with pytest.raises(NoAnswer) as refused:
        server.endpoint(timeout=0.6).ask("Advise.", "{}")
    assert time.monotonic() - began < 4.0  # left to itself, each that dawdles would take twice as long
    assert str(refused.value).startswith("The language model gave no answer")
    assert KEY not in str(refused.value)
    assert len(server.requests) == 1  # tried once: every call costs
    until = time.monotonic() + 3.0  # the thread that waited for it ends as well, though the endpoint goes on
    while any(thread.name == "language-model" for thread in threading.enumerate()) and time.monotonic() < until:
        time.sleep(0.02)
    assert "language-model" not in {thread.name for thread in threading.enumerate()}


def test_an_answer_of_the_allowed_size_arrives_whole(endpoint: Start) -> None:
    server = endpoint(says(opinion(), prompt_tokens=10, completion_tokens=20))
    found = unwrap(server.endpoint().ask("Advise.", '{"a":1}'))
    assert (found.tokens_in, found.tokens_out) == (10, 20)
    large = endpoint(lambda connection, raw: connection.sendall(response(b" " * (MOST + 1))))
    with pytest.raises(NoAnswer):
        large.endpoint().ask("Advise.", "{}")


def test_a_request_tells_nothing_of_this_machine(endpoint: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-somebody")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server = endpoint(says(opinion()))
    server.endpoint().ask("Advise.", "{}")
    sent = server.requests[0].lower()
    for word in (
        b"stainless-os",
        b"stainless-runtime",
        b"somebody",
        b"linux",
        b"x86",
        socket.gethostname().encode().lower(),
    ):
        assert word not in sent, word


def test_nobody_there_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NoAnswer):
        Endpoint(f"http://127.0.0.1:{port}/v1", "tiny-1", "", 2.0, Decimal(1), Decimal(1)).ask("Advise.", "{}")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[" * 100_000, b'{"choices": []}', b'{"choices": [{"message": {"content": null}}]}', b"\xff\xfe",
     b'{"choices": {"0": 1}}', b'{"choices": [{"message": {"content": ["a"]}}]}'],
)  # fmt: skip
def test_what_is_no_completion_is_discarded(body: bytes) -> None:
    with pytest.raises(Discarded):
        unwrap(body)


def test_a_lying_usage_is_not_believed() -> None:
    for usage in ({"prompt_tokens": -1, "completion_tokens": "9"}, {"prompt_tokens": True}, {}):
        found = unwrap(completion(opinion(), **usage))
        assert (found.tokens_in, found.tokens_out) == (None, None)
    one = Endpoint("http://127.0.0.1:9/v1", "tiny-1", "", 1.0, Decimal("2.5"), Decimal(10))
    assert one.cost_micros(8_000, 800, 0, 0) == 2_500 + 1_000  # a token for every eight bytes at least
    assert one.cost_micros(8_000, 800, 3_000, 400) == 7_500 + 4_000
    assert one.most_micros("a" * 800, "b" * 200) == (1_000 + 200) * 5 // 2 + 7_000


def test_the_breaker_rests_after_three_failures_and_tries_again() -> None:
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0])
    for _ in range(2):
        breaker.failed()
    assert breaker.closed()
    breaker.failed()
    assert not breaker.closed()
    now[0] = 59.9
    assert not breaker.closed()
    now[0] = 60.0
    assert breaker.closed()
    breaker.failed()
    assert not breaker.closed()
    now[0] = 120.0
    breaker.succeeded()
    with suppress(NoAnswer):
        breaker.failed()
    assert breaker.closed()
