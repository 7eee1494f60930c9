"""The transactions of touched accounts are the same whichever way they are read, each of them once."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from casedesk.store import run_data
from casedesk.store.run_data import Since
from tests.builders import Move, TestDesk


@pytest.mark.parametrize("few", [0, 10**6], ids=["looked up", "read through"])
def test_both_ways_read_what_has_a_touched_account_on_a_side(
    engine: Engine, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = TestDesk(engine)
    desk.staff()
    for customer in ("K-1", "K-2", "K-3"):
        desk.customer(customer)
    desk.customer("K-4", accounts=["K-4/1", "K-4/2"])
    desk.book(
        [
            Move("paid", 0, 100, "K-1/1", "K-3/1", "ACH"),
            Move("received", 1, 100, "K-3/1", "K-1/1", "ACH"),
            Move("both", 2, 100, "K-1/1", "K-2/1", "ACH"),
            Move("neither", 3, 100, "K-3/1", "", "CASH"),
            Move("of the customer's other account", 4, 100, "", "K-4/2", "CASH"),
        ]
    )
    with desk.reading() as uow:
        before = Since(uow.run_data.newest(), uow.ledger.head().size)
    desk.book([Move("new", 5, 100, "K-1/1", "K-2/1", "ACH"), Move("newer", 6, 100, "", "K-4/1", "CASH")])
    monkeypatch.setattr(run_data, "_FEW", few)
    with desk.reading() as uow:
        now = uow.run_data.newest()
        read = uow.run_data.transactions_of_touched(before, now)["transaction_id"].to_pylist()
        assert uow.run_data.transactions_of_touched(before, before.arrival).num_rows == 0
    touched = ["both", "new", "newer", "of the customer's other account", "paid", "received"]
    assert sorted(read) == touched
