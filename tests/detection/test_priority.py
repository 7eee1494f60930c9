"""What rules compute is less urgent than the pages and answers beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from casedesk.detection.duck_session import connected
from casedesk.detection.lanes import Lane, beside
from casedesk.detection.limits import Limits
from casedesk.detection.priority import LESS_URGENT
from casedesk.detection.rules import RULES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has threads of different urgency")

_TASKS = Path("/proc/self/task")
_LEAST_URGENT = 19


def less_urgent() -> int:
    return min(urgency() + LESS_URGENT, _LEAST_URGENT)


def urgency(thread: int = 0) -> int:
    return os.getpriority(os.PRIO_PROCESS, thread)


def test_lanes_are_less_urgent_and_who_began_them_stays_as_urgent_as_before() -> None:
    before = urgency()
    lane = Lane(lambda _rule: urgency(), lambda: None, lambda: None)
    assert beside(RULES[:3], 2, lambda: lane, {}) == [less_urgent()] * 3
    assert urgency() == before


def test_the_threads_of_duckdb_are_less_urgent() -> None:
    before = {task.name for task in _TASKS.iterdir()}
    with connected(Limits(threads=3)) as connection:
        connection.execute("SELECT sum(range) FROM range(3000000)").fetchall()
        started = {task.name for task in _TASKS.iterdir()} - before
        assert {urgency(int(task)) for task in started} == {less_urgent()}
