"""What holds for every answer: headers, problems, limits, figures and logs that name nobody; and the document."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import checks

from casedesk.api.buckets import Buckets
from casedesk.domain.cases import Disposition
from casedesk.services import api_keys, queue
from casedesk.services.api_keys import Scope
from tests.api.conftest import Client, Server


def test_every_answer_keeps_browsers_out_and_is_a_problem_where_it_is_a_refusal(client: Client, server: Server) -> None:
    ann = client("ann")
    asked = [
        ann.get("/health"), ann.get("/api/v1/cases"), ann.get("/nowhere"), ann.delete("/health"), ann.get("/docs"),
        ann.get("/api/v1/cases/x"), ann.get("/api/v1/cases/C-26-99999"), httpx.get(f"{server.url}/api/v1/cases", trust_env=False),
        ann.get("/api/v1/cases", params={"statsu": "New"}), ann.get("/health", params={"": ""}),
        ann.options("/api/v1/cases", headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}),
    ]  # fmt: skip
    assert [answer.status_code for answer in asked] == [200, 200, 404, 405, 200, 422, 404, 401, 422, 422, 405]
    for answer in asked:
        assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert not [name for name in answer.headers if name.startswith("access-control")]
        if answer.status_code >= 400:
            said = answer.json()
            assert (answer.headers["content-type"], said["status"]) == ("application/problem+json", answer.status_code)
            assert re.fullmatch(r"[A-Z].{15,}\.", said["detail"], re.DOTALL)


def test_an_unforeseen_failure_gives_a_reference_and_nothing_of_what_failed(
    client: Client, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("Jane Roe paid 9,900")

    ann = client("ann")
    monkeypatch.setattr(queue, "list_page", broken)
    answer = ann.get("/api/v1/cases")
    said = answer.json()
    assert (answer.status_code, said["reference"] in said["detail"]) == (500, True)
    logged = capfd.readouterr().err
    assert said["reference"] in logged
    assert "ZeroDivisionError" in logged
    assert "Jane" not in logged + answer.text


def test_logs_and_figures_name_no_case_no_person_and_no_decision(
    client: Client, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    server.desk.customer("K-logs", "Jane Roe")
    case_id = server.desk.open("K-logs")
    server.desk.take("ann", case_id)
    server.desk.decide("ann", case_id, Disposition.SAR)
    max_ = client("max")
    version = max_.get(f"/api/v1/cases/{case_id}").json()["version"]
    assert max_.post(f"/api/v1/cases/{case_id}/approve", json={"version": version}).status_code == 200
    figures = httpx.get(f"{server.url}/metrics", trust_env=False).text
    logged = capfd.readouterr().err
    assert 'casedesk_requests_total{method="POST",page="case",status="200"}' in figures
    assert "page=case" in logged
    for secret in (case_id, "Jane", "K-logs", "approve", "SAR", "Awaiting", "max", "127.0.0.1"):
        assert secret not in figures.replace("process_max_fds", ""), secret
        assert secret not in logged, secret


def test_the_figures_count_what_was_sent_and_what_waits(client: Client, server: Server) -> None:
    def figure(name: str) -> float:
        lines = httpx.get(f"{server.url}/metrics", trust_env=False).text.splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0.0)

    stored = figure('casedesk_transactions_total{outcome="stored"}')
    server.desk.customer("K-figures")
    new = figure('casedesk_queue_cases{status="New"}')
    server.desk.open("K-figures")
    items = [{"transaction_id": f"fig-{n}", "booked_at": "2026-07-01T09:00:00Z", "to_account": "F", "amount": "1",
              "currency": "USD", "channel": "CASH"} for n in range(3)]  # fmt: skip
    client("system", Scope.INGEST).post("/api/v1/transactions", json=items)
    assert figure('casedesk_transactions_total{outcome="stored"}') == stored + 3
    assert figure('casedesk_queue_cases{status="New"}') == new + 1
    assert figure('casedesk_request_seconds_count{page="transactions"}') >= 1


def test_a_bucket_gives_its_tokens_back_with_time_and_each_key_has_its_own() -> None:
    now = [0.0]
    buckets = Buckets(4, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(4)] == [0.0] * 4
    assert buckets.take("a") == 0.25
    assert buckets.take("b") == 0.0
    now[0] = 0.25
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0
    now[0] = 1e6
    assert [buckets.take("a") > 0 for _ in range(5)] == [False] * 4 + [True]


def test_threads_that_share_a_bucket_get_no_token_twice() -> None:
    buckets = Buckets(100, clock=lambda: 0.0)
    got: list[float] = []
    threads = [threading.Thread(target=lambda: got.extend(buckets.take("a") for _ in range(50))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got.count(0.0) == 100


def test_a_key_that_asks_too_often_is_told_when_to_come_again(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.app.state.served, "buckets", Buckets(2))
    ann = client("ann")
    answers = [ann.get("/api/v1/cases") for _ in range(12)]
    late = [answer for answer in answers if answer.status_code == 429]
    assert late
    assert late[0].headers["retry-after"] == "1"
    assert "wait 1 s" in late[0].json()["detail"]
    assert client("ben").get("/api/v1/cases").status_code == 200


def test_the_page_of_the_document_names_every_address_and_loads_nothing_from_anywhere(server: Server) -> None:
    page = httpx.get(f"{server.url}/docs", trust_env=False).text
    document = httpx.get(f"{server.url}/api/v1/openapi.json", trust_env=False).json()
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            assert f"{method.upper()} {path.replace('{', '&#123;')}" in page or f"{method.upper()} {path}" in page
            assert said["summary"]
    assert not re.findall(r"(?:src|href)=\"(?!/api/v1/openapi.json)[^\"]*\"|<script|@import|url\(", page)
    assert json.dumps(document).count("HTTPValidationError") == 0


@pytest.mark.parametrize(
    "since", ["0.5", "1751360400", "2026-07-01T09:30:00", "2026-07-01", "0001-01-01T00:00:00+01:00", "x"]
)
def test_an_instant_is_written_with_its_day_and_its_zone(client: Client, since: str) -> None:
    answer = client("ann").get("/api/v1/alerts", params={"since": since})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "since")
    assert client("ann").get("/api/v1/alerts", params={"since": "2026-07-01T09:30:00+02:00"}).status_code == 200


#: No schema says that an id is not taken yet, that a currency has a rate on the day, that weights never rise, that a rule has this name,
#: that the desk may call an address, or what FinCEN's codes and answers are: what fits it may be refused all the same.
BEYOND_A_SCHEMA = {
    "/api/v1/transactions": [checks.positive_data_acceptance],
    "/api/v1/run-score": [checks.positive_data_acceptance],
    "/api/v1/webhooks": [checks.positive_data_acceptance],
    "/api/v1/cases/{case_id}/form": [checks.positive_data_acceptance],
    "/api/v1/filings/batches/{batch_id}/transmitted": [checks.positive_data_acceptance],
    "/api/v1/filings/acknowledgements": [checks.positive_data_acceptance],
}


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=str)
def test_whatever_the_document_allows_or_not_is_answered_as_it_says(
    server: Server, mode: schemathesis.GenerationMode, one_rule: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No 500, and no answer that is not described; with what fits the document, and with what does not."""
    monkeypatch.setattr(
        server.app.state.served, "wrong_keys", Buckets(100_000)
    )  # each address is tried with wrong keys, too
    server.desk.customer()
    server.desk.open()
    headers = {"Authorization": f"Bearer {server.key('mia', *Scope)}"}
    document = schemathesis.openapi.from_url(f"{server.url}/api/v1/openapi.json")
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) == 46

    for operation in operations:
        ask(operation, mode, headers)


def ask(operation: Any, mode: schemathesis.GenerationMode, headers: dict[str, str]) -> None:
    @settings(max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers, excluded_checks=BEYOND_A_SCHEMA.get(operation.path, []))

    with contextlib.suppress(Unsatisfiable):  # an address without parameters and body cannot be asked wrongly
        answered()


def test_that_a_key_was_used_is_noted_once_in_ten_minutes_and_is_no_event(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    mia, served = client("mia", Scope.READ), server.app.state.served
    size, begun = server.desk.size(), datetime.now(UTC)

    def used(minutes: int) -> datetime:
        monkeypatch.setattr(served, "_now", lambda: begun + timedelta(minutes=minutes))
        assert mia.get("/api/v1/cases").status_code == 200
        return max(api_keys.uses(uow=server.desk.reading(), actor=server.desk.people["mia"]).values())

    assert [used(minutes) - begun for minutes in (0, 9, 11)] == [timedelta(minutes=minutes) for minutes in (0, 0, 11)]
    assert server.desk.size() == size
    assert server.desk.verify().verdict.value == "VERIFIED"
