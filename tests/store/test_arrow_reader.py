"""Few rows and many are read into Arrow in different ways, and are the same."""

from __future__ import annotations

from typing import Any

import adbc_driver_postgresql.dbapi as adbc_postgresql
import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from casedesk.store import dialects
from tests.builders import Move, TestDesk


def read(desk: TestDesk) -> list[pa.Table]:
    """Read some transactions and accounts, and none of either."""
    with desk.reading() as uow:
        arrival = uow.run_data.newest()
        return [
            uow.run_data.transactions(arrival),
            uow.run_data.accounts(arrival),
            uow.run_data.transactions(arrival, since=arrival),
            uow.run_data.accounts(-1),
        ]


def test_few_rows_read_by_the_driver_are_those_read_in_columns(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = TestDesk(engine)
    desk.customer()
    desk.book([
        Move("T-1", 1, 950_000, to_account="K-1/1"), Move("T-é", 2.5, 1, from_account="K-1/1"), Move("T-3", 3, 2**62, to_account="K-1/1"),
    ])  # fmt: skip
    few = read(desk)
    monkeypatch.setattr(dialects, "_FEW_ROWS", 0)
    many = read(desk)
    assert [table.schema for table in few] == [table.schema for table in many]
    assert [table.to_pylist() for table in few] == [table.to_pylist() for table in many]
    assert [table.num_rows for table in few] == [3, 1, 0, 0]


@pytest.mark.parametrize(("few", "by_columns"), [(2, True), (3, False)])
def test_the_columnar_driver_of_postgresql_is_asked_for_more_than_a_few(
    engine: Engine, few: int, by_columns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = TestDesk(engine)
    desk.customer()
    desk.book([Move(f"T-{n}", n, 100, to_account="K-1/1") for n in range(3)])
    opened, connect = list[str](), adbc_postgresql.connect

    def connected(address: str) -> Any:
        opened.append(address)
        return connect(address)

    monkeypatch.setattr(adbc_postgresql, "connect", connected)
    monkeypatch.setattr(dialects, "_FEW_ROWS", few)
    assert read(desk)[0].num_rows == 3
    assert bool(opened) is (by_columns and engine.dialect.name == "postgresql")


def test_what_is_streamed_is_planned_to_be_read_to_the_end(engine: Engine) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            assert connection.exec_driver_sql("SHOW cursor_tuple_fraction").scalar_one() == "1"
        assert len(list(dialects.stream(connection, sa.select(sa.literal_column("1"))))) == 1
