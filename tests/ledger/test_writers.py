"""Many processes at once, and processes that die."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from casedesk.domain.verification import Verdict
from casedesk.store.unit_of_work import Reading, Writing
from tests.ledger.asking import everything, verdict
from tests.ledger.writers import append
from tests.processes import BESIDE
from tests.store.builders import alert, bank, note, open_case, step

PROCESSES, TIMES = 4, 12
WHO = ("ana", "ben", "quinn", "mara")


@pytest.fixture
def case_ids(engine: Engine) -> list[str]:
    with Writing(engine) as uow:
        bank(uow)
        opened = [open_case(uow, alert(n)).case_id for n in (1, 2, 3)]
        uow.commit()
    return opened


def run(address: str, shares: list[list[str]]) -> None:
    writers = [
        BESIDE.Process(target=append, args=(address, who, mine, TIMES)) for who, mine in zip(WHO, shares, strict=True)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(240)
    assert [writer.exitcode for writer in writers] == [0] * PROCESSES


@pytest.mark.slow
@pytest.mark.parametrize("how", ["on one case", "on many cases"])
def test_writers_at_once_leave_no_fork_no_gap_and_lose_nothing(
    engine: Engine, address: str, case_ids: list[str], how: str
) -> None:
    before = len(everything(engine))
    shares = [case_ids[:1]] * PROCESSES if how == "on one case" else [case_ids[n % 3 :] for n in range(PROCESSES)]
    run(address, shares)
    rows = everything(engine)
    written = TIMES * sum(map(len, shares))
    assert [row.event_id for row in rows] == list(range(1, before + written + 1))
    for case_id in case_ids:
        chain = [row for row in rows if row.case_id == case_id]
        assert [row.case_seq for row in chain] == list(range(1, len(chain) + 1))
        assert [row.prev_hash for row in chain[1:]] == [row.event_hash for row in chain[:-1]]
        with Reading(engine) as uow:
            assert uow.cases.get(case_id).version == len(chain)
    said = [(row.case_id, row.notes) for row in rows[before:]]
    expected = [(c, f"{who} {n}") for who, mine in zip(WHO, shares, strict=True) for c in mine for n in range(TIMES)]
    assert sorted(said) == sorted(expected)
    assert verdict(engine).verdict is Verdict.VERIFIED


def start(address: str, case_id: str, how: str) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.writers", address, case_id, how],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


def kill(process: subprocess.Popen[str]) -> int:
    """Kill without a chance to clean up, and count what it said."""
    process.send_signal(signal.SIGKILL)
    assert process.stdout is not None
    said = len(process.stdout.read().splitlines())
    process.stdout.close()
    assert process.wait(30) == -signal.SIGKILL
    return said


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_at_any_moment_leaves_a_verified_ledger(engine: Engine, address: str, case_ids: list[str]) -> None:
    dice = random.Random(3)
    done = 0
    for _ in range(3):
        process = start(address, case_ids[0], "on and on")
        assert process.stdout is not None
        assert process.stdout.readline() == "committed\n"
        time.sleep(dice.random() / 4)
        done += 1 + kill(process)
        stored = len(everything(engine)) - 6
        assert done <= stored <= done + 1  # the last may have been committed and not yet said
        done = stored
        assert verdict(engine).verdict is Verdict.VERIFIED


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_between_the_rows_and_the_commit_leaves_neither(
    engine: Engine, address: str, case_ids: list[str]
) -> None:
    before = everything(engine)
    process = start(address, case_ids[0], "flushed")
    assert process.stdout is not None
    assert process.stdout.readline() == "flushed\n"
    kill(process)
    assert everything(engine) == before
    with Writing(engine) as uow:
        step(uow, uow.cases.get(case_ids[0]), note("after the crash"), "ben")
        uow.commit()
    assert len(everything(engine)) == len(before) + 1
    assert verdict(engine).verdict is Verdict.VERIFIED
