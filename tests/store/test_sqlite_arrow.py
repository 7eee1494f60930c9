"""Large reads from SQLite go through a process of its own, and the write-ahead log survives them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from casedesk.store import sqlite_arrow
from casedesk.store.engines import make_engine
from tests.builders import Move, TestDesk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def desk(sqlite_address: str) -> TestDesk:
    desk = TestDesk(make_engine(sqlite_address))
    desk.customer()
    desk.book(Move(f"T-{n}", n, 950_000, to_account="K-1/1") for n in range(500))
    return desk


def test_both_ways_of_reading_give_the_same_table(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def tables() -> list[object]:
        with desk.reading() as uow:
            return [uow.transactions.arrow(), uow.transactions.arrow_accounts()]

    small = tables()
    by_process = sqlite_arrow._by_process
    through: list[object] = []
    monkeypatch.setattr(sqlite_arrow, "_by_process", lambda *a: through.append(by_process(*a)) or through[-1])
    monkeypatch.setitem(sqlite_arrow.read.__kwdefaults__, "few", 0)
    monkeypatch.setitem(sqlite_arrow.read.__kwdefaults__, "small", 0)
    large = tables()
    assert len(through) == 2
    assert None not in through
    assert large == small
    assert [table.schema for table in large] == [table.schema for table in small]  # type: ignore[attr-defined]
    desk.engine.dispose()


@pytest.mark.parametrize("few", [0, 10, 499, 500, 20_000])
def test_all_rows_are_read_however_many_are_read_first(
    desk: TestDesk, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite_arrow.read.__kwdefaults__, "few", few)
    with desk.reading() as uow:
        assert len(set(uow.transactions.arrow()["transaction_id"].to_pylist())) == 500
    desk.engine.dispose()


def test_a_process_that_fails_is_replaced_by_rows(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sqlite_arrow.read.__kwdefaults__, "few", 0)
    monkeypatch.setitem(sqlite_arrow.read.__kwdefaults__, "small", 0)
    monkeypatch.setattr(sqlite_arrow, "_PROGRAM", "raise SystemExit(3)")
    with desk.reading() as uow:
        assert uow.transactions.arrow().num_rows == 500
    desk.engine.dispose()


def test_what_is_committed_after_a_large_read_survives_a_kill(desk: TestDesk, sqlite_address: str) -> None:
    """A second copy of SQLite in the process would have deleted the log that the commit goes to."""
    desk.engine.dispose()
    program = f"""
import os, signal
from casedesk.domain.people import SYSTEM, Person, Role
from casedesk.services import people
from casedesk.store import sqlite_arrow
from casedesk.store.engines import make_engine
from tests.builders import START, TestDesk
desk = TestDesk(make_engine({sqlite_address!r}))
sqlite_arrow.read.__kwdefaults__.update(few=0, small=0)
with desk.reading() as uow:
    assert uow.transactions.arrow().num_rows == 500
desk.hire(Role.ANALYST, "ann")
os.kill(os.getpid(), signal.SIGKILL)
"""
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == -9, told.stderr
    engine = make_engine(sqlite_address)
    assert TestDesk(engine).size() == 1
    engine.dispose()
