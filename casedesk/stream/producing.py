"""Send transactions to a topic, as a core banking system would."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from casedesk.stream.clients import PATIENCE, Broker, NoBroker, producer, require_topics


def produce(broker: Broker, topic: str, messages: Iterable[tuple[bytes, bytes]]) -> int:
    """Send keys and values as they come, and return how many the broker has.

    :raises NoBroker: if it did not take all of them.
    """
    sender = producer(broker)
    require_topics(sender, (topic,), broker)
    failed: list[Any] = []

    def arrived(error: Any, _: Any) -> None:
        if error is not None:
            failed.append(error)

    count = 0
    try:
        for key, value in messages:
            while True:
                try:
                    sender.produce(topic, value, key, on_delivery=arrived)
                except BufferError:
                    sender.poll(0.1)
                    continue
                break
            count += 1
            sender.poll(0)
    finally:
        left = sender.flush(PATIENCE)
    if left or failed:
        raise NoBroker(f"The broker did not take {left + len(failed):,} of {count:,} transactions; send them again.")
    return count
