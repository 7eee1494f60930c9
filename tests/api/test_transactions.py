"""`POST /api/v1/transactions` on the real server."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from math import fsum
from typing import Any

import httpx
import pytest

from casedesk.detection.kept_data import KeptData
from casedesk.services.api_keys import Scope
from tests.api.conftest import Client, Server

PATH = "/api/v1/transactions"


def item(name: str, minute: int = 0, **changed: Any) -> dict[str, Any]:
    return {
        "transaction_id": name, "booked_at": f"2026-07-01T09:{minute:02}:00Z", "to_account": f"K-{name[0]}/1",
        "amount": "9500.00", "currency": "USD", "channel": "CASH",
    } | changed  # fmt: skip


def test_a_list_is_stored_told_and_told_again_as_duplicates(client: Client, server: Server) -> None:
    feed = client("system", Scope.INGEST)
    first = feed.post(PATH, json=[item("a1"), item("a2")])
    assert first.status_code == 200
    said = first.json()
    assert (said["read"], said["stored"], said["duplicates"], said["rejected"]) == (2, 2, 0, 0)
    assert [(r["index"], r["transaction_id"], r["status"]) for r in said["results"]] == [
        (0, "a1", "stored"), (1, "a2", "stored"),
    ]  # fmt: skip
    assert [r["status"] for r in feed.post(PATH, json=item("a2")).json()["results"]] == ["duplicate"]
    event = server.desk.history("DESK")[-1]
    assert (event.user, event.data["via"].split(":")[0], event.data["duplicates"]) == ("system", "api", 1)


def test_one_bad_transaction_is_named_field_by_field_and_the_good_ones_are_stored(client: Client) -> None:
    feed = client("mia", Scope.INGEST)
    answer = feed.post(PATH, json=[item("b1"), item("b2", amount="9,500"), 7])
    said = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [(e["index"], e["field"], e["value"]) for e in said["errors"]] == [(1, "amount", "9,500"), (2, "row", '"7"')]
    assert all(e["reason"].endswith(".") for e in said["errors"])
    assert (said["stored"], [r["status"] for r in said["results"]]) == (1, ["stored", "rejected", "rejected"])
    atomic = feed.post(PATH, params={"atomic": True}, json=[item("b3"), item("b2", amount="9,500")])
    assert (atomic.status_code, atomic.json()["stored"]) == (422, 0)
    assert "nothing was stored" in atomic.json()["detail"]
    assert feed.post(PATH, json=item("b3")).json()["stored"] == 1


def test_who_waits_is_told_the_alerts_of_each_transaction_with_their_sentences(
    client: Client, server: Server, one_rule: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[int] = []
    load = KeptData._load
    monkeypatch.setattr(KeptData, "_load", lambda self, *rows: (loads.append(rows[0].num_rows), load(self, *rows)))
    server.desk.customer("K-c", accounts=["K-c/1"])
    feed = client("system", Scope.INGEST)
    items = [*(item(f"c{n}", n) for n in range(6)), item("d1", to_account="K-d/1", amount="1.00")]
    assert feed.post(PATH, json=items[:3]).json()["results"][0]["alerts"] is None
    said = feed.post(PATH, params={"wait": True}, json=items).json()
    last, quiet = said["results"][5], said["results"][6]
    structuring = next(alert for alert in last["alerts"] if alert["rule"] == "structuring")
    assert structuring["sentence"].startswith("6 cash deposits between 09:00 and 09:05 UTC")
    assert last["score"] == max(alert["severity"] for alert in last["alerts"])
    assert (last["band"], quiet["score"], quiet["band"], quiet["alerts"]) == (
        last["alerts"][0]["band"],
        0,
        "Minimal",
        [],
    )
    told = last["model"]
    assert (told["version"], told["why_not"]) == ("shipped", None)
    assert fsum([told["start"], told["others"], *(one["part"] for one in told["weights"])]) == pytest.approx(
        told["raw"]
    )
    alone = client("ann").get("/api/v1/scores/transactions/c5").json()
    for name in ("probability", "raw"):
        assert alone.pop(name) == pytest.approx(told[name], abs=1e-12)
    assert alone.items() >= {name: told[name] for name in ("band", "model_id", "version")}.items()
    followed = client("mia").get("/api/v1/alerts", params={"limit": 500}).json()
    assert {a["alert_id"] for a in last["alerts"]} <= {a["alert_id"] for a in followed["alerts"]}
    status = feed.get("/api/v1/ingestion/status").json()
    assert (status["unseen_batches"], status["runs"][0]["new_alerts"] >= 1) == (0, True)
    monkeypatch.setattr(server.app.state.served.desk().scorers, "_held", None)  # as in a process that just began
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for more in range(6, 9):
        again = feed.post(PATH, params={"wait": True}, json=item(f"c{more}", more)).json()["results"][0]
        assert again["alerts"][0]["sentence"].startswith(f"{more + 1} cash deposits")
        assert (again["model"]["probability"], "extra “model”" in again["model"]["why_not"]) == (None, True)
    assert len(loads) <= 1  # what is loaded stays, and what came since is added
    (case_id,) = {a["case_id"] for a in followed["alerts"] if a["alert_id"] == structuring["alert_id"]}
    server.advised()
    assert "advice_given" in server.desk.actions(case_id)


def test_without_a_key_that_opens_the_desk_nothing_is_read_and_nothing_stored(server: Server) -> None:
    before = server.desk.size()
    for headers in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer " + "ü"},
    ):
        answer = httpx.post(
            server.url + PATH, json=item("e1"), headers={k: v.encode() for k, v in headers.items()}, trust_env=False
        )
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert server.desk.size() == before


def test_a_key_of_another_scope_and_a_person_of_another_role_are_refused(client: Client) -> None:
    reads = client("mia", Scope.READ).post(PATH, json=item("f1"))
    assert (reads.status_code, "takes the scope ingest" in reads.json()["detail"]) == (403, True)
    assert client("system", Scope.INGEST).get("/api/v1/cases").status_code == 403
    status = client("ann", Scope.READ).get("/api/v1/ingestion/status")
    assert (status.status_code, "may not import transactions" in status.json()["detail"]) == (403, True)


def test_a_body_beyond_the_limit_is_refused_announced_or_not(client: Client, server: Server) -> None:
    feed, ann = client("system", Scope.INGEST), client("ann")
    before = server.desk.size()
    large = b" " * (16 * 1024 * 1024 + 1)

    def drop_by_drop() -> Iterator[bytes]:
        for start in range(0, len(large), 1024 * 1024):
            yield large[start : start + 1024 * 1024]

    assert feed.post(PATH, content=large).status_code == 413
    assert feed.post(PATH, content=drop_by_drop()).status_code == 413
    elsewhere = ann.post("/api/v1/cases/C-26-00001/note", content=b"{" + b" " * 2 * 1024 * 1024 + b"}")
    assert (elsewhere.status_code, elsewhere.json()["status"]) == (413, 413)
    assert server.desk.size() == before


def test_ten_thousand_at_once_are_taken_and_one_more_is_not(client: Client) -> None:
    feed = client("system", Scope.INGEST)
    items = [item(f"g{n}", n % 60, amount="1.00") for n in range(10_001)]
    refused = feed.post(PATH, json=items)
    assert (refused.status_code, "10,001" in refused.json()["detail"]) == (422, True)
    assert feed.post(PATH, content=json.dumps(items[:-1]).encode()).json()["stored"] == 10_000


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[", b"NaN", b"[1e400]", b'{"transaction_id": "\\ud800"}'])
def test_garbage_is_refused_with_a_sentence(client: Client, content: bytes) -> None:
    answer = client("system", Scope.INGEST).post(PATH, content=content)
    assert (answer.status_code, answer.json()["detail"][-1]) == (422, ".")
