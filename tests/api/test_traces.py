"""Traces that a collector gets over its own protocol, and what stands in them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from casedesk import traces
from casedesk.errors import Unavailable
from casedesk.services.api_keys import Scope
from casedesk.settings import BadSettings, load_settings
from tests.api.conftest import Client
from tests.api.test_transactions import PATH, item


@dataclass
class Collector:
    """A collector on loopback, and the spans that it got."""

    url: str = ""
    spans: list[dict[str, Any]] = field(default_factory=list)

    def settings(self, share: float = 1) -> Any:
        return load_settings({"CASEDESK_TRACES_URL": self.url, "CASEDESK_TRACES_SHARE": str(share)})

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"]
            for scope in resource.scope_spans:
                self.spans += [_span(one, service) for one in scope.spans]

    def of(self, name: str, number: int = 1) -> list[dict[str, Any]]:
        """Return the spans of a name once there are so many: an answer's ends when the caller may have it already."""
        end = time.monotonic() + 10
        while len(self._named(name)) < number and traces._provider is not None and time.monotonic() < end:
            traces._provider.force_flush()
            time.sleep(0.01)
        traces.close()
        return self._named(name)

    def _named(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.spans if one["name"] == name]


def _span(one: Any, service: str) -> dict[str, Any]:
    figures = {figure.key: figure.value.string_value or figure.value.int_value for figure in one.attributes}
    return {
        "name": one.name, "service": service, "trace": one.trace_id.hex(), "figures": figures, "events": len(one.events),
        "failed": one.status.message, "lasted": one.end_time_unix_nano - one.start_time_unix_nano,
    }  # fmt: skip


@pytest.fixture
def collector() -> Iterator[Collector]:
    kept = Collector()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            kept.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    yield kept
    traces.close()
    server.shutdown()
    server.server_close()


def test_an_answer_and_what_it_stored_are_told_by_page_and_counts_and_nothing_else(
    client: Client, collector: Collector
) -> None:
    feed = client("system", Scope.INGEST)
    traces.configure(collector.settings(), "api")
    sent = [item("a1"), item("a2"), item("a3", amount="much")]
    assert feed.post(PATH, params={"atomic": False}, json=sent).status_code == 422
    assert client("ann").get("/api/v1/cases/C-26-99999").status_code == 404
    answers = [one["figures"] for one in collector.of("answer", 2)]
    assert answers == [
        {"casedesk.page": "transactions", "casedesk.method": "POST", "casedesk.status": 422},
        {"casedesk.page": "case", "casedesk.method": "GET", "casedesk.status": 404},
    ]
    (stored,) = collector.of("store")
    assert stored["figures"] == {
        "casedesk.callers": 1, "casedesk.stored": 2, "casedesk.duplicates": 0, "casedesk.rejected": 1,
    }  # fmt: skip
    assert (stored["service"], stored["lasted"] > 0) == ("casedesk-api", True)
    assert {one["name"] for one in collector.spans} == {"answer", "store"}  # no library speaks beside the desk


def test_a_callers_trace_goes_on_here_and_one_that_is_not_sampled_is_not_sent(
    client: Client, collector: Collector
) -> None:
    ann = client("ann")
    traces.configure(collector.settings(share=0), "api")
    for sampled in ("01", "00"):
        ann.get("/health", headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-{sampled}"})
    ann.get("/health")
    assert [one["trace"] for one in collector.of("answer")] == ["ab" * 16]


def test_a_failure_is_told_by_its_type_and_never_by_what_it_says(collector: Collector) -> None:
    traces.configure(collector.settings(), "stream")
    with pytest.raises(ValueError, match="Mrs Doe"), traces.span("store", messages=3):
        raise ValueError("Mrs Doe of 4 Elm Street")
    (told,) = collector.of("store")
    assert (told["failed"], told["events"], told["figures"]) == ("ValueError", 0, {"casedesk.messages": 3})


def test_a_span_says_nothing_that_is_not_listed(collector: Collector) -> None:
    traces.configure(collector.settings(), "api")
    with traces.span("store") as spanned:
        with pytest.raises(ValueError, match=r"No span may say customer; traces.FIGURES"):
            spanned.note(customer="Mrs Doe")
        spanned.note(page="sar_filings")
    assert collector.of("store")[0]["figures"] == {"casedesk.page": "withheld"}


def test_without_a_collector_nothing_is_sent_and_one_that_is_away_costs_nothing_else(client: Client) -> None:
    with traces.sending(load_settings({}), "api"):
        assert client("ann").get("/health").status_code == 200
    with traces.sending(load_settings({"CASEDESK_TRACES_URL": "http://127.0.0.1:9"}), "api"):
        assert client("ann").get("/health").status_code == 200


def test_a_wrong_address_and_a_missing_extra_are_refused_with_a_sentence(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadSettings, match="CASEDESK_TRACES_URL"):
        load_settings({"CASEDESK_TRACES_URL": "localhost:4318"})
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(Unavailable, match=r"without the extra “traces”; install it, or unset CASEDESK_TRACES_URL\.$"):
        traces.configure(collector.settings(), "api")
