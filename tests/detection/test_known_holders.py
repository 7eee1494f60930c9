"""Holders kept in memory are those the engine has, whatever accounts came since."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from casedesk.detection import kept_data, known_holders
from casedesk.detection.duck_joints import parties_in
from casedesk.detection.engine import KeptData, digests_of
from casedesk.detection.keying import NAMED
from casedesk.detection.known_holders import KnownHolders
from casedesk.detection.limits import Limits
from casedesk.detection.subjects import Subjects
from casedesk.store.run_copies import coded
from tests.detection.bank import arrow, deposit, named

LIMITS: Final = Limits(memory_mib=256, threads=1)


def accounts(*held: tuple[str, str]) -> pa.Table:
    ids, customers = [one for one, _ in held], [other for _, other in held]
    return pa.table({"account_id": ids, "customer_id": customers, "opened_on": ["2020-01-01"] * len(held)})


@pytest.fixture
def kept() -> Iterator[KeptData]:
    held = accounts(("A/1", "A"), ("A/2", "A"), ("B/5", "B"), ("X", ""), ("Y", ""))
    data = KeptData(coded(arrow(named([deposit(0, to="A/1")]))), held, LIMITS, "USD")
    yield data
    data.close()


def come(data: KeptData, held: pa.Table) -> None:
    nothing = arrow([])
    data.add(nothing, held, digests_of(nothing, held, LIMITS, "USD"))


def told(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[object, ...]]:
    """Return what the engine has of each account."""
    rows = connection.execute(
        f"SELECT account_id, account, own, lead, opened_at, customer_id FROM {NAMED.get_name()}"
    ).fetchall()
    return {name: tuple(holder) for name, *holder in rows}


@pytest.mark.parametrize("few", [100, 6, 0], ids=["all at once", "all, until more come", "one by one"])
@pytest.mark.parametrize("most", [100, 0], ids=["all kept", "none kept for long"])
def test_they_are_the_engines_whatever_comes(
    kept: KeptData, few: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_holders, "FEW", few)
    monkeypatch.setattr(known_holders, "MOST", most)
    holders = kept._holders
    asked = [*told(kept._connection), "", "nobody"]
    assert {name: holders.of([name]).get(name) for name in asked if name not in ("", "nobody")} == told(
        kept._connection
    )
    assert holders.with_customers(asked) == {"A/1": "A", "A/2": "A", "B/5": "B"}
    # one that leads its customer from now on, one of a new customer, and an external one
    come(kept, accounts(("B/1", "B"), ("C/1", "C"), ("Z", "")))
    assert holders.with_customers(["B/5", "X", ""]) == {"B/1": "B", "B/5": "B"}
    assert holders.of(["B/5"])["B/5"].lead == holders.of(["B/1"])["B/1"].key
    assert {name: holders.of([name])[name] for name in told(kept._connection)} == told(kept._connection)
    assert "nobody" not in holders.of(["nobody"])


def test_beyond_so_many_all_are_let_go_of(kept: KeptData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_holders, "FEW", 0)
    monkeypatch.setattr(known_holders, "MOST", 1)
    assert set(kept._holders.of(["A/1"])) == {"A/1", "A/2"}  # of one customer
    assert set(kept._holders.of(["A/2", "X"])) == {"A/1", "A/2", "X"}
    assert set(kept._holders.of(["Y"])) == {"Y"}


def test_accounts_that_come_before_anybody_asks_are_there(kept: KeptData) -> None:
    come(kept, accounts(("B/1", "B")))
    assert kept._holders.with_customers(["B/5"]) == {"B/1": "B", "B/5": "B"}


@pytest.mark.parametrize(("few", "times"), [(10, 1), (1, 2)], ids=["all at once", "one by one"])
def test_what_is_known_is_not_asked_again(few: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_holders, "FEW", few)
    asked = []

    class Connection:
        def execute(self, query: str, given: object = None) -> Connection:
            asked.append(query)
            return self

        def fetchall(self) -> list[tuple[object, ...]]:
            return [("A/1", 10, True, 10, None, "A"), ("X", 20, False, 20, None, "")]

    holders = KnownHolders(Connection())  # type: ignore[arg-type]  # only what it asks is looked at
    assert holders.with_customers(["A/1", "X"]) == {"A/1": "A"}
    assert holders.of(["X", ""])["X"].key == 20
    assert len(asked) == times


def test_parties_are_those_of_the_accounts_that_came(kept: KeptData) -> None:
    def led() -> dict[str, str]:
        everybody, names = kept._everybody, {holder[0]: name for name, holder in told(kept._connection).items()}
        first = everybody.account[everybody.lead]
        return {names[one]: names[lead] for one, lead in zip(everybody.account.tolist(), first.tolist(), strict=True)}

    assert led() == {"A/1": "A/1", "A/2": "A/1", "B/5": "B/5", "X": "X", "Y": "Y"}
    assert kept._everybody.own.tolist() == [1, 1, 1, 0, 0]
    come(kept, accounts(("Z", ""), ("M/1", "M"), ("0", "")))  # nobody whom another one leads: these are taken in
    assert kept._parties is not None
    more = {"0": "0", "M/1": "M/1", "Z": "Z"}
    assert led() == {"A/1": "A/1", "A/2": "A/1", "B/5": "B/5", "X": "X", "Y": "Y"} | more
    assert all(map(np.array_equal, kept._everybody, parties_in(kept._connection)))
    come(kept, accounts(("0/1", "N"), ("A/9", "A"), ("0/2", "N")))
    more |= {"0/1": "0/1", "0/2": "0/1", "A/9": "A/1"}
    assert led() == {"A/1": "A/1", "A/2": "A/1", "B/5": "B/5", "X": "X", "Y": "Y"} | more
    assert all(map(np.array_equal, kept._everybody, parties_in(kept._connection)))
    come(kept, accounts(("A/0", "A")))
    assert led() == {"A/0": "A/0", "A/1": "A/0", "A/2": "A/0", "B/5": "B/5", "X": "X", "Y": "Y"} | more | {"A/9": "A/0"}


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "too many to count"])
def test_legs_are_there_of_whom_rules_are_shown_and_of_all_once_another_is(
    counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not counted:
        monkeypatch.setattr(kept_data, "MOST", 1)
    rows = named([deposit(n, to=to) for n, to in enumerate(("A", "B", "C", "D", "A"))])
    data = KeptData(coded(arrow(rows)), accounts(*((one, one) for one in "ABCD")), LIMITS, "USD")

    def there() -> dict[str, int]:
        counts = "SELECT account_id, count(*) FROM chosen_legs JOIN account_keys USING (account) GROUP BY ALL"
        return dict(data._connection.execute(counts).fetchall())

    all_three = {"A": 2, "B": 1, "C": 1}
    for _ in range(2):  # each look begins anew
        data.look_at(Subjects.whole(["A", "B", "C"]))
        assert (data._counted is not None) is counted
        for asked, shown in ((["A", "B"], {"A": 2, "B": 1}), (["A"], {"A": 2, "B": 1}), (["C"], all_three)):
            data._need_legs(asked)
            assert there() == (shown if counted else all_three)
    data.look_at(Subjects.whole(["A", "B", "C"]))
    data._need_legs()
    assert there() == all_three
    data.close()
