"""A webhook from end to end: created over HTTP, called by the serving process with the alert, tried again, ended."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

import pytest

from casedesk.domain.webhooks import signature
from tests.api.conftest import Client, Server
from tests.outbox.test_calling import Receiver, receiver

__all__ = ["receiver"]


def test_an_alert_reaches_a_receiver_signed_at_the_second_try_under_the_same_id(
    server: Server, client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casedesk.domain.deliveries.FIRST_PAUSE", 0.1)
    mia = client("mia")
    made = mia.post("/api/v1/webhooks", json={"label": "Tickets", "url": receiver.url, "severity": 50})
    assert made.status_code == 200, made.text
    hook = made.json()
    receiver.statuses.append(503)
    server.desk.customer("K-hook")
    server.desk.alert("K-hook", severity=49)
    alert_id = server.desk.alert("K-hook", severity=50)
    end = time.monotonic() + 10
    while len(receiver.heard) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    (first, _), (second, body) = receiver.heard
    assert first["webhook-id"] == second["webhook-id"]
    at = datetime.fromtimestamp(int(second["webhook-timestamp"]), UTC)
    secret = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    assert second["webhook-signature"] == signature(secret, second["webhook-id"], at, body)
    said = json.loads(body)
    (seen,) = (
        a for a in mia.get("/api/v1/alerts", params={"limit": 500}).json()["alerts"] if a["alert_id"] == alert_id
    )
    assert (said["type"], said["data"] | {"raised_at": ""}) == ("alert.raised", _as_told(seen) | {"raised_at": ""})
    path = f"/api/v1/webhooks/{hook['hook_id']}"
    while (log := mia.get(f"{path}/deliveries").json())[0]["state"] != "delivered" and time.monotonic() < end:
        time.sleep(0.05)
    assert [(one["delivery_id"], one["alert_id"], one["state"], one["tries"], one["status"]) for one in log] == [
        (second["webhook-id"], alert_id, "delivered", 2, 204)
    ]
    assert "secret" not in mia.get("/api/v1/webhooks").text
    assert mia.post(f"{path}/disable", json={"reason": "done"}).status_code == 200
    assert mia.post(f"{path}/disable", json={"reason": "done"}).status_code == 409
    assert mia.get("/api/v1/webhooks").json()[0]["disabled_by"] == "mia"


def _as_told(seen: dict[str, object]) -> dict[str, object]:
    times = ("window_start", "window_end")
    return seen | {name: str(seen[name]).replace("Z", "+00:00") for name in times}


def test_only_managers_have_webhooks_and_none_to_where_the_desk_may_not_call(client: Client, server: Server) -> None:
    new = {"label": "x", "url": "https://tickets.bank.example/"}
    for who in ("ann", "queenie"):
        assert client(who).post("/api/v1/webhooks", json=new).status_code == 403
        assert client(who).get("/api/v1/webhooks").status_code == 403
    mia = client("mia")
    answer = mia.post("/api/v1/webhooks", json=new | {"url": "https://u:p@a.example/"})
    assert (answer.status_code, "password" in answer.json()["detail"]) == (422, True)
    assert mia.get("/api/v1/webhooks/W-000000000000/deliveries").status_code == 404
