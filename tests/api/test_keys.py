"""Keys on the way in: a wrong one is counted by its address, and one that ended stores nothing, however lately it was right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from casedesk.api import callers
from casedesk.api.access import address_of
from casedesk.api.buckets import Buckets
from casedesk.api.callers import Callers
from casedesk.domain.people import SYSTEM
from casedesk.services import api_keys
from casedesk.services.api_keys import Scope
from tests.api.conftest import Client, Server
from tests.api.test_transactions import PATH, item

WRONG = f"casedesk_K-{'0' * 12}_{'0' * 64}"


def get(server: Server, key: str) -> httpx.Response:
    return httpx.get(
        f"{server.url}/api/v1/cases", headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30
    )


def test_after_some_wrong_keys_an_address_is_told_to_wait_whether_the_next_is_right_or_not(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(server.app.state.served, "wrong_keys", Buckets(0.5, lambda: now[0], size=4))
    known, fresh = server.key("ann"), server.key("ben")
    assert get(server, known).status_code == 200
    answers = [get(server, WRONG) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
    assert {answer.json()["detail"] for answer in answers[:4]} == {
        "No key of the desk is like this one; check that it was copied whole."
    }
    assert answers[-1].headers["retry-after"] == "2"
    assert "Too many wrong keys came from this address" in answers[-1].json()["detail"]
    assert get(server, fresh).status_code == 429, "a right key among guesses would tell"
    assert get(server, known).status_code == 200, "who was let in lately does not guess"
    now[0] = 2.0
    assert get(server, fresh).status_code == 200


def test_a_key_that_was_just_used_and_is_revoked_stores_nothing_more(server: Server, client: Client) -> None:
    feed = client("system", Scope.INGEST)
    assert feed.post(PATH, json=item("k1")).status_code == 200
    sent = feed.headers["authorization"].removeprefix("Bearer ")
    key_id = sent.split("_")[1]
    assert server.app.state.served.callers.fresh(sent) is not None
    api_keys.revoke(uow=server.desk.writing(), actor=SYSTEM, at=datetime.now(UTC), key_id=key_id, reason="lost")
    size = server.desk.size()
    for _ in range(2):
        answer = feed.post(PATH, json=item("k2"))
        assert (answer.status_code, "was revoked" in answer.json()["detail"]) == (401, True)
    assert server.desk.size() == size


def test_a_caller_is_fresh_for_seconds_and_known_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    known = Callers(lambda: now[0])
    monkeypatch.setattr(callers, "_MOST", 2)
    found: Any = object()

    known.let_in("a", found)
    assert (known.fresh("a"), known.fresh("b"), known.lately("b")) == (found, None, False)
    now[0] = 5.0
    assert (known.fresh("a"), known.lately("a")) == (None, True)
    now[0] = 600.0
    assert not known.lately("a")
    for key in "abc":
        known.let_in(key, found)
    known.forget("c")
    assert [known.lately(key) for key in "abc"] == [False, True, False]


@pytest.mark.parametrize(
    ("host", "counted"),
    [("10.0.0.7", "10.0.0.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
     ("testclient", "testclient")],
)  # fmt: skip
def test_wrong_keys_are_counted_by_address_and_of_ipv6_by_network(host: str, counted: str) -> None:
    assert address_of(Request({"type": "http", "client": (host, 1), "headers": []})) == counted
