"""What is kept of findings, with what the first look finds, is what a run over everything finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest

from casedesk.detection import found_before
from casedesk.detection.duck_hops import KeptHops
from casedesk.detection.duck_texts import parsed
from casedesk.detection.engine import KeptData, detect_kept, digests_of
from casedesk.detection.episodes import NOTHING
from casedesk.detection.found_before import FoundBefore
from casedesk.detection.hops import Hopping
from casedesk.detection.rule import Rule
from casedesk.detection.subjects import NEVER, Judged, Stood, Subject, Subjects, microseconds
from casedesk.store.run_copies import coded
from tests.detection.test_subjects import LIMITS, RULED, START, run, stands, stood, told, touched

SERVED: Final[tuple[Rule, ...]] = tuple(rule for rule in RULED if FoundBefore().window(rule))


def world(seed: int) -> tuple[pa.Table, pa.Table]:
    """Four customers, one with two accounts, who deal with strangers for days on end and pause now and then."""
    draw, rows = np.random.default_rng(seed), []
    own, others = [f"A{n}" for n in range(5)], [f"X{n:02}" for n in range(60)]
    for account in own:
        at = 0.0
        for _ in range(90):
            at += float(draw.choice([0, 1, 5, 12, 30, 75], p=[0.1, 0.3, 0.3, 0.15, 0.1, 0.05]))
            sides = [account, str(draw.choice([*others, *own]))]
            if draw.random() < 0.5:
                sides.reverse()
            rows.append((START + timedelta(hours=at), *sides, int(draw.choice([80_00, 900_00, 3_000_00, 4_000_00]))))
    rows.sort(key=lambda row: row[0])
    moments, sources, targets, amounts = (list(column) for column in zip(*rows, strict=True))
    size = len(rows)
    columns = {
        "transaction_id": [f"T{place:03}" for place in draw.permutation(size)],
        "booked_at": pa.array(moments, pa.timestamp("us", "UTC")),
        "from_account": sources,
        "to_account": targets,
        "base_minor": pa.array(amounts, pa.int64()),
        "channel": ["WIRE"] * size,
        "from_country": ["US"] * size,
        "to_country": ["US"] * size,
    }
    customers = ["C0", "C0", "C1", "C2", "C3", *[""] * len(others)]
    return pa.table(columns), pa.table({"account_id": [*own, *others], "customer_id": customers})


class Process:
    """A process that keeps its data, and compares each run with one over everything."""

    def __init__(self, data: pa.Table, accounts: pa.Table, seen: int, rules: tuple[Rule, ...] = SERVED) -> None:
        self._all, self._accounts, self._seen, self._rules = data, accounts, seen, rules
        self.kept = KeptData(coded(data.slice(0, seen)), accounts, LIMITS, "USD")
        self._last = run(data.slice(0, seen), accounts, rules)

    def look_back(self) -> None:
        self.kept.look_back(self._rules, stood(self._last.alerts))

    def take(self, rows: int, *, look: bool = True) -> bool:
        """Take up some rows and run, or miss the run; return False where there is none left."""
        old, new = self._all.slice(0, self._seen), self._all.slice(self._seen, rows)
        self._seen += rows
        now = self._all.slice(0, self._seen)
        self.kept.add(new, self._accounts.slice(0, 0), digests_of(now, self._accounts, LIMITS, "USD"))
        whole = run(now, self._accounts, self._rules)
        if look:
            subjects = touched(old, new, self._accounts, self._last)
            near = detect_kept(self.kept, rules=self._rules, base_currency="USD", subjects=subjects).alerts
            judged = {rule.name: subjects.judged(rule) for rule in self._rules}
            standing = [one for one in self._last.alerts if stands(judged[one.rule], one)]
            assert told([*standing, *near]) == told(whole.alerts)
        self._last = whole
        return self._seen < self._all.num_rows


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[bool, int]:
    """Count the accounts that were looked at again by whether everything of them was kept."""
    counts, real = {True: 0, False: 0}, FoundBefore.known

    def watched(self: FoundBefore, rule: Rule, account_ids: list[str], *more: Any) -> dict[str, int]:
        known = real(self, rule, account_ids, *more)
        for one in account_ids:
            counts[one in known] += 1
        return known

    monkeypatch.setattr(FoundBefore, "known", watched)
    return counts


def test_run_after_run_finds_what_runs_over_everything_find(
    asked: dict[bool, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_before, "_PARTS", 2)
    data, accounts = world(1)
    order = np.arange(data.num_rows)
    late = np.random.default_rng(1).permutation(np.arange(200, len(order)))[:50]  # these come in any order
    order[np.sort(late)] = order[late]
    process = Process(data.take(pa.array(order)), accounts, 200)
    while process.take(20):
        pass
    process.kept.close()
    assert asked[True] > asked[False] > 0


def test_after_a_look_back_nothing_need_be_looked_at_again(asked: dict[bool, int]) -> None:
    data, accounts = world(2)
    process = Process(data, accounts, 300)
    process.look_back()
    for rows in (1, 40):
        process.take(rows)
    process.kept.close()
    assert asked[True] > 0
    assert asked[False] == 0


def test_after_a_look_back_no_statement_need_be_read_and_no_hop_of_before_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told_from, real = [], KeptHops._bring_up

    def watched(self: KeptHops, table: str, hopping: Hopping, moment: int) -> None:
        told_from.append(moment)
        real(self, table, hopping, moment)

    monkeypatch.setattr(KeptHops, "_bring_up", watched)
    parsed.cache_clear()
    data, accounts = world(2)
    process = Process(data, accounts, 300, RULED)
    process.look_back()
    read, hopping = parsed.cache_info().misses, len(told_from)
    process.take(40)
    process.kept.close()
    assert hopping == len([rule for rule in RULED if rule.hopping]) > 0
    new = microseconds(data["booked_at"][300].as_py())
    assert set(told_from[hopping:]) == {new}
    assert parsed.cache_info().misses == read


def test_there_may_be_nothing_to_look_back_at() -> None:
    data, accounts = world(2)
    process = Process(data, accounts, 0, RULED)
    process.look_back()
    process.take(200, look=False)
    process.kept.forget_found()
    process.take(40)
    process.kept.close()


def test_beyond_a_number_of_rows_everything_is_let_go_and_found_again(
    asked: dict[bool, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_before, "MOST", 20)
    process = Process(*world(2), 300)
    process.look_back()
    for rows in (30, 30):
        process.take(rows)
    process.kept.close()
    assert asked[False] > 0


def test_what_another_process_looked_at_is_forgotten_when_it_is_said_and_only_then_right(
    asked: dict[bool, int],
) -> None:
    data, accounts = world(2)
    process = Process(data, accounts, 300)
    process.look_back()
    process.take(30, look=False)
    process.kept.forget_found()
    process.take(30)
    process.kept.close()
    assert asked[False] > 0


def test_what_something_late_may_have_changed_is_not_kept_though_nothing_is_found_of_it_now() -> None:
    """The late row is looked at once; a run after later ones must not take what was found before it for what is there."""
    rule, hour = SERVED[0], 3_600_000_000
    row = dict.fromkeys(NOTHING.column_names, 0) | {
        "account_id": "A0", "customer_id": "C0", "transaction_id": "T1", "direction": "in", "channel": "WIRE",
        "country": "US", "fired": True, "at": 100 * hour,
    }  # fmt: skip
    evidence = pa.Table.from_pylist([row], NOTHING.schema)
    subjects = Subjects((Subject("A0", "C0", 0),), (Stood(rule.name, "A0", 100 * hour, 100 * hour),))

    def judged(moment: int) -> Judged:
        return Judged({"A0": moment * hour}, NEVER)

    def known(before: FoundBefore) -> list[str]:
        return list(before.known(rule, ["A0"], judged(100), judged(120), subjects))

    for late, kept in ((101, ["A0"]), (100, []), (90, [])):
        before = FoundBefore()
        before.note(rule, evidence, judged(0), {"A0": 0}, subjects)
        assert known(before) == ["A0"]
        before.note(rule, NOTHING, judged(late), {}, subjects)
        assert known(before) == kept
