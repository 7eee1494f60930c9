"""An endpoint on loopback that does what a test wants, byte by byte, and keeps every byte it was sent."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from casedesk.language.endpoint import Endpoint

Behaviour = Callable[[socket.socket, bytes], None]
KEY = "sk-never-shown"


class Loopback:
    """Answers each request by a behaviour, and closes the connection after it."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.requests: list[bytes] = []
        self.stopped = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def endpoint(self, timeout: float = 5.0, price: str = "2.50") -> Endpoint:
        return Endpoint(self.url, "tiny-1", KEY, timeout, Decimal(price), Decimal(price))

    def close(self) -> None:
        self.stopped.set()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(10)
                raw = _request(connection)
                self.requests.append(raw)
                self.behave(connection, raw)
            except OSError:
                return  # whoever asked has gone


def _request(connection: socket.socket) -> bytes:
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += connection.recv(65_536) or b"\r\n\r\n"
    head, _, body = raw.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def question_in(raw: bytes) -> dict[str, Any]:
    """Return the facts that a request carried."""
    body = json.loads(raw.partition(b"\r\n\r\n")[2])
    found: dict[str, Any] = json.loads(body["messages"][1]["content"])
    return found


def completion(content: object, **usage: object) -> bytes:
    """Write a completion as an endpoint does; words that are no text are written as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    value = {"id": "c-1", "object": "chat.completion", "created": 1, "model": "tiny-1", "usage": usage or None,
             "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]}  # fmt: skip
    return json.dumps(value).encode()


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def says(content: object, **usage: object) -> Behaviour:
    """Answer every question with the same words."""
    return lambda connection, raw: connection.sendall(response(completion(content, **usage)))


def opinion(
    verdict: str = "ESCALATE", text: str = "The deposits follow each other closely.", *cites: str
) -> dict[str, Any]:
    return {"verdict": verdict, "reasons": [{"text": text, "cites": list(cites) or ["A1", "T1"]}]}
