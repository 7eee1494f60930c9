"""Rules run beside each other: what each finds comes in their order, and what one raises ends the others."""

from __future__ import annotations

import time

import duckdb
import pyarrow as pa
import pytest

from casedesk.detection.lanes import MOST, Lane, beside, lanes_within
from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES

ENDLESS = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 5"


class _Busy:
    """A lane over DuckDB that is busy for ever with one rule, and fails with another."""

    open: int = 0

    def __init__(self, slow: str = "", fails: str = "", failure: type[BaseException] = ValueError) -> None:
        self._slow, self._fails, self._failure = slow, fails, failure
        self._connection = duckdb.connect()
        _Busy.open += 1
        self._running = False

    def evidence(self, rule: Rule) -> pa.Table:
        assert not self._running  # one rule at a time
        self._running = True
        try:
            return self._found(rule)
        finally:
            self._running = False

    def _found(self, rule: Rule) -> pa.Table:
        if rule.name == self._slow:
            self._connection.execute(ENDLESS).fetchall()
        if rule.name == self._fails:
            time.sleep(0.2)  # the slow one is under way by then
            raise self._failure("as asked")
        return self._connection.sql(f"SELECT '{rule.name}' AS rule").to_arrow_table()

    def interrupt(self) -> None:
        self._connection.interrupt()

    def close(self) -> None:
        self._connection.close()
        _Busy.open -= 1


def lane(slow: str = "", fails: str = "", failure: type[BaseException] = ValueError) -> Lane[pa.Table]:
    busy = _Busy(slow, fails, failure)
    return Lane(busy.evidence, busy.interrupt, busy.close)


@pytest.mark.parametrize("number", [1, 3, 100])
def test_what_rules_find_beside_each_other_comes_in_their_order(number: int) -> None:
    found = beside(RULES, number, lane, {})
    assert [one["rule"].to_pylist() for one in found] == [[rule.name] for rule in RULES]
    assert _Busy.open == 0


def test_no_rule_finds_nothing() -> None:
    assert beside((), 2, lane, {}) == []


def test_what_took_long_the_last_time_begins() -> None:
    begun, took = [], {rule.name: float(place) for place, rule in enumerate(RULES)}

    def noting(rule: Rule) -> pa.Table:
        begun.append(rule)
        return pa.table({})

    beside(RULES, 1, lambda: Lane(noting, lambda: None, lambda: None), took)
    assert begun == list(reversed(RULES))
    assert max(took.values()) < 1  # each took next to nothing this time


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_rule_that_fails_ends_the_one_that_runs_beside_it(failure: type[BaseException]) -> None:
    slow, fails = (rule for rule in RULES if rule.name in ("velocity", "structuring"))
    begun = time.monotonic()
    with pytest.raises(failure, match="as asked"):
        beside((slow, fails, *RULES), 2, lambda: lane(slow.name, fails.name, failure), {})
    assert time.monotonic() - begun < 20  # it would never have ended
    assert _Busy.open == 0


def test_there_are_no_more_lanes_than_threads() -> None:
    assert [lanes_within(Limits(threads=threads)) for threads in (1, 2, 64)] == [1, 2, MOST]
