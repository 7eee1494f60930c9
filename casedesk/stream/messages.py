"""Messages as they come from a topic, and what becomes of one that cannot be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

#: The next offset to read, by topic and partition.
Positions: TypeAlias = dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``value`` is None for what Kafka calls a tombstone."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that cannot be taken: the field that broke a rule, ``message`` for all of it, and the sentence why."""

    message: Message
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that are stored together.

    ``received`` is when the first of them came, in seconds of the machine's monotonic clock. ``turn`` counts the
    assignments of partitions: what was received in an earlier one belongs to another worker by now.
    """

    messages: Sequence[Message]
    received: float
    turn: int

    def positions(self) -> Positions:
        """Return from where to read on once all of this is done."""
        found: Positions = {}
        for one in self.messages:
            place = one.topic, one.partition
            found[place] = max(found.get(place, 0), one.offset + 1)
        return found
