"""Put a worker together from the desk and what the operator said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from casedesk.bootstrap import Desk
from casedesk.domain.people import Person
from casedesk.stream.alert_topic import AlertTopic
from casedesk.stream.announcing import Announcing
from casedesk.stream.clients import Broker, consumer, producer, require_topics
from casedesk.stream.dead_letters import DeadLetters
from casedesk.stream.decoding import Decode, plain
from casedesk.stream.figures import Figures
from casedesk.stream.looking import Looking
from casedesk.stream.storing import Storing
from casedesk.stream.worker import Sizes, Worker


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is to do: from which topic in which group, to which topics, in batches of which size.

    ``largest`` is the most bytes of one message, ``decode`` what makes a JSON object of it.
    """

    topic: str = "transactions_raw"
    alerts: str = "aml_alerts"
    dead_letters: str = "transactions_dlq"
    group: str = "casedesk"
    sizes: Sizes = field(default_factory=Sizes)
    largest: int = 1_000_000
    decode: Decode = plain


def worker(
    desk: Desk, actor: Person, broker: Broker, job: Job, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Worker:
    """Return a worker, ready to run; its topics are there by then.

    :raises NoBroker: if no broker answers, or lacks a topic.
    :raises NoKafka: if the client is not installed.
    """
    sender = producer(broker)
    require_topics(sender, (job.topic, job.alerts, job.dead_letters), broker)
    announcing = Announcing(desk, actor, f"kafka:{job.alerts}", AlertTopic(sender, job.alerts), now)
    announcing.begin()
    storing = Storing(desk, actor, f"kafka:{job.topic}", largest=job.largest, decode=job.decode, now=now)
    figures = Figures()
    return Worker(
        consumer(broker, job.group), job.topic, storing, Looking(desk, actor, announcing, now, figures),
        DeadLetters(sender, job.dead_letters), job.sizes, figures,
    )  # fmt: skip
