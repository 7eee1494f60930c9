"""The thread that runs the rules, step by step, without a broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson
import pytest

from casedesk.bootstrap import Desk
from casedesk.domain.people import SYSTEM
from casedesk.services import detecting, warming
from casedesk.services import warm as warm_module
from casedesk.services.following import make_room
from casedesk.services.warm import Warm
from casedesk.stream.announcing import Announcing
from casedesk.stream.looking import Looking
from casedesk.stream.messages import Message
from casedesk.stream.storing import Storing


@pytest.mark.parametrize("noticed", ["before it ran", "after it ran", "by another worker"])
def test_an_alert_says_how_long_it_took_even_where_the_run_came_before_the_notice(
    desk: Desk, sent: list[tuple[bytes, bytes]], noticed: str
) -> None:
    told: list[dict[str, Any]] = []

    def tell(alerts: Sequence[tuple[bytes, bytes]]) -> None:
        told.extend(orjson.loads(value) for _, value in alerts)

    announcing = Announcing(desk, SYSTEM, "test", tell)
    announcing.begin()
    looking = Looking(desk, SYSTEM, announcing)
    received = time.monotonic() - 5

    if noticed != "by another worker":
        looking.expect(received)
    Storing(desk, SYSTEM, "test", largest=100_000).store([Message("t", 0, n, *one) for n, one in enumerate(sent)])
    if noticed == "before it ran":
        looking.notice(received)
    assert looking.look(None)  # as it looks when it is idle
    looking.forget()
    assert told
    if noticed == "by another worker":  # nobody here knows when that came
        assert {one["took_ms"] for one in told} == {None}
    else:
        assert min(one["took_ms"] for one in told) >= 5_000


def test_while_storing_is_behind_the_rules_pause_for_as_long_as_they_ran(desk: Desk) -> None:
    begun: list[float] = []

    class Runs(Looking):
        def look(self, since: float | None) -> bool:
            begun.append(time.monotonic())
            time.sleep(0.2)
            if len(begun) < 6:
                self.notice(time.monotonic())
            return True

    looking = Runs(desk, SYSTEM, Announcing(desk, SYSTEM, "test", print))
    looking.give_way_while(lambda: len(begun) < 3)
    looking.notice(time.monotonic())
    looking.start()
    while len(begun) < 6:
        time.sleep(0.01)
    assert looking.finish(5)
    gaps = [later - earlier for earlier, later in pairwise(begun)]
    assert min(gaps[:2]) >= 0.4
    assert min(gaps[2:5]) < 0.4


def test_the_first_run_after_a_start_need_not_load_what_was_stored_before(
    desk: Desk, sent: list[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    storing = Storing(desk, SYSTEM, "test", largest=100_000)

    def ran(messages: list[tuple[bytes, bytes]], warm: Warm) -> str:
        storing.store([Message("t", 0, n, *one) for n, one in enumerate(messages)])
        return detecting.detect(
            look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=datetime.now(UTC), base_currency="USD", warm=warm
        ).since

    started, rules = Warm(), [rule for rule in detecting.RULES if rule.name == "structuring"]  # as in these tests' runs
    ran(sent[:-9], Warm())
    warming.load(look=desk.reading(), actor=SYSTEM, base_currency="USD", warm=started, rules=rules)
    monkeypatch.setattr(warm_module, "everything", None)
    assert ran(sent[-9:], started)
    started.forget()


def test_advice_waits_for_a_run_that_is_under_way_but_not_for_ever(desk: Desk) -> None:
    under_way, goes_on = threading.Event(), threading.Event()

    class Runs(Looking):
        def _detect(self) -> None:
            under_way.set()
            assert goes_on.wait(10)

    looking = Runs(desk, SYSTEM, Announcing(desk, SYSTEM, "test", lambda _: None))
    looking.notice(time.monotonic())
    looking.start()
    assert under_way.wait(10)
    begun = time.monotonic()
    make_room(0.01, looking._until_free)
    assert 0.2 <= time.monotonic() - begun < 5
    threading.Timer(0.2, goes_on.set).start()
    begun = time.monotonic()
    make_room(1, looking._until_free)  # twenty seconds, were it not that the run ends
    assert time.monotonic() - begun < 4
    assert looking.finish(10)
