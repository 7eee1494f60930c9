"""`WebSocket /ws/alerts` on the real server: pushed within a second, resumed without a gap, hung up on with a reason."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from casedesk.api import live
from casedesk.domain.people import SYSTEM
from casedesk.services import api_keys
from casedesk.services.api_keys import Scope
from tests.api.conftest import Server
from tests.loops import finished


def listening(server: Server, key: str, after: str = "") -> ClientConnection:
    return connect(
        f"{server.url.replace('http', 'ws')}/ws/alerts?after={after}",
        additional_headers={"Authorization": f"Bearer {key}"}, proxy=None,
    )  # fmt: skip


def told(line: ClientConnection) -> dict[str, Any]:
    """Return the next message that tells of an alert."""
    while True:
        message: dict[str, Any] = json.loads(line.recv(timeout=5))
        if "alert" in message:
            return message


def opened(server: Server, customer: str) -> str:
    """Open a case, and return the id of its alert."""
    case_id = server.desk.open(customer)
    return str(server.desk.history(case_id)[-1].data["alert_id"])


def test_an_alert_is_pushed_within_a_second_and_a_broken_line_is_taken_up_where_it_broke(server: Server) -> None:
    server.desk.customer("K-live")
    opened(server, "K-live")
    key = server.key("ann", Scope.READ)
    with listening(server, key) as line:
        begin = json.loads(line.recv(timeout=5))
        assert begin["cursor"]
        sent = opened(server, "K-live")
        stored = time.monotonic()
        message = told(line)
        assert time.monotonic() - stored < 1
        assert (message["alert"]["alert_id"], message["cursor"]) == (sent, sent)
        assert message["alert"].keys() >= {"sentence", "band", "transaction_ids"}
        assert message["alert"].keys() & {"run_id", "parameters"} == set()
    missed = [opened(server, "K-live") for _ in range(3)]
    with listening(server, key, sent) as line:
        assert [told(line)["alert"]["alert_id"] for _ in missed] == missed
        assert told_again(line) == []


def told_again(line: ClientConnection) -> list[str]:
    """Return what comes within half a second more."""
    found = []
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        try:
            found.append(json.loads(line.recv(timeout=max(0.0, end - time.monotonic())))["alert"]["alert_id"])
        except (TimeoutError, KeyError):
            continue
    return found


def test_many_listeners_are_all_told_of_the_same_alerts_in_the_same_order(server: Server) -> None:
    server.desk.customer("K-many")
    key = server.key("ann", Scope.READ)
    address = f"{server.url.replace('http', 'ws')}/ws/alerts"

    async def listen(ready: asyncio.Semaphore) -> list[str]:
        async with connect_async(address, additional_headers={"Authorization": f"Bearer {key}"}, proxy=None) as line:
            await line.recv()
            ready.release()
            heard: list[str] = []
            while len(heard) < 2:
                message = json.loads(await asyncio.wait_for(line.recv(), 10))
                heard += [message["alert"]["alert_id"]] if "alert" in message else []
            return heard

    async def all_of_them() -> tuple[list[str], list[list[str]]]:
        ready = asyncio.Semaphore(0)
        tasks = [asyncio.create_task(listen(ready)) for _ in range(40)]
        for _ in tasks:
            await ready.acquire()
        sent = [await asyncio.to_thread(opened, server, "K-many") for _ in range(2)]
        return sent, await asyncio.gather(*tasks)

    sent, heard = finished(all_of_them())
    assert heard == [sent] * 40


@pytest.mark.parametrize(
    ("key", "after", "status"),
    [("", "", 401), ("casedesk_K-000000000000_" + "0" * 64, "", 401), ("system", "", 403), ("ann", "x", 422)],
)
def test_who_may_not_listen_is_refused_before_the_line_is_open(
    server: Server, key: str, after: str, status: int
) -> None:
    scope = Scope.INGEST if key == "system" else Scope.READ
    with (
        pytest.raises(InvalidStatus) as refused,
        listening(server, server.key(key, scope) if key.isalpha() else key, after),
    ):
        pass
    response = refused.value.response
    assert (response.status_code, json.loads(response.body or b"")["status"]) == (status, status)


def test_a_revoked_key_is_hung_up_on(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_BEAT", 0.3)
    key = server.key("ann", Scope.READ)
    with listening(server, key) as line:
        line.recv(timeout=5)
        api_keys.revoke(
            uow=server.desk.writing(), actor=SYSTEM, at=server.desk.at(), key_id=key.split("_")[1], reason="It leaked."
        )
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                line.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "was revoked" in closed.value.rcvd.reason) == (1008, True)


def test_a_client_that_does_not_take_its_messages_is_dropped(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_PATIENCE", 0.0)
    with listening(server, server.key("ann", Scope.READ)) as line, pytest.raises(ConnectionClosed) as closed:
        line.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


def test_one_listener_more_than_a_process_may_have_is_refused_and_told_where_to_go(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.app.state, "pulse", live.Pulse(2))
    key = server.key("ann", Scope.READ)
    with listening(server, key) as first, listening(server, key) as second:
        first.recv(timeout=5), second.recv(timeout=5)
        with pytest.raises(InvalidStatus) as refused:
            listening(server, key)
        assert refused.value.response.status_code == 503
        assert "2 programs listen to this process already" in json.loads(refused.value.response.body)["detail"]
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            with listening(server, key) as line:
                assert "cursor" in json.loads(line.recv(timeout=5))
                return
        except InvalidStatus:
            time.sleep(0.05)  # those who hung up are noticed a moment later
    raise AssertionError("a place that was given back stays taken")
