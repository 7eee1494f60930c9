"""A client that costs little beside what it measures: requests written beforehand, sent over kept connections of loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Answers:
    """What came back: seconds of each request, and how often which status."""

    taken: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        """Requests answered in a second."""
        return len(self.taken) / self.elapsed

    def percentile(self, part: float) -> float:
        """Return the seconds within which this part of the requests was answered."""
        ordered = sorted(self.taken)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def request(path: str, body: bytes, key: str = "") -> bytes:
    """Write a POST of JSON."""
    secret = f"Authorization: Bearer {key}\r\n" if key else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{secret}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def load(port: int, connections: int, seconds: float, most: int, make: Callable[[int], bytes]) -> Answers:
    """Send what ``make`` writes for 0, 1, 2 ... over so many connections, each waiting for its answer.

    :param seconds: when to stop, at the latest; ``most`` requests end it, too.
    """
    return asyncio.run(_load(port, connections, seconds, most, make))


async def _load(port: int, connections: int, seconds: float, most: int, make: Callable[[int], bytes]) -> Answers:
    answers, numbers = Answers(), iter(range(most))
    begun = time.perf_counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            sent = time.perf_counter()
            if sent - begun > seconds:
                break
            writer.write(make(number))
            status = await _answer(reader)
            answers.taken.append(time.perf_counter() - sent)
            answers.statuses[status] = answers.statuses.get(status, 0) + 1
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    answers.elapsed = time.perf_counter() - begun
    return answers


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return int(head[9:12])
