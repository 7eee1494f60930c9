"""`/health`, `/ready` and `/metrics` of a worker, for whoever keeps it running. No key, and nothing of a person or a decision."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST

from casedesk.errors import CasedeskError, Unavailable
from casedesk.stream.figures import Figures

_TEXT: Final = "text/plain; charset=utf-8"
#: Seconds in which whoever asks must have sent a line.
_PATIENCE: Final = 5.0


class NoPlace(Unavailable):
    """The address cannot be listened at."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(
            f"A worker cannot tell its figures at {host}:{port} ({why}); choose another --metrics-port, or leave it out."
        )


@contextmanager
def listening(host: str, port: int, figures: Figures, ready: Callable[[], None]) -> Iterator[int]:
    """Answer at an address until the block ends, and yield the port; 0 takes any that is free.

    :param ready: raises a refusal while the worker cannot work.
    :raises NoPlace: if the address is taken, or is none of this machine.
    """
    try:
        server = ThreadingHTTPServer((host, port), _handler(figures, ready))
    except OSError as error:
        raise NoPlace(host, port, error.strerror or "unknown address") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="figures", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _handler(figures: Figures, ready: Callable[[], None]) -> type[BaseHTTPRequestHandler]:
    def answer(path: str) -> tuple[int, str, bytes]:
        if path == "/health":
            return 200, _TEXT, b"alive\n"
        if path == "/ready":
            try:
                ready()
            except CasedeskError:
                return 503, _TEXT, b"not ready\n"
            return 200, _TEXT, b"ready\n"
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, figures.text()
        return 404, _TEXT, b"not found\n"

    class Handler(BaseHTTPRequestHandler):
        """Answers three addresses."""

        timeout = _PATIENCE
        server_version, sys_version = "casedesk", ""

        def do_GET(self) -> None:
            status, kind, body = answer(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged of a probe."""

    return Handler
