"""The whole way of a transaction in one process and without a broker: stored, looked at, its alerts told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from casedesk.bootstrap import Desk
from casedesk.domain.people import Person
from casedesk.stream.announcing import Announcing
from casedesk.stream.looking import Looking
from casedesk.stream.messages import Message
from casedesk.stream.storing import Kept, Storing

#: The most bytes of a message.
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it."""

    kept: Kept
    runs: int
    alerts: int


def rehearse(
    desk: Desk, actor: Person, values: Iterable[bytes], tell: Callable[[dict[str, Any]], None], *, size: int = 500
) -> Rehearsed:
    """Take messages as a worker takes them from a topic, ``size`` at a time, and tell each alert once it is committed."""

    def told(alerts: Sequence[tuple[bytes, bytes]]) -> None:
        for _, value in alerts:
            tell(orjson.loads(value))

    announcing = Announcing(desk, actor, "demo", told)
    announcing.begin()
    looking = Looking(desk, actor, announcing)
    storing = Storing(desk, actor, "demo", largest=_LARGEST)
    kept, offset, source = Kept(), 0, iter(values)
    try:
        while some := list(islice(source, size)):
            received = time.monotonic()
            kept += storing.store([Message("demo", 0, offset + n, None, value) for n, value in enumerate(some)])
            offset += len(some)
            looking.look(received)
    finally:
        looking.forget()
    return Rehearsed(kept, looking.runs, looking.announced)
