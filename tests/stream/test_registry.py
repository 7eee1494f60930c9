"""Messages that a schema registry explains, with a registry on loopback that knows three schemas."""

from __future__ import annotations

import io
import json
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import fastavro
import orjson
import pytest

from casedesk.bootstrap import Desk
from casedesk.domain.people import SYSTEM
from casedesk.stream.decoding import Unreadable
from casedesk.stream.messages import Message
from casedesk.stream.registry import NoRegistry, by_registry
from casedesk.stream.storing import Storing
from tests.stream.desks import outcome

AVRO = {
    "type": "record", "name": "Transaction", "fields": [
        {"name": "transaction_id", "type": "string"},
        {"name": "booked_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "to_account", "type": ["null", "string"], "default": None},
        {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}},
        {"name": "currency", "type": "string"}, {"name": "channel", "type": "string"},
    ],
}  # fmt: skip
SCHEMA = {
    "type": "object", "required": ["transaction_id", "amount"], "properties": {"amount": {"type": "string"}},
}  # fmt: skip
KNOWN = {1: ("AVRO", json.dumps(AVRO)), 2: ("JSON", json.dumps(SCHEMA)), 3: ("PROTOBUF", 'syntax = "proto3";')}
BOOKED = datetime(2026, 6, 1, 9, 0, 0, 250_000, tzinfo=UTC)


class Registry(BaseHTTPRequestHandler):
    """Answers GET /schemas/ids/N; 50 is a registry that is out of order."""

    def do_GET(self) -> None:
        number = int(self.path.partition("?")[0].rpartition("/")[2]) if "/schemas/ids/" in self.path else 0
        status, told = (
            (500, {"error_code": 50001, "message": "down"})
            if number == 50
            else (404, {"error_code": 40403, "message": "no"})
        )
        if number in KNOWN:
            status, told = 200, {"schemaType": KNOWN[number][0], "schema": KNOWN[number][1]}
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def avro(**changed: Any) -> bytes:
    row = {"transaction_id": "V-1", "booked_at": BOOKED, "to_account": "10-00001-1", "amount": Decimal("12.50"),
           "currency": "USD", "channel": "CASH"}  # fmt: skip
    written = io.BytesIO()
    fastavro.schemaless_writer(written, fastavro.parse_schema(AVRO), row | changed)
    return struct.pack(">xI", 1) + written.getvalue()


def test_avro_json_with_a_schema_and_plain_json_are_stored_alike(desk: Desk, registry: str) -> None:
    storing = Storing(desk, SYSTEM, "test", largest=10_000, decode=by_registry(registry, "tx"))
    plain = {"transaction_id": "V-1", "booked_at": "2026-06-01T09:00:00.25Z", "to_account": "10-00001-1", "amount": "12.50",
             "currency": "USD", "channel": "CASH"}  # fmt: skip
    told = [avro(), struct.pack(">xI", 2) + orjson.dumps(plain), orjson.dumps(plain)]
    kept = storing.store([Message("tx", 0, n, None, value) for n, value in enumerate(told)])
    assert (kept.stored, kept.duplicates, kept.letters) == (1, 2, ())
    with desk.reading() as uow:
        stored = uow.transactions.get_many(["V-1"])[0]
    assert (stored.booked_at, stored.amount.minor, stored.to_account) == (BOOKED, 1250, "10-00001-1")
    assert outcome(desk).transactions == {"V-1"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (struct.pack(">xI", 99) + b"x", "knows no schema 99"),
        (struct.pack(">xI", 3) + b"x", "of the kind PROTOBUF"),
        (struct.pack(">xI", 1) + b"\x02", "is not as its schema 1 says"),
        (struct.pack(">xI", 2) + b'{"transaction_id": "V-2"}', "is not as its schema 2 says"),
        (b"\0\0\0", "ends within the number"),
    ],
)
def test_what_its_schema_does_not_explain_is_poison(registry: str, value: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        by_registry(registry, "tx")(value)


def test_a_registry_that_is_down_is_waited_for_and_makes_no_poison(
    registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # its client tries again by itself, with pauses
    with pytest.raises(NoRegistry, match="answers with 500"):
        by_registry(registry, "tx")(struct.pack(">xI", 50) + b"x")
    with pytest.raises(NoRegistry, match="does not answer"):
        by_registry("http://127.0.0.1:9", "tx")(avro())
