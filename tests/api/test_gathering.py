"""Callers of one moment are a group; one that fails fails alone; more than memory holds is refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from casedesk.api import gathering
from casedesk.api.gathering import Gathering, TooMuchWaits
from casedesk.errors import Unavailable
from tests.loops import finished


def asked(
    work: Callable[[list[int]], list[int | Exception]], *numbers: int, weight: int = 1
) -> list[int | BaseException]:
    async def at_once() -> list[int | BaseException]:
        gathered: Gathering[int, int] = Gathering(work, "trial")
        answers = await asyncio.gather(*(gathered.ask(n, weight) for n in numbers), return_exceptions=True)
        gathered.close()
        return answers

    return finished(at_once())


def test_those_who_ask_at_once_are_one_group_in_one_thread_and_told_each_of_its_own() -> None:
    groups: list[tuple[str, list[int]]] = []

    def work(group: list[int]) -> list[int | Exception]:
        groups.append((threading.current_thread().name, group))
        return [n * n for n in group]

    assert asked(work, *range(40)) == [n * n for n in range(40)]
    assert groups == [("trial_0", list(range(40)))]


def test_what_comes_while_a_group_is_under_way_is_the_next_group() -> None:
    groups: list[list[int]] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(group: list[int]) -> list[int | Exception]:
        groups.append(group)
        begun.set()
        go_on.wait(5)
        return list(group)

    async def in_two_steps() -> None:
        gathered: Gathering[int, int] = Gathering(work, "trial")
        first = asyncio.create_task(gathered.ask(1))
        await asyncio.to_thread(begun.wait, 5)
        others = [asyncio.create_task(gathered.ask(n)) for n in (2, 3)]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(first, *others)
        gathered.close()

    finished(in_two_steps())
    assert groups == [[1], [2, 3]]


def test_those_who_were_just_answered_are_waited_for_and_who_is_alone_waits_for_nobody() -> None:
    groups: list[list[int]] = []

    def work(group: list[int]) -> list[int | Exception]:
        groups.append(sorted(group))
        return list(group)

    async def in_turns(number: int, gathered: Gathering[int, int]) -> None:
        for _ in range(4):
            await gathered.ask(number)
            await asyncio.sleep(0.002 * number)

    async def all_in_turns() -> None:
        alone: Gathering[int, int] = Gathering(work, "trial", 60)
        await in_turns(9, alone)
        together: Gathering[int, int] = Gathering(work, "trial", 60)
        await asyncio.gather(*(in_turns(number, together) for number in (1, 2, 3)))
        for gathered in (alone, together):
            gathered.close()

    finished(all_in_turns())
    assert groups == [[9]] * 4 + [[1, 2, 3]] * 4


def test_a_failure_that_nobody_foresaw_fails_for_one_and_not_for_those_beside_it() -> None:
    def work(group: list[int]) -> list[int | Exception]:
        if 3 in group:
            raise ZeroDivisionError
        return list(group)

    answers = asked(work, 1, 2, 3, 4)
    assert [answer if isinstance(answer, int) else type(answer) for answer in answers] == [1, 2, ZeroDivisionError, 4]


def test_a_database_that_is_away_is_asked_once_and_told_to_all() -> None:
    tried: list[int] = []

    def work(group: list[int]) -> list[int | Exception]:
        tried.append(len(group))
        raise Unavailable("away")

    assert [str(answer) for answer in asked(work, 1, 2, 3)] == ["away"] * 3
    assert tried == [3]


def test_more_than_may_wait_is_refused_and_the_rest_is_done_in_groups_of_their_weight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "_WAITING", 5)
    monkeypatch.setattr(gathering, "_GROUP", 4)
    groups: list[list[int]] = []

    def work(group: list[int]) -> list[int | Exception]:
        groups.append(group)
        return list(group)

    answers = asked(work, 1, 2, 3, 4, weight=2)
    assert answers[:2] == [1, 2]
    assert [type(answer) for answer in answers[2:]] == [TooMuchWaits] * 2
    assert groups == [[1, 2]]
