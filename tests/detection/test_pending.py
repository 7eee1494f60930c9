"""Rows that wait in memory are there for whoever asks, and for nobody twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import duckdb
import pytest

from casedesk.detection import kept_data
from casedesk.detection.duck import loaded
from casedesk.detection.engine import KeptData, digests_of
from casedesk.detection.limits import Limits
from casedesk.detection.peers import SCHEMA, AmongPeers, Figures
from casedesk.detection.pending import Pending
from casedesk.detection.rules import RULES
from casedesk.detection.subjects import Subject, Subjects
from casedesk.store.run_copies import coded
from tests.detection.bank import arrow, deposit, named
from tests.detection.test_known_holders import accounts, come
from tests.detection.test_subjects import micros, small_world

LIMITS: Final = Limits(memory_mib=512, threads=1)
LEGS: Final = "SELECT account_id, k.lead, count(*) FROM standing_legs s JOIN account_keys k USING (account) WHERE s.lead = k.lead GROUP BY ALL"


@pytest.fixture
def kept() -> Iterator[KeptData]:
    data = KeptData(coded(arrow(named([deposit(0, to="A/1")]))), accounts(("A/1", "A"), ("B/5", "B")), LIMITS, "USD")
    yield data
    data.close()


def wait(data: KeptData, *tos: str) -> None:
    rows, nobody = arrow(named([deposit(n, to=to) for n, to in enumerate(tos, 1)])), accounts(("", "")).slice(1)
    data.add(rows, nobody, digests_of(rows, nobody, LIMITS, "USD"))


def engine_rows(data: KeptData) -> tuple[int, ...]:
    tables = ("all_keyed", "standing_legs", "ids")
    return tuple(data._engine.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in tables)


def test_rows_wait_until_a_statement_asks(kept: KeptData) -> None:
    wait(kept, "A/1", "B/5")
    wait(kept, "B/5")
    assert (kept._pending.rows, engine_rows(kept)) == (3, (1, 1, 1))
    kept.look_at(Subjects.whole(["A/1", "B/5"]))
    assert (kept._pending.rows, engine_rows(kept)) == (3, (1, 1, 1))  # it was told in memory whose legs these are
    assert kept._counted is not None
    assert sorted(kept._counted._numbers["account"]) == sorted(2 * [kept._key_by_id["A/1"], kept._key_by_id["B/5"]])
    assert kept._connection.execute('SELECT count(DISTINCT "row"), max("row") FROM all_keyed').fetchall() == [(4, 3)]
    assert (kept._pending.rows, engine_rows(kept)) == (0, (4, 4, 4))


def test_they_wait_on_where_a_rule_has_nothing_to_ask(kept: KeptData) -> None:
    wait(kept, "A/1", "B/5")
    among_peers = next(rule for rule in RULES if isinstance(rule, AmongPeers))
    long_past = micros(datetime(2000, 1, 1, tzinfo=UTC))
    told = {among_peers.name: Figures(2**40, SCHEMA.empty_table())}
    chosen = tuple(Subject(name, name, long_past) for name in ("A/1", "B/5"))
    kept.look_at(Subjects(chosen, (), kept.ending, sooner=False, figures=told))
    assert [table.num_rows for table in kept.each([among_peers], lambda _, table: table)] == [0]
    assert (kept._pending.rows, engine_rows(kept)) == (2, (1, 1, 1))


def test_transfers_that_wait_are_told_from_a_number_on(kept: KeptData) -> None:
    both = [replace(deposit(n, to=to), source=source) for n, source, to in ((1, "A/1", "B/5"), (2, "B/5", "A/1"))]
    rows, nobody = arrow(named(both)), accounts(("", "")).slice(1)
    kept.add(rows, nobody, digests_of(rows, nobody, LIMITS, "USD"))
    wait(kept, "A/1")
    told = [[part["row"].to_pylist() for part in kept._pending.transfers(first)] for first in range(5)]
    numbers = [[number for part in parts for number in part] for parts in told]
    assert numbers == [[1, 2], [1, 2], [2], [], []]


def test_no_more_wait_than_a_run_can_walk_through(kept: KeptData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_data, "MOST_PENDING", 3)
    wait(kept, "A/1", "B/5", "A/1")
    assert (kept._pending.rows, engine_rows(kept)) == (3, (1, 1, 1))
    wait(kept, "A/1")
    assert (kept._pending.rows, engine_rows(kept)) == (0, (5, 5, 5))


def test_an_account_that_leads_from_now_on_leads_those_that_wait(kept: KeptData) -> None:
    wait(kept, "A/1", "B/5")
    come(kept, accounts(("A/0", "A")))
    assert (kept._pending.rows, engine_rows(kept)) == (0, (3, 3, 3))
    told = {name: (lead, number) for name, lead, number in kept._connection.execute(LEGS).fetchall()}
    assert told == {
        "A/1": (kept._holders.of(["A/0"])["A/0"].key, 2),
        "B/5": (kept._holders.of(["B/5"])["B/5"].key, 1),
    }


def test_where_they_cannot_be_put_in_nothing_is_trusted_any_more(
    kept: KeptData, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise duckdb.OutOfMemoryException

    wait(kept, "A/1")
    monkeypatch.setattr(Pending, "put_into", fails)
    with pytest.raises(duckdb.OutOfMemoryException):
        kept._connection.execute("SELECT 1")
    assert kept.broken


@pytest.mark.parametrize("most", [0, 7, 1_000], ids=["put in at once", "by turns", "waiting"])
def test_rules_find_the_same_however_rows_came(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_data, "MOST_PENDING", most)
    data, holders = small_world(11)
    data = data.sort_by("booked_at")
    seen = data.num_rows - 30
    kept = KeptData(coded(data.slice(0, seen)), holders, LIMITS, "USD")
    local = [rule for rule in RULES if rule.reach.local and rule.span is not None]
    found = 0
    for place in range(seen, data.num_rows, 3):
        part, nobody = data.slice(place, 3), holders.slice(0, 0)
        kept.add(part, nobody, digests_of(part, nobody, LIMITS, "USD"))
        since = micros(data["booked_at"][place].as_py())
        chosen = tuple(Subject(f"A{n}", f"C{n}", since) for n in range(2, 7))
        kept.look_at(Subjects(chosen, (), since, sooner=False))
        upon = {rule.name: table for rule, table in zip(local, kept.each(local, lambda _, table: table), strict=True)}
        so_far = data.slice(0, place + 3)
        with loaded(so_far, holders, LIMITS, Subjects(chosen, (), since, sooner=False)) as anew:
            for rule in local:
                assert upon[rule.name].to_pylist() == anew.evidence(rule).to_pylist(), rule.name
                found += upon[rule.name].num_rows
    kept.close()
    assert found > 0
