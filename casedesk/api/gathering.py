"""What several callers ask at about the same time is done together: one thread, one group after the other.

A commit takes about as long for forty transactions as for one. So what comes while the group before is under way is a group, with
what those ask who were just answered and ask again, and each caller is told of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from casedesk.errors import CasedeskError, Unavailable

Asked = TypeVar("Asked")
Told = TypeVar("Told")

#: Seconds of a moment, where nothing else is said; and how many of them a group waits for those who are awaited.
_MOMENT: Final = 0.002
_MOMENTS: Final = 10
#: How much one group holds, and how much may wait: bytes, where bodies are gathered. A single one is never too large.
_GROUP: Final = 4 * 1024 * 1024
_WAITING: Final = 64 * 1024 * 1024
#: The most callers of one group.
_CALLERS: Final = 256


class TooMuchWaits(Unavailable):
    """More waits to be done than the process keeps in memory."""

    def __init__(self) -> None:
        super().__init__("More is being sent than the desk can store at this moment; send the same again in a second.")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Asked, Told]):
    asked: Asked
    weight: int
    told: asyncio.Future[Told]


class Gathering(Generic[Asked, Told]):
    """Groups of what is asked, and the one thread that works them off.

    :param work: does a group, and returns for each what it is told, or why it is refused.
    :param moment: seconds within which somebody else has to ask, or the group begins without those who are still awaited.
    """

    def __init__(
        self, work: Callable[[list[Asked]], Sequence[Told | Exception]], name: str, moment: float = _MOMENT
    ) -> None:
        self._work, self._moment = work, moment
        self._thread = ThreadPoolExecutor(1, name)
        self._waiting: list[_Waiting[Asked, Told]] = []
        self._weight = 0
        self._awaited = 0  # callers of the next group, if all who were answered last ask again
        self._all_there = asyncio.Event()
        self._under_way: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked, weight: int = 1) -> Told:
        """Have it done with the next group, and return what it was told.

        :raises TooMuchWaits: if too much waits already; nothing of it was begun.
        """
        if self._waiting and self._weight + weight > _WAITING:
            raise TooMuchWaits
        loop = asyncio.get_running_loop()
        waiting: _Waiting[Asked, Told] = _Waiting(asked, weight, loop.create_future())
        self._waiting.append(waiting)
        self._weight += weight
        if len(self._waiting) >= self._awaited:
            self._all_there.set()
        if self._under_way is None or self._under_way.done():
            self._under_way = loop.create_task(self._until_done())
        return await waiting.told

    def close(self) -> None:
        """Let what is under way come to its end."""
        self._thread.shutdown()

    async def _until_done(self) -> None:
        while self._waiting:
            await self._others()
            group = self._next()
            asked = [one.asked for one in group]
            answers = await asyncio.get_running_loop().run_in_executor(self._thread, self._together, asked)
            self._awaited = min(len(group) + len(self._waiting), _CALLERS)
            for one, answer in zip(group, answers, strict=True):
                if one.told.done():
                    continue  # the caller went away
                if isinstance(answer, Exception):
                    one.told.set_exception(answer)
                else:
                    one.told.set_result(answer)

    async def _others(self) -> None:
        """Wait for those who are awaited, as long as one of them comes every moment. A caller who is alone waits for nobody."""
        for _ in range(_MOMENTS):
            there = len(self._waiting)
            if there >= self._awaited:
                return
            self._all_there.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._moment):
                    await self._all_there.wait()
            if len(self._waiting) == there:
                return

    def _next(self) -> list[_Waiting[Asked, Told]]:
        weight = count = 0
        for one in self._waiting[:_CALLERS]:
            if count and weight + one.weight > _GROUP:
                break
            weight, count = weight + one.weight, count + 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        self._weight -= weight
        return group

    def _together(self, asked: list[Asked]) -> Sequence[Told | Exception]:
        """Do a group; if that fails in a way nobody foresaw, each alone, so that it fails for whom it must."""
        try:
            return self._work(asked)
        except CasedeskError as refusal:  # of the database: it is away, or busy, for all of them
            return [refusal] * len(asked)
        except Exception as failure:  # noqa: BLE001 - it is raised again, where the caller waits
            if len(asked) == 1:
                return [failure]
            return [self._together([one])[0] for one in asked]
