"""What nobody waits for gives way to callers who wait, and to those who were just answered; but not for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from casedesk.api import waiting
from casedesk.api.waited import Waited
from casedesk.domain.people import SYSTEM
from casedesk.services import following
from casedesk.services.api_keys import Scope
from tests.api.conftest import Client, Server


def seconds_of(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def test_where_nobody_ever_waited_it_is_free_at_once() -> None:
    assert seconds_of(lambda: Waited(moment=30).until_free(30)) < 5


def test_while_callers_wait_and_for_a_moment_after_it_is_not_free() -> None:
    waited, go_on = Waited(moment=0.3), threading.Event()

    def group() -> None:
        with waited.under_way():
            assert go_on.wait(10)

    groups = [threading.Thread(target=group) for _ in range(2)]
    for one in groups:
        one.start()
    assert seconds_of(lambda: waited.until_free(0.2)) >= 0.2
    threading.Timer(0.2, go_on.set).start()
    assert 0.5 <= seconds_of(lambda: waited.until_free(30)) < 10
    for one in groups:
        one.join()
    assert seconds_of(lambda: waited.until_free(30)) < 0.2


def test_a_group_that_fails_is_over() -> None:
    waited = Waited(moment=0)
    with pytest.raises(ZeroDivisionError), waited.under_way():
        raise ZeroDivisionError
    assert seconds_of(lambda: waited.until_free(30)) < 5


def test_advice_after_a_post_makes_room_for_callers(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    served, asked = server.app.state.served, list[float]()
    monkeypatch.setattr(served.waited, "until_free", asked.append)
    monkeypatch.setattr(
        "casedesk.api.state.follow", lambda *, between, **_: [between(seconds) for seconds in (0.001, 0.002)]
    )
    served._follow()
    assert asked == [pytest.approx(following._WAITS * seconds) for seconds in (0.001, 0.002)]


def test_callers_who_wait_are_such_until_they_are_answered(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited, free, run = server.app.state.served.waited, list[bool](), waiting._run

    def looked_upon(call: Any) -> None:
        free.append(seconds_of(lambda: waited.until_free(0.01)) < 0.01)
        run(call)

    monkeypatch.setattr(waiting, "_run", looked_upon)
    row = {
        "transaction_id": "W-1", "booked_at": "2026-07-01T09:30:00Z", "from_account": "1/A", "to_account": "1/B", "amount": "10.00",
        "currency": "USD", "channel": "WIRE",
    }  # fmt: skip
    answer = client(SYSTEM.user_id, Scope.INGEST).post("/api/v1/transactions?wait=true", json=row)
    assert (answer.status_code, free) == (200, [False])
    assert seconds_of(lambda: waited.until_free(30)) < 10
