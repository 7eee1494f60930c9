"""Figures for Prometheus: all that is promised, of closed lists of labels, and nobody's name."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import websockets.sync.client
from prometheus_client.parser import text_string_to_metric_families

from casedesk.api.metrics import Metrics
from casedesk.services.api_keys import Scope
from casedesk.services.detecting import RULES
from casedesk.services.operations import Delays
from casedesk.stream.figures import Figures
from tests.api.conftest import Client, Server

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "operations.md"
CLOSED = {
    "page": {"transactions", "alerts", "cases", "ingestion", "case", "other"},
    "method": {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"},
    "way": {"api", "kafka", "file"},
    "rule": {rule.name for rule in RULES} | {"other"},
    "what": {"import", "run"},
    "status": {"New", "In Review"},
}


def values(client: Client) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(client("mia", Scope.READ).get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def cash(n: int) -> dict[str, str]:
    return {
        "transaction_id": f"M-{n}", "booked_at": f"2026-07-01T09:0{n}:00Z", "from_account": "",
        "to_account": "K-7/1", "amount": "9500.00", "currency": "USD", "channel": "CASH",
    }  # fmt: skip


@pytest.mark.usefixtures("one_rule")
def test_what_comes_in_is_told_by_way_outcome_and_rule_and_an_alert_by_its_delay(
    server: Server, client: Client
) -> None:
    server.desk.customer("K-7", "Mallory Quux", ["K-7/1"])
    before = values(client)
    assert before["casedesk_receipt_to_alert_seconds_count"] == {(): 0}
    sender = client("mia", Scope.INGEST)
    began = time.monotonic()
    answer = sender.post("/api/v1/transactions?wait=true", json=[cash(n) for n in range(9)])
    took = time.monotonic() - began
    assert answer.status_code == 200
    assert sum(len(one["alerts"]) for one in answer.json()["results"]) >= 1
    server.advised()
    server.app.state.served.scraping._read_at = 0.0  # a minute has gone by
    address = server.url.replace("http", "ws") + "/ws/alerts"
    headers = {"Authorization": f"Bearer {server.key('mia', Scope.READ)}"}
    with websockets.sync.client.connect(address, additional_headers=headers) as socket:
        assert "cursor" in json.loads(socket.recv(5))
        after = values(client)
    assert after["casedesk_rows"][("outcome", "stored"), ("way", "api")] == 9
    assert after["casedesk_transactions_total"][(("outcome", "stored"),)] == 9
    assert after["casedesk_alerts"] == {(("rule", "structuring"),): 1}
    assert (after["casedesk_runs"], after["casedesk_unseen_rows"]) == ({(): 1}, {(): 0})
    assert after["casedesk_run_seconds_count"] == {(): 1}
    assert after["casedesk_commit_seconds_count"][()] >= 2
    assert after["casedesk_receipt_to_alert_seconds_count"] == {(): 1}
    assert 0 < after["casedesk_receipt_to_alert_seconds_sum"][()] <= took
    assert after["casedesk_ledger_events"][()] == server.desk.size()
    assert after["casedesk_listeners"] == {(): 1}
    assert after["casedesk_queue_cases"] == {(("status", "New"),): 1}
    text = client("mia", Scope.READ).get("/metrics").text
    assert not re.search(r"Mallory|Quux|K-7|mia|\bsar\b|C-26|suspic", text, re.IGNORECASE)


def test_every_label_has_a_closed_list_of_values(server: Server, client: Client) -> None:
    for path in ("/wp-login.php", "/api/v1/cases/C-26-00001", "/api/v1/nobody"):
        client("mia", Scope.READ).request("BREW", path)
    seen = {(name, value) for samples in values(client).values() for labels in samples for name, value in labels}
    unknown = {(name, value) for name, value in seen if name in CLOSED and value not in CLOSED[name]}
    status = {value for name, value in seen if name == "status" and value.isdecimal()}
    assert unknown - {("status", value) for value in status} == set()
    assert {name for name, _ in seen} <= {*CLOSED, "le", "outcome"}


def test_the_guide_names_every_figure_and_no_other() -> None:
    told = set(re.findall(r"^\| `([a-z_]+)` \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    registries = Metrics().registry, Figures().registry
    made = {f"{f.name}_total" if f.type == "counter" else f.name for one in registries for f in one.collect()}
    assert told == {name for name in made if not name.startswith("process_")}


def test_a_percentile_is_one_of_the_delays() -> None:
    some = Delays(tuple(float(n) for n in range(1, 11)), 12, 0)
    assert [some.percentile(percent) for percent in (50, 90, 95, 100)] == [5, 9, 10, 10]
    assert Delays((), 3, 0).percentile(50) is None
