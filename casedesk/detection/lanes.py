"""Rules run beside each other, each lane with one at a time, and give way to all else that this machine does."""

from __future__ import annotations

import os
from collections.abc import Callable, MutableMapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from queue import SimpleQueue
from time import perf_counter
from typing import Final, Generic, TypeVar

from casedesk.detection.limits import Limits
from casedesk.detection.priority import give_way
from casedesk.detection.rule import Rule

T = TypeVar("T")

#: Lanes beyond these would mostly wait for the longest rule.
MOST: Final = 4
#: Seconds between two tries to end what runs.
_BREATH: Final = 0.05


@dataclass(frozen=True, slots=True)
class Lane(Generic[T]):
    """Runs one rule at a time. ``interrupt`` ends what runs, from another thread; ``close`` gives back what the lane took."""

    run: Callable[[Rule], T]
    interrupt: Callable[[], object]
    close: Callable[[], object]


def lanes_within(limits: Limits) -> int:
    """Return how many lanes there may be: no more than threads."""
    return max(1, min(MOST, limits.threads or os.cpu_count() or 1))


def beside(
    rules: Sequence[Rule], number: int, lane: Callable[[], Lane[T]], took: MutableMapping[str, float]
) -> list[T]:
    """Run the rules in so many lanes, and return what came of each, in their order.

    What one raises ends the others. What begins last should be short: rules begin by how long they took the last time, and where
    that is not known those along paths do, which look at most.

    :param took: the seconds of each rule by name, brought up.
    """
    lanes = [lane() for _ in range(min(number, len(rules)))]
    order = sorted(rules, key=lambda rule: (-took.get(rule.name, 0), rule.reach.local))
    try:
        by_rule = dict(zip(order, _each(order, lanes, took), strict=True))
    finally:
        for one in lanes:
            one.close()
    return [by_rule[rule] for rule in rules]


def _each(rules: Sequence[Rule], lanes: Sequence[Lane[T]], took: MutableMapping[str, float]) -> list[T]:
    free: SimpleQueue[Lane[T]] = SimpleQueue()
    for lane in lanes:
        free.put(lane)

    def found(rule: Rule) -> T:
        lane = free.get()
        begun_at = perf_counter()
        try:
            return lane.run(rule)
        finally:
            took[rule.name] = perf_counter() - begun_at
            free.put(lane)

    with ThreadPoolExecutor(max(1, len(lanes)), "rules", give_way) as pool:
        begun = [pool.submit(found, rule) for rule in rules]
        try:
            for ended in wait(begun, return_when=FIRST_EXCEPTION).done:
                ended.result()
            return [one.result() for one in begun]
        except BaseException:
            _end(begun, lanes)
            raise


def _end(begun: Sequence[Future[T]], lanes: Sequence[Lane[T]]) -> None:
    """Let nothing begin any more, and end what runs; again and again, because between two statements nothing hears of it."""
    left = [one for one in begun if not one.cancel()]
    while wait(left, _BREATH).not_done:
        for lane in lanes:
            lane.interrupt()
