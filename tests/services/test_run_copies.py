"""A run upon the last one reads old rows from the desk's copy of them, and the rows themselves where the copy is no good."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.domain.transactions import Account
from casedesk.services import run_copying
from casedesk.store import run_copies
from casedesk.store.run_copies import ACCOUNTS, TRANSACTIONS
from casedesk.store.run_data import RunDataReader
from casedesk.store.tables import run_copies as copies
from tests.builders import Move, TestDesk
from tests.scenes import then
from tests.services.test_incremental import MIXED, burst, detect, furnished


@pytest.fixture
def desk(engine: Engine) -> TestDesk:
    """A desk with a run over everything, and something new."""
    desk = furnished(engine)
    then(desk, seen)
    return desk


def seen(desk: TestDesk) -> None:
    desk.book([*burst("a", 0), *burst("b", 0, "K-2/1")])
    detect(desk, MIXED)
    desk.book(burst("more", 10, count=2))


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Name each reading of rows that the copy holds."""
    seen: list[str] = []
    for name in (TRANSACTIONS, ACCOUNTS):
        real = getattr(RunDataReader, name)

        def watched(self: RunDataReader, upto: int, _real: Any = real, _name: str = name, **more: Any) -> pa.Table:
            if more.get("since") is None:
                seen.append(_name)
            return _real(self, upto, **more)

        monkeypatch.setattr(RunDataReader, name, watched)
    return seen


def agrees(desk: TestDesk) -> bool:
    upon, whole = detect(desk, MIXED), detect(desk, MIXED, full=True)
    same = (upon.data_fingerprint, upon.alerts_sha256) == (whole.data_fingerprint, whole.alerts_sha256)
    return bool(upon.since) and same


def test_old_rows_come_from_the_copy(desk: TestDesk, readings: list[str]) -> None:
    detect(desk, MIXED)
    desk.book([Move("c", 12, 7_000_00, from_account="X", to_account="K-3/1")])
    detect(desk, MIXED)
    assert readings == []
    assert agrees(desk)
    assert readings == [TRANSACTIONS, ACCOUNTS]  # the run over everything


DAMAGE = {
    "altered": sa.update(copies).where(copies.c.what == TRANSACTIONS).values(content=b"casedesk"),
    "counted wrong": sa.update(copies).where(copies.c.what == TRANSACTIONS).values(row_count=copies.c.row_count + 1),
    "of later rows": sa.update(copies).values(upto=1_000_000),
    "emptied": sa.delete(copies),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_copy_that_is_no_good_is_passed_over_and_written_anew(desk: TestDesk, readings: list[str], how: str) -> None:
    desk.tamper(DAMAGE[how])
    detect(desk, MIXED)
    assert readings == [TRANSACTIONS, ACCOUNTS]
    detect(desk, MIXED)
    assert readings == [TRANSACTIONS, ACCOUNTS]
    assert agrees(desk)


def test_accounts_that_changed_are_read_again(desk: TestDesk, readings: list[str]) -> None:
    with desk.writing() as uow:
        uow.parties.put_accounts([Account("77/0001", "K-2", "Kim Roe")])
        uow.commit()
    detect(desk, MIXED)
    assert readings == [ACCOUNTS]
    detect(desk, MIXED)
    assert readings == [ACCOUNTS]
    assert agrees(desk)


def test_pieces_are_bounded_and_the_last_one_grows(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_copies, "MOST", 8)
    monkeypatch.setattr(run_copies, "SMALL", 4)
    monkeypatch.setattr(run_copying, "LAG", 1)
    desk = furnished(engine)
    for number, count in enumerate((10, 1, 1, 1, 1)):
        desk.book(burst(f"a{number}", 10 * number, count=count))
        detect(desk, MIXED)
    with engine.connect() as connection:
        of_it = sa.select(copies.c.row_count).where(copies.c.what == TRANSACTIONS).order_by(copies.c.place)
        assert connection.execute(of_it).scalars().all() == [8, 4, 2]
    desk.book(burst("last", 60))
    assert agrees(desk)
