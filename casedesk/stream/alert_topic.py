"""The topic of alerts: one message an alert, under the alert's id."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from casedesk.stream.clients import Broker, NoBroker, consumer, require_topics, send
from casedesk.stream.recent import Recent

if TYPE_CHECKING:
    from confluent_kafka import Producer

#: Seconds in which the broker must have taken a page of alerts before the worker tries it again.
_PATIENCE: Final = 10.0


class AlertTopic:
    """Sends alerts and returns once the broker has them."""

    def __init__(self, sender: Producer, topic: str) -> None:
        self._sender, self._topic = sender, topic

    def __call__(self, alerts: Sequence[tuple[bytes, bytes]]) -> None:
        """Send them.

        :raises NoBroker: if one did not arrive; others may have.
        """
        end = time.monotonic() + _PATIENCE
        told = [{"key": key, "value": value} for key, value in alerts]
        errors = send(self._sender, self._topic, told, lambda: time.monotonic() > end)
        if any(error is not None for error in errors):
            raise NoBroker("The broker did not take an alert; it is sent again.")


def follow(broker: Broker, topic: str, *, group: str = "", beginning: bool = False) -> Iterator[dict[str, Any] | None]:
    """Yield alerts as they come, each once, and None whenever there is none for a moment.

    :param group: where to go on the next time; without one nothing is remembered.
    :param beginning: with the oldest alert, where the group has no place yet.
    """
    from casedesk.stream.clients import producer

    require_topics(producer(broker), (topic,), broker)
    client = consumer(broker, group or f"casedesk-watch-{time.time_ns()}", newest=not beginning)
    client.subscribe([topic])
    seen = Recent()
    try:
        while True:
            message = client.poll(0.2)
            if message is None or message.error() is not None:
                yield None
                continue
            alert = _read(message.value())
            if alert is not None and seen.add(alert["alert_id"]):
                yield alert
            if group:
                client.commit(message=message, asynchronous=True)
    finally:
        client.close()


def _read(value: bytes | None) -> dict[str, Any] | None:
    """Read an alert; None for what somebody else put there."""
    try:
        found = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("alert_id"), str) else None
