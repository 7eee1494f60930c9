"""What is stored is loaded when the API starts, where somebody may wait for the rules, and not where nobody can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from structlog.testing import capture_logs

from casedesk.api import warming_up
from casedesk.api.state import Served
from casedesk.api.warming_up import begin_warming
from casedesk.domain.people import SYSTEM
from casedesk.services import api_keys, detecting, warming
from casedesk.services.api_keys import Scope
from casedesk.settings import load_settings
from tests.builders import TestDesk
from tests.services.test_incremental import burst

Start = Callable[..., Served]
RULES = [rule for rule in detecting.RULES if rule.name == "structuring"]


@pytest.fixture
def desk(burst_desk: TestDesk) -> TestDesk:
    return burst_desk


@pytest.fixture
def start(sqlite_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start what an API does at its start, with one rule, and wait for it."""
    monkeypatch.setattr(warming, "load", partial(warming.load, rules=RULES))
    started: list[Served] = []

    def begun(**settings: str) -> Served:
        told = {"CASEDESK_DATABASE_URL": sqlite_address, "CASEDESK_API_SCORING_PROCESS": "false", **settings}
        served = Served(load_settings(told))
        started.append(served)
        begin_warming(served).join(30)
        return served

    yield begun
    for served in started:
        served.close()


def run(desk: TestDesk, **more: object) -> str:
    return detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=datetime.now(UTC), base_currency="USD", rules=RULES,
        **more,  # type: ignore[arg-type]
    ).run_id  # fmt: skip


def key(desk: TestDesk, who: str = "system", *scopes: Scope, days: int = 1) -> str:
    created = api_keys.create(
        uow=desk.writing(), actor=SYSTEM, at=datetime.now(UTC), label="test", user_id=who,
        scopes=set(scopes or (Scope.INGEST,)), days=days,
    )  # fmt: skip
    return created.key.key_id


def test_who_posts_first_finds_everything_loaded(desk: TestDesk, start: Start) -> None:
    last = run(desk)
    key(desk)
    served = start()
    assert served.warm.found_by(last) is not None
    desk.book(burst("b", 300))
    loads: list[str] = []
    served.warm.forget = lambda: loads.append("anew")  # type: ignore[method-assign]  # it does so before it loads
    assert run(desk, warm=served.warm)
    assert loads == []
    del served.warm.forget


def test_nothing_is_loaded_where_nobody_can_wait(desk: TestDesk, start: Start) -> None:
    def loaded(**settings: str) -> bool:
        return start(**settings).warm._held is not None

    waiting = key(desk)
    assert not loaded()  # no run was stored: the first looks at everything
    run(desk)
    assert loaded()
    assert not loaded(CASEDESK_API_WARM="0")
    assert not loaded(CASEDESK_API_WARM=str(len(burst("a", 0)) - 1))
    assert loaded(CASEDESK_API_WARM=str(len(burst("a", 0))))
    api_keys.revoke(uow=desk.writing(), actor=SYSTEM, at=datetime.now(UTC), key_id=waiting, reason="over")
    assert not loaded()
    key(desk, "ann", Scope.READ, Scope.ACT)
    assert not loaded()


def test_the_process_that_scores_is_started_where_somebody_can_wait(desk: TestDesk, start: Start) -> None:
    def child(**settings: str) -> object:
        return start(CASEDESK_API_SCORING_PROCESS="true", **settings).scoring_beside._child

    run(desk)
    assert child() is None
    key(desk)
    assert child() is not None
    assert child(CASEDESK_API_WARM="0") is None
    assert start().scoring_beside._child is None


def test_a_key_that_is_over_has_nobody_wait(desk: TestDesk) -> None:
    key(desk, days=1)
    now = datetime.now(UTC)
    assert api_keys.may_wait(uow=desk.reading(), at=now)
    assert not api_keys.may_wait(uow=desk.reading(), at=now + timedelta(days=2))


def test_what_cannot_be_loaded_keeps_no_server_from_starting(
    desk: TestDesk, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise OSError("nothing to read")

    run(desk)
    key(desk)
    monkeypatch.setattr(warming_up.warming, "load", fails)
    with capture_logs() as said:
        assert start().warm._held is None
    assert [one["event"] for one in said] == ["api_not_warm"]
