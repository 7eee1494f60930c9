"""Around every answer: a limit to what is read, headers that keep browsers out, one line of log, the figures."""

from __future__ import annotations

import logging
import time
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from casedesk import traces
from casedesk.api.metrics import page_of
from casedesk.api.problems import TOO_LARGE, problem, unforeseen
from casedesk.api.state import Served

#: Ten thousand transactions with every field filled to its length are 10 MB; the answer to a thousand reports, with twenty remarks on
#: each, is as much.
_MUCH: Final = 16 * 1024 * 1024
MOST_BYTES: Final = {"/api/v1/transactions": _MUCH, "/api/v1/filings/acknowledgements": _MUCH}
_MOST_ELSEWHERE: Final = 2 * 1024 * 1024

#: An answer is data for a program: never kept, never framed, never run, never sent on. There is no CORS: no page of
#: another origin may ask.
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_OURS: Final = frozenset(name for name, _ in _HEADERS)


class Guards:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, served: Served) -> None:
        self._app, self._served = app, served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        page, method = page_of(scope["path"]), str(scope["method"])
        method = method if method in _METHODS else "other"
        with traces.span("answer", _traced(scope), page=page, method=method) as spanned:
            spanned.note(status=await self._answer(scope, receive, send, page, method))

    async def _answer(self, scope: Scope, receive: Receive, send: Send, page: str, method: str) -> int:
        begun, said = time.perf_counter(), {"status": 0}
        scope.setdefault("state", {})
        most = MOST_BYTES.get(scope["path"], _MOST_ELSEWHERE)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                said["status"] = message["status"]
                message["headers"] = [*(one for one in message["headers"] if one[0] not in _OURS), *_HEADERS]
            await send(message)

        try:
            if _announced(scope) > most:
                await problem(413, TOO_LARGE, headers={"connection": "close"})(scope, receive, guarded)
                return said["status"]
            await self._app(scope, _limited(receive, most), guarded)
        except Exception as error:
            if said["status"]:
                raise
            await unforeseen(error)(scope, receive, guarded)
        finally:
            self._note(scope, page, method, said["status"], time.perf_counter() - begun)
        return said["status"]

    def _note(self, scope: Scope, page: str, method: str, status: int, seconds: float) -> None:
        self._served.metrics.answered(page, method, status, seconds)
        level = logging.DEBUG if page in _QUIET and status < 400 else logging.INFO
        if logging.getLogger(_LOG).isEnabledFor(level):
            via = {"via": scope["state"]["via"]} if "via" in scope["state"] else {}
            structlog.get_logger(_LOG).log(
                level, "answered", page=page, method=method, status=status, duration_ms=round(seconds * 1000, 1), **via
            )


_LOG: Final = "casedesk.api"
#: Probes ask every few seconds, and of transactions the log has a line for each group that was stored.
_QUIET: Final = frozenset({"other", "transactions"})
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


def _traced(scope: Scope) -> dict[str, str]:
    values = (value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent")
    return {"traceparent": next(values, "")}


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _limited(receive: Receive, most: int) -> Receive:
    read = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise HTTPException(413)
        return message

    return bounded
