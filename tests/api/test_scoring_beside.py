"""Scores by a process beside: the same as within, and neither its end nor its start keeps anybody from a score."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from casedesk.api import scoring_beside, waiting
from casedesk.api.access import Call
from casedesk.api.payment_scores import said_together
from casedesk.api.scoring_beside import Asked, ScoringBeside
from casedesk.api.state import Served
from casedesk.bootstrap import open_desk
from casedesk.domain.people import SYSTEM
from casedesk.services import api_keys, detecting
from casedesk.services.api_keys import Scope
from casedesk.settings import Settings, load_settings
from tests.builders import TestDesk
from tests.services.test_incremental import burst

#: Starts it, says its process's id, and is killed.
_STARTER: Final = """
import os, signal, sys
from casedesk.api import scoring_beside
from casedesk.settings import load_settings
scoring_beside.AFTER = 1
beside = scoring_beside.ScoringBeside(load_settings({"CASEDESK_DATABASE_URL": sys.argv[1]}))
beside.scored(None)
print(beside._child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

#: Is one that prints something else before each answer, as a library may.
_CHATTERING: Final = """
from casedesk.api import scoring_process
answer = scoring_process._answer
scoring_process._answer = lambda *asked: (print("1 of 2 done", flush=True), answer(*asked))[1]
scoring_process.main()
"""


@pytest.fixture
def settings(burst_desk: TestDesk) -> Settings:
    address = burst_desk.engine.url.render_as_string(hide_password=False)
    return load_settings({"CASEDESK_DATABASE_URL": address, "CASEDESK_LLM_PRICE_IN": "2.50"})


@pytest.fixture
def beside(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScoringBeside]:
    monkeypatch.setattr(scoring_beside, "AFTER", 2)
    opened = ScoringBeside(settings)
    yield opened
    opened.close()


def asked(*more: str) -> Asked:
    ids = [move.transaction_id for move in burst("a", 0)]
    return Asked(actor=SYSTEM, at=datetime.now(UTC), transaction_ids=[*ids, *more])


def until(found: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Say whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_says_to_the_last_digit_what_the_process_itself_would(beside: ScoringBeside, settings: Settings) -> None:
    desk, question = open_desk(settings), asked("not stored")
    within = said_together(desk, question)
    desk.close()
    assert {one["why_not"] for one in within.values()} == {None}
    assert beside.scored(question) is None
    assert beside._child is None  # one group alone is not worth its start
    assert beside.scored(question) is None
    until(lambda: beside._ready)
    assert beside.scored(question) == within
    assert "not stored" not in within


def test_it_is_begun_once_and_not_after_the_end(beside: ScoringBeside) -> None:
    beside.begin()
    begun = beside._child
    assert begun is not None
    beside.begin()
    assert beside._child is begun
    beside.close()
    beside.begin()
    assert beside._child is None


def test_one_that_is_killed_is_started_again_and_nobody_waits_for_that(
    beside: ScoringBeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_beside, "_TRIES", 1)  # it counts those that never were ready
    for _ in range(2):
        while beside.scored(asked()) is None:
            time.sleep(0.02)
        assert beside._child is not None
        killed = beside._child
        os.kill(killed.pid, signal.SIGKILL)
        assert beside.scored(asked()) is None
        assert (killed.returncode, beside._child) == (-signal.SIGKILL, None)
        assert beside.scored(asked()) is None
        assert beside._child is None  # something that kills each of them kills few


def test_one_that_does_not_answer_is_given_up(beside: ScoringBeside, monkeypatch: pytest.MonkeyPatch) -> None:
    until(lambda: beside.scored(asked()) is not None)
    monkeypatch.setattr(scoring_beside, "LONGEST", 0.2)
    assert beside._child is not None
    stopped = beside._child
    os.kill(stopped.pid, signal.SIGSTOP)
    assert beside.scored(asked()) is None
    assert stopped.returncode == -signal.SIGKILL
    monkeypatch.undo()
    until(lambda: beside.scored(asked()) is not None)


def test_it_fails_for_one_question_and_answers_the_next(beside: ScoringBeside) -> None:
    class Garbled(Asked):
        def model_dump_json(self, **_: object) -> str:
            return "no question"

    until(lambda: beside.scored(asked()) is not None)
    child = beside._child
    assert beside.scored(Garbled(**dict(asked()))) is None
    again = beside.scored(asked())
    assert again is not None
    assert {one["why_not"] for one in again.values()} == {None}
    assert beside._child is child


def test_what_else_is_printed_there_is_no_answer(beside: ScoringBeside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_beside, "_COMMAND", (sys.executable, "-c", _CHATTERING))
    until(lambda: beside.scored(asked()) is not None)
    for _ in range(2):
        found = beside.scored(asked())
        assert found is not None
        assert sorted(found) == sorted(asked().transaction_ids)


def test_one_that_never_gets_ready_is_not_started_for_ever(
    beside: ScoringBeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_beside, "_COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    started: list[subprocess.Popen[bytes]] = []

    def tried() -> bool:
        assert beside.scored(asked()) is None
        if beside._child is not None and beside._child not in started:
            started.append(beside._child)
        return not beside._wanted

    until(tried)
    assert [child.returncode for child in started] == [3, 3, 3]
    assert beside.scored(asked()) is None
    assert beside._child is None


def test_one_that_neither_gets_ready_nor_ends_is_ended(beside: ScoringBeside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_beside, "LONGEST", 0.2)
    monkeypatch.setattr(scoring_beside, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(600)"))
    beside.begin()
    begun = beside._child
    assert begun is not None
    until(lambda: begun.poll() is not None, seconds=20)
    assert beside.scored(asked()) is None
    assert (beside._child, beside._vain) == (None, 1)


def test_where_it_cannot_be_started_at_all_everything_is_scored_within(
    beside: ScoringBeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_beside, "_COMMAND", ("/nowhere/to/be/found",))
    assert [beside.scored(asked()) for _ in range(7)] == [None] * 7
    assert (beside._child, beside._wanted) == (None, False)


def test_it_ends_with_the_desk(beside: ScoringBeside) -> None:
    until(lambda: beside.scored(asked()) is not None)
    assert beside._child is not None
    child = beside._child
    beside.close()
    assert child.returncode == 0
    assert [beside.scored(asked()) for _ in range(3)] == [None] * 3
    assert beside._child is None


def test_one_that_is_not_ready_ends_with_the_desk_at_once(beside: ScoringBeside) -> None:
    until(lambda: beside.scored(asked()) is not None or beside._child is not None)
    assert beside._child is not None
    child, ready = beside._child, beside._ready
    beside.close()
    assert (child.returncode, ready) == (-signal.SIGKILL, False)


@pytest.mark.skipif(not Path("/proc").exists(), reason="tells whether a process runs by /proc")
def test_it_does_not_outlive_a_desk_that_is_killed(settings: Settings) -> None:
    starter = subprocess.run(
        [sys.executable, "-c", _STARTER, settings.database_url], stdout=subprocess.PIPE, check=False
    )  # our own
    assert starter.returncode == -signal.SIGKILL
    until(lambda: not alive(int(starter.stdout)))


def test_it_is_not_there_where_it_is_switched_off(sqlite_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_beside, "AFTER", 0)
    beside = ScoringBeside(
        load_settings({"CASEDESK_DATABASE_URL": sqlite_address, "CASEDESK_API_SCORING_PROCESS": "false"})
    )
    assert beside.scored(asked()) is None
    assert beside._child is None


def test_who_waits_is_told_the_same_before_it_is_there_and_after(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [rule for rule in detecting.RULES if rule.name == "structuring"]
    monkeypatch.setattr(detecting, "detect", partial(detecting.detect, rules=rules))
    monkeypatch.setattr(scoring_beside, "AFTER", 1)
    within: list[Asked] = []
    said = waiting.said_together
    monkeypatch.setattr(waiting, "said_together", lambda desk, asked: (within.append(asked), said(desk, asked))[1])
    served = Served(settings)
    created = api_keys.create(
        uow=served.desk().writing(), actor=SYSTEM, at=datetime.now(UTC), label="test", user_id="system", scopes={Scope.INGEST},
        days=1,
    )  # fmt: skip
    call = Call(served, served.desk(), SYSTEM, datetime.now(UTC), "test", created.key)
    looking = waiting.Looking(call, frozenset(asked().transaction_ids))
    (first,) = waiting.look_together([looking])
    until(lambda: served.scoring_beside._ready)
    (then,) = waiting.look_together([looking])
    assert isinstance(first, waiting.Found)
    assert isinstance(then, waiting.Found)
    assert len(within) == 1
    assert then.model == first.model
    assert then.model.keys() == looking.transaction_ids
    served.close()
    assert served.scoring_beside._child is None
