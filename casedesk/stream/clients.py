"""Clients of Kafka. This file and those that name a message's parts are the only ones that know librdkafka."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from casedesk.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, Producer

#: Largest message that the desk passes on whole, in bytes. Brokers mostly take 1 MiB; theirs counts.
LARGEST: Final = 100_000_000
#: How much librdkafka fetches ahead, in KiB: with the desk's own batches the bound of a worker's memory.
_AHEAD_KIB: Final = 32_768
#: While so many messages wait to be taken it asks for no more, and looks again after so many milliseconds. Its own defaults ask the
#: broker for each message as it comes, which takes both of them more processor time than storing it does.
_WAITING: Final = 1
_AGAIN_MS: Final = 10
#: Seconds in which a broker must have answered where somebody waits for it.
PATIENCE: Final = 10.0

#: What delivery rests on: only what is stored is committed, and a worker that gets other partitions begins anew with all of them.
_NOT_TO_BE_CHANGED: Final[dict[str, Any]] = {
    "enable.auto.commit": False, "enable.auto.offset.store": False, "partition.assignment.strategy": "range,roundrobin",
    "group.protocol": "classic",
}  # fmt: skip

_log = structlog.get_logger("casedesk.kafka")


class _ClientLog:
    """librdkafka's own log, the desk's way: which part of it speaks, without a word of what it says."""

    def log(self, level: int, _form: str, facility: str, _client: str, _said: str) -> None:
        """Write a line of librdkafka's."""
        _log.log(level, "kafka_client", action=facility)


def _name(error: KafkaError) -> None:
    """Name what the client met, as librdkafka's list of errors has it: _TRANSPORT where no broker answers, _BAD_MSG for a wrong answer."""
    _log.warning("kafka_client", error_type=error.name())


#: How every client tells what it meets.
_TELLING: Final[dict[str, Any]] = {"logger": _ClientLog(), "error_cb": _name}


class NoKafka(Unavailable):
    """The client is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Kafka’s client is not installed; run: .venv/bin/python -m pip install 'confluent-kafka>=2.16,<3' (extra kafka)."
        )


class NoBroker(Unavailable):
    """No broker answers."""


class BadProperties(Invalid):
    """The file of properties cannot be read."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where Kafka is, and further properties of librdkafka, such as those that sign in."""

    bootstrap: str
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)  # they may hold a password

    def configured(self, **properties: Any) -> dict[str, Any]:
        """Return a client's configuration; the operator's own properties stand above the desk's."""
        given = {name.replace("_", "."): value for name, value in properties.items()}
        return {"bootstrap.servers": self.bootstrap, "log.connection.close": False, **given, **self.properties}


def read_properties(path: Path | None) -> dict[str, str]:
    """Read a file of ``name=value`` lines, as Kafka's own tools take it.

    :raises BadProperties: naming the line that is none.
    """
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise BadProperties(f"The file of Kafka’s properties, {path}, cannot be read.") from None
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise BadProperties(f"{path}, line {number}, is no property; write name=value, one a line.")
        found[name.strip()] = value.strip()
    return found


def consumer(broker: Broker, group: str, *, newest: bool = False) -> Consumer:
    """Return a consumer that commits only what it is told to.

    :param newest: begin with what comes from now on, where the group has no place yet; otherwise with the oldest.
    """
    configuration = broker.configured(
        group_id=group, auto_offset_reset="latest" if newest else "earliest", queued_max_messages_kbytes=_AHEAD_KIB,
        queued_min_messages=_WAITING, fetch_queue_backoff_ms=_AGAIN_MS,
        # a worker that died loses its place within seconds; the others take what it had
        session_timeout_ms=10_000, heartbeat_interval_ms=3_000, fetch_wait_max_ms=50, fetch_error_backoff_ms=50,
        max_poll_interval_ms=300_000, topic_metadata_refresh_interval_ms=10_000,
    )  # fmt: skip
    found: Consumer = _made("Consumer", configuration | _NOT_TO_BE_CHANGED)
    return found


def producer(broker: Broker) -> Producer:
    """Return a producer whose messages have arrived once all replicas have them. One that is sent twice is known by its key."""
    configuration = broker.configured(
        acks="all", message_max_bytes=LARGEST, linger_ms=2, message_timeout_ms=30_000,
        queue_buffering_max_messages=100_000,
    )  # fmt: skip
    found: Producer = _made("Producer", configuration)
    return found


def _made(kind: str, configuration: Mapping[str, Any]) -> Any:
    try:
        import confluent_kafka
    except ImportError:
        raise NoKafka from None
    try:
        return getattr(confluent_kafka, kind)({**configuration, **_TELLING})
    except confluent_kafka.KafkaException as error:
        raise BadProperties(f"Kafka’s client does not take a property: {error.args[0].str()}.") from None


def require_topics(sender: Producer, topics: Sequence[str], broker: Broker) -> None:
    """See that topics are there, and make those that are not, where the broker lets the desk do so.

    :raises NoBroker: if none answers, or a topic is neither there nor to be made.
    """
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # it comes from the C part

    missing = [topic for topic in topics if not _there(sender, topic, broker)]
    if not missing:
        return
    configuration: dict[str, Any] = {**broker.configured(), **_TELLING}
    admin = AdminClient(configuration)
    asked = admin.create_topics([NewTopic(topic) for topic in missing], request_timeout=PATIENCE)
    for topic, done in asked.items():
        try:
            done.result(PATIENCE)
        except (KafkaException, TimeoutError):
            if not _there(sender, topic, broker):
                raise NoBroker(
                    f"The broker has no topic “{topic}” and did not let the desk make it; make it, then start again."
                ) from None


def _there(sender: Producer, topic: str, broker: Broker) -> bool:
    from confluent_kafka import KafkaException

    try:
        found = sender.list_topics(topic, timeout=PATIENCE).topics.get(topic)
    except KafkaException:
        raise NoBroker(f"No Kafka broker answers at {broker.bootstrap}; is it running?") from None
    return found is not None and found.error is None


def send(sender: Producer, topic: str, messages: Sequence[Mapping[str, Any]], after: Callable[[], bool]) -> list[Any]:
    """Send messages and wait until each has arrived or failed; return the error of each, None for one that arrived.

    :param messages: with ``key``, ``value`` and perhaps ``headers``.
    :param after: asked again and again while waiting; True gives up.
    """
    from confluent_kafka import KafkaError, KafkaException

    waiting = KafkaError(KafkaError._TIMED_OUT)  # noqa: SLF001  # librdkafka's own name for it, of which this is the public one
    errors: list[Any] = [waiting] * len(messages)
    for place, message in enumerate(messages):

        def arrived(error: Any, _: Any, place: int = place) -> None:
            errors[place] = error

        while True:
            try:
                sender.produce(topic, **message, on_delivery=arrived)
            except BufferError:
                sender.poll(0.05)
                continue
            except KafkaException as error:
                errors[place] = error.args[0]
            break
        sender.poll(0)
    while sender.flush(0.2) and not after():
        pass
    return errors
