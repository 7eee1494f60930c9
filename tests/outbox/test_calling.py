"""One call: signed so that anybody's library can check it, to no address that nobody named, and not for long."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from casedesk.domain.deliveries import Try
from casedesk.domain.webhooks import secret_of
from casedesk.outbox import calling, keys
from casedesk.outbox.calling import call
from casedesk.outbox.keys import NoWebhookKey
from casedesk.outbox.targets import ForbiddenTarget, Targets

AT = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
SECRET = secret_of(bytes(32), "W-0123456789AB")
HERE = Targets(demo=True)


@dataclass
class Receiver:
    """A server that notes what it is sent and answers with the statuses it was told to, one after the other."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(told.statuses.pop(0) if told.statuses else 204)
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}/hook?a=1"
    yield told
    server.shutdown()
    server.server_close()


def test_a_call_is_signed_over_id_time_and_body(receiver: Receiver) -> None:
    body = json.dumps({"sentence": "Straße “7”"}).encode()
    assert call(receiver.url, SECRET, "D-1", AT, body, HERE) == Try(204)
    ((headers, heard),) = receiver.heard
    assert (heard, headers["webhook-id"], headers["webhook-timestamp"]) == (body, "D-1", str(int(AT.timestamp())))
    signed = f"D-1.{int(AT.timestamp())}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET, signed, "sha256").digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_only_a_status_of_two_hundred_and_something_has_arrived_and_no_redirect_is_followed(receiver: Receiver) -> None:
    receiver.statuses += [500, 307, 200]
    came = [call(receiver.url, SECRET, "D-1", AT, b"{}", HERE) for _ in range(3)]
    assert [(one.status, one.arrived) for one in came] == [(500, False), (307, False), (200, True)]
    assert len(receiver.heard) == 3


def test_who_does_not_answer_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "_ALL", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        came = call(f"http://127.0.0.1:{silent.getsockname()[1]}/", SECRET, "D-1", AT, b"{}", HERE)
        assert (came.status, "broke off" in came.problem, time.monotonic() - began < 3) == (None, True, True)
        port = silent.getsockname()[1]
    assert "reached" in call(f"http://127.0.0.1:{port}/", SECRET, "D-1", AT, b"{}", HERE).problem


@pytest.mark.parametrize(
    ("address", "targets", "allowed"),
    [("8.8.8.8", Targets(), True), ("10.1.2.3", Targets(), False), ("127.0.0.1", Targets(), False), ("::1", Targets(), False),
     ("192.168.1.1", Targets(), False), ("100.64.0.1", Targets(), False), ("fd00::1", Targets(), False),
     ("::ffff:10.0.0.1", Targets(), False), ("169.254.169.254", Targets(), False), ("0.0.0.0", Targets(), False),
     ("224.0.0.1", Targets(), False), ("10.1.2.3", HERE, True), ("127.0.0.1", HERE, True), ("::1", HERE, True),
     ("169.254.169.254", HERE, False), ("fe80::1", HERE, False), ("10.1.2.3", Targets(("hook.bank.example",)), True),
     ("169.254.169.254", Targets(("hook.bank.example",)), False), ("10.1.2.3", Targets(("*.bank.example",)), True),
     ("8.8.8.8", Targets(("bank.example",)), False), ("8.8.8.8", Targets(("*.ank.example",)), False)],
)  # fmt: skip
def test_private_addresses_are_called_only_where_somebody_named_the_host(
    address: str, targets: Targets, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(family, socket.SOCK_STREAM, 6, "", (address, 443))])
    if allowed:
        assert targets.resolve("hook.bank.example", 443) == address
    else:
        with pytest.raises(ForbiddenTarget):
            targets.resolve("hook.bank.example", 443)
        assert "CASEDESK_WEBHOOK_HOSTS" in call("https://hook.bank.example/", SECRET, "D-1", AT, b"{}", targets).problem


def test_the_key_is_made_once_and_read_only_where_nobody_else_can(tmp_path: Path) -> None:
    path = tmp_path / "in" / "webhook.key"
    with pytest.raises(NoWebhookKey, match="cannot be read"):
        keys.load(path)
    key = keys.load_or_make(path)
    assert (len(key), keys.load_or_make(path), keys.load(path)) == (32, key, key)
    path.chmod(0o644)
    with pytest.raises(NoWebhookKey, match="chmod 600"):
        keys.load(path)
    path.chmod(0o600)
    path.write_text("nonsense")
    with pytest.raises(NoWebhookKey, match="no key of webhooks"):
        keys.load(path)
    with pytest.raises(NoWebhookKey, match="CASEDESK_WEBHOOK_KEY"):
        keys.load(None)
