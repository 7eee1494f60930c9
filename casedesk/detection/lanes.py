"""Rules run beside each other, each lane with one at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final

import pyarrow as pa

from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule

#: Lanes beyond these would mostly wait for the longest rule.
MOST: Final = 4
#: Seconds between two tries to end what runs.
_BREATH: Final = 0.05


@dataclass(frozen=True, slots=True)
class Lane:
    """Runs one rule at a time. ``interrupt`` ends what runs, from another thread; ``close`` gives back what the lane took."""

    evidence: Callable[[Rule], pa.Table]
    interrupt: Callable[[], object]
    close: Callable[[], object]


def lanes_within(limits: Limits) -> int:
    """Return how many lanes there may be: no more than threads."""
    return max(1, min(MOST, limits.threads or os.cpu_count() or 1))


def beside(rules: Sequence[Rule], number: int, lane: Callable[[], Lane]) -> list[pa.Table]:
    """Run the rules in so many lanes, and return what each found, in their order.

    What one raises ends the others. Rules along paths begin: they look at most, and what begins last should be short.
    """
    lanes = [lane() for _ in range(min(number, len(rules)))]
    order = sorted(rules, key=lambda rule: rule.reach.local)
    try:
        by_rule = dict(zip(order, _each(order, lanes), strict=True))
    finally:
        for one in lanes:
            one.close()
    return [by_rule[rule] for rule in rules]


def _each(rules: Sequence[Rule], lanes: Sequence[Lane]) -> list[pa.Table]:
    free: SimpleQueue[Lane] = SimpleQueue()
    for lane in lanes:
        free.put(lane)

    def found(rule: Rule) -> pa.Table:
        lane = free.get()
        try:
            return lane.evidence(rule)
        finally:
            free.put(lane)

    with ThreadPoolExecutor(max(1, len(lanes)), "rules") as pool:
        begun = [pool.submit(found, rule) for rule in rules]
        try:
            for ended in wait(begun, return_when=FIRST_EXCEPTION).done:
                ended.result()
            return [one.result() for one in begun]
        except BaseException:
            _end(begun, lanes)
            raise


def _end(begun: Sequence[Future[pa.Table]], lanes: Sequence[Lane]) -> None:
    """Let nothing begin any more, and end what runs; again and again, because between two statements nothing hears of it."""
    left = [one for one in begun if not one.cancel()]
    while wait(left, _BREATH).not_done:
        for lane in lanes:
            lane.interrupt()
