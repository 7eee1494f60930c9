"""A transport that reads only so much: the endpoint decides what it sends, and this decides what is taken."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import httpx2

#: Bytes of a response. An answer of the allowed length is a hundredth of it.
MOST: Final = 256 * 1024


class TooMuch(httpx2.ReadError):
    """The response is larger, slower or otherwise packed than an answer can be."""


class Bounded(httpx2.BaseTransport):
    """Passes requests on, and stops reading at a size or a moment."""

    def __init__(self, inner: httpx2.BaseTransport, *, until: float, most: int = MOST) -> None:
        """:param until: by the monotonic clock."""  # fmt: skip
        self._inner, self._until, self._most = inner, until, most
        self._socket: socket.socket | None = None

    def abort(self) -> None:
        """Shut the connection, from another thread, while this one waits for bytes."""
        with suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)

    def _noted(self, what: str, info: dict[str, Any]) -> None:
        if what in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions = {**request.extensions, "trace": self._noted}
        request.headers["accept-encoding"] = "identity"  # a small response may unpack to gigabytes
        response = self._inner.handle_request(request)
        stream = response.stream
        if not isinstance(stream, httpx2.SyncByteStream) or "content-encoding" in response.headers:
            response.close()
            raise TooMuch("the response is packed", request=request)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Counted(stream, request, self._until, self._most),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._inner.close()


class _Counted(httpx2.SyncByteStream):
    def __init__(self, inner: httpx2.SyncByteStream, request: httpx2.Request, until: float, most: int) -> None:
        self._inner, self._request, self._until, self._left = inner, request, until, most

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            self._left -= len(chunk)
            if self._left < 0 or time.monotonic() > self._until:
                raise TooMuch("the response is too large or too slow", request=self._request)
            yield chunk

    def close(self) -> None:
        self._inner.close()
