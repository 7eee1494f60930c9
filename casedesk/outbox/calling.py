"""One call of a webhook: signed, to an address that was looked at, without redirects, and not for long."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import casedesk
from casedesk.domain.deliveries import Try
from casedesk.domain.webhooks import signature
from casedesk.outbox.targets import ForbiddenTarget, Targets

#: Seconds for a step of the call, and for all of it.
_STEP: Final = 5.0
_ALL: Final = 15.0


def call(url: str, secret: bytes, delivery_id: str, at: datetime, body: bytes, targets: Targets) -> Try:
    """Call a webhook once, and return what came of it. Nothing of what it answers is kept but the status.

    The headers are those of Standard Webhooks: ``webhook-id``, ``webhook-timestamp``, ``webhook-signature``.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    headers = {
        "content-type": "application/json", "user-agent": f"casedesk/{casedesk.__version__}", "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature(secret, delivery_id, at, body),
        "connection": "close",
    }  # fmt: skip
    try:
        connection = _connected(host, port, targets, secure=secure)
    except ForbiddenTarget as refusal:
        return Try(None, str(refusal))
    except (OSError, ValueError) as error:
        return Try(None, f"Nobody could be reached ({type(error).__name__}).")
    enough = threading.Timer(_ALL, _hang_up, [connection])
    enough.daemon = True
    enough.start()
    try:
        connection.request("POST", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return Try(None, f"The call broke off ({type(error).__name__}).")
    finally:
        enough.cancel()
        connection.close()
    return Try(status, "" if 200 <= status < 300 else f"It was answered with the status {status}.")


def _connected(host: str, port: int, targets: Targets, *, secure: bool) -> http.client.HTTPConnection:
    """Connect to an address that may be called, under the host's own name."""
    line = socket.create_connection((targets.resolve(host, port), port), _STEP)
    try:
        if secure:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=host)
    except BaseException:
        line.close()
        raise
    default = 443 if secure else 80
    connection = http.client.HTTPConnection(host, None if port == default else port)
    connection.sock = line
    return connection


def _hang_up(connection: http.client.HTTPConnection) -> None:
    line = connection.sock
    if line is not None:
        with contextlib.suppress(OSError):  # it is over already
            line.shutdown(socket.SHUT_RDWR)
