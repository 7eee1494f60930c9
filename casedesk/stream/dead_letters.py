"""The topic of what could not be taken: the original bytes, and in the headers why, and where they came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import structlog

from casedesk.stream.clients import send
from casedesk.stream.messages import Letter

if TYPE_CHECKING:
    from confluent_kafka import Producer

_log = structlog.get_logger("casedesk.stream")

#: How much of a message is passed on that the broker does not take whole, in bytes.
CUT: Final = 65_536


class DeadLetters:
    """Sends letters until the broker has them. Their key is where the message stood, so a letter sent twice is known."""

    def __init__(self, sender: Producer, topic: str) -> None:
        self._sender, self._topic = sender, topic

    def send(self, letters: Sequence[Letter], stopped: Callable[[], bool]) -> bool:
        """Send all of them, however long the broker takes; return False only if told to stop meanwhile.

        One that the broker does not take whole is sent cut, with its length and its SHA-256.
        """
        from confluent_kafka import KafkaError

        left = list(letters)
        cut = set[int]()
        while left:
            errors = send(self._sender, self._topic, [_written(one, cut=id(one) in cut) for one in left], stopped)
            failed = [(one, error) for one, error in zip(left, errors, strict=True) if error is not None]
            for one, error in failed:
                if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                    cut.add(id(one))
            left = [one for one, _ in failed]
            if left and stopped():
                return False
            if left:
                _log.warning("stream_dead_letters_wait", count=len(left))
        return True


def _written(letter: Letter, *, cut: bool) -> dict[str, Any]:
    message = letter.message
    value = message.value
    headers = {
        "casedesk-reason": letter.reason, "casedesk-field": letter.field, "casedesk-topic": message.topic,
        "casedesk-partition": str(message.partition), "casedesk-offset": str(message.offset),
    }  # fmt: skip
    if cut and value is not None:
        headers |= {"casedesk-bytes": str(len(value)), "casedesk-sha256": sha256(value).hexdigest()}
        value = value[:CUT]
    if message.key is not None and len(message.key) <= CUT:
        headers["casedesk-key"] = message.key.decode("utf-8", "backslashreplace")
    place = f"{message.topic}/{message.partition}/{message.offset}"
    return {"key": place, "value": value, "headers": {name: text.encode() for name, text in headers.items()}}
