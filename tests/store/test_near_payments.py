"""The payments around accounts, read from the database: each once, at the instant it was booked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from sqlalchemy.engine import Engine

from casedesk.store import near_payments
from casedesk.store.near_payments import TooMuchAround
from tests.builders import START, Move, TestDesk

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def micros(minute: float) -> int:
    return (START + timedelta(minutes=minute) - EPOCH) // timedelta(microseconds=1)


@pytest.fixture
def desk(engine: Engine) -> TestDesk:
    desk = TestDesk(engine)
    desk.staff()
    for customer in ("K-1", "K-2", "K-3"):
        desk.customer(customer)
    desk.book(
        [
            Move("out", 0, 100, "K-3/1", "K-1/1", "ACH"), Move("in", 1, 250, "K-1/1", "K-2/1", "WIRE"),
            Move("cash", 2, 300, "K-1/1"), Move("others", 3, 400, "K-3/1", "K-2/1", "ACH"),
        ]
    )  # fmt: skip
    return desk


@pytest.mark.parametrize("chunk", [500, 1], ids=["one statement", "one for each account"])
def test_payments_of_either_side_come_once(desk: TestDesk, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_payments, "CHUNK", chunk)
    with desk.reading() as uow:
        found = uow.near.around(100).between(["K-1/1", "K-2/1"], micros(0), micros(2)).to_pylist()
        assert sorted(row["transaction_id"] for row in found) == [
            "cash",
            "in",
        ]  # what lies at the first moment does not
        assert uow.near.around(100).between(["K-1/1", "nobody"], micros(-1), micros(0)).num_rows == 1
        assert uow.near.around(100).between(["nobody"], micros(-1), micros(9)).num_rows == 0
        assert uow.near.named(["in", "nothing", "out"])["transaction_id"].to_pylist() == ["out", "in"]
        with pytest.raises(TooMuchAround):
            uow.near.around(1).between(["K-1/1"], micros(0), micros(2))
    assert next(row for row in found if row["transaction_id"] == "in") == {
        "transaction_id": "in", "booked_at": START + timedelta(minutes=1), "from_account": "K-2/1", "to_account": "K-1/1",
        "base_minor": 250, "channel": "WIRE", "from_country": "US", "to_country": "US",
    }  # fmt: skip


@pytest.mark.parametrize(("chunk", "parts"), [(500, 4), (500, 1), (2, 4), (1, 1)])
def test_legs_are_what_each_account_had_to_do_with_named_parties_within_its_own_time(
    desk: TestDesk, chunk: int, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_payments, "CHUNK", chunk)
    monkeypatch.setattr(near_payments, "PARTS", parts)
    spans = {"K-1/1": (-1, 1), "K-2/1": (1, 3), "K-3/1": (0, 2), "nobody": (-1, 9)}
    since, until = ([micros(span[end]) for span in spans.values()] for end in (0, 1))
    with desk.reading() as uow:
        around = uow.near.around(100)
        found = {(leg["account"], (leg["booked_at"] - START).seconds // 60, leg["other"], leg["out"])
                 for leg in around.legs(list(spans), since, until).to_pylist()}  # fmt: skip
        assert around.read == len(found)  # no leg comes twice
        with pytest.raises(TooMuchAround):
            uow.near.around(len(found) - 1).legs(list(spans), since, until)
        assert around.legs([], [], []).num_rows == 0
    exact = {("K-1/1", 0, "K-3/1", 1), ("K-1/1", 1, "K-2/1", 0), ("K-2/1", 3, "K-3/1", 1)}
    wider = {("K-2/1", 1, "K-1/1", 1), ("K-3/1", 0, "K-1/1", 0), ("K-3/1", 3, "K-2/1", 0)}
    assert exact <= found <= exact | wider
    assert (found == exact) == (parts == 4 or chunk == 1)
