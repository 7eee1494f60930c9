"""A worker: receives in one thread, stores in the second, runs the rules in the third.

What is bounded, by what: a batch by messages and bytes, the batches in memory by three (one received, one waiting, one being
stored), what librdkafka fetches ahead by its own queue. Where storing is slower than receiving, the partitions are paused.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

from casedesk.errors import CasedeskError
from casedesk.stream.backlog import Backlog
from casedesk.stream.dead_letters import DeadLetters
from casedesk.stream.figures import Figures
from casedesk.stream.looking import Looking
from casedesk.stream.messages import Batch, Message, Positions
from casedesk.stream.storing import Kept, Storing

if TYPE_CHECKING:
    from confluent_kafka import Consumer, TopicPartition

_log = structlog.get_logger("casedesk.stream")

#: Seconds that a batch under way has to end in: when partitions go to another worker, and when the worker is stopped.
_PATIENCE: Final = 20.0
#: Seconds of one wait in the thread that receives, which looks after every one whether it is to stop.
_BREATH: Final = 0.1
#: Seconds that a full batch waits before the partitions are paused. To pause throws away what was fetched ahead.
_STUCK: Final = 5.0
#: Seconds before a batch is tried again that could not be stored: the first time, and at the most.
_AGAIN: Final = (0.1, 5.0)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a batch grows: in messages, in bytes, and in seconds since its first message; ``patience`` while a run is under way.

    What is stored meanwhile only the next run looks at. One large batch costs it less of the processor than many small ones, and before
    the next run begins, what has come is stored.
    """

    messages: int = 5_000
    bytes: int = 16_000_000
    seconds: float = 0.05
    patience: float = 0.5


class Worker:
    """Takes one topic's messages for as long as it is not told to stop."""

    def __init__(
        self,
        consumer: Consumer,
        topic: str,
        storing: Storing,
        looking: Looking,
        letters: DeadLetters,
        sizes: Sizes,
        figures: Figures | None = None,
    ) -> None:
        self._consumer, self._topic = consumer, topic
        self.figures = figures or Figures()
        self._storing, self._looking, self._letters, self._sizes = storing, looking, letters, sizes
        self._backlog = Backlog()
        self._stopped, self._asked, self._given = threading.Event(), threading.Event(), threading.Event()
        self._failed: Exception | None = None
        self._turn = 0
        self._done: Positions = {}  # of this turn
        self._owed = False
        self._noting = threading.Lock()
        self._forming: list[Message] = []
        self._bytes = 0
        self._first = 0.0
        self._paused = False
        self.stored = self.duplicates = self.refused = self.partitions = 0

    def stop(self) -> None:
        """End after the batch that is under way. May be called from a signal's handler."""
        self._stopped.set()
        self._asked.set()

    def gather(self, seconds: float) -> None:
        """Have stored what has come, in so many seconds at the most. Called by the thread that runs the rules."""
        end = time.monotonic() + seconds
        if self._backlog.behind:
            return  # there is always more, and the next run looks at it
        if self._forming:
            self._given.clear()
            self._asked.set()
            self._given.wait(seconds)
        self._backlog.settle(max(0.0, end - time.monotonic()))

    def run(self) -> None:
        """Receive until stopped; then store what is under way, leave the group, and let the rules look a last time."""
        storing = threading.Thread(target=self._store, name="storing", daemon=True)
        storing.start()
        self._looking.give_way_while(lambda: self._backlog.behind)
        self._looking.gather_by(self.gather)
        self._looking.start()
        self._consumer.subscribe(
            [self._topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )  # fmt: skip
        try:
            while not self._stopped.is_set() and storing.is_alive():
                self._receive()
                self._hand_over()
                self._commit(wait=False)
        finally:
            self._stopped.set()
            self._backlog.close()
            storing.join(_PATIENCE)
            self._commit(wait=True)
            self._consumer.close()  # before the rules look a last time: others need not wait for the partitions
            whole = self._looking.finish(_PATIENCE)
            _log.info("stream_stopped", stored=self.stored, duplicates=self.duplicates, rejected=self.refused,
                      status="done" if whole else "rules_behind")  # fmt: skip
        if self._failed is not None:
            raise self._failed

    # the thread that receives

    def _receive(self) -> None:
        """Take what has come, as far as the batch has room; wait for the first message of a batch, not for more."""
        room = self._sizes.messages - len(self._forming)
        full = room <= 0 or self._bytes >= self._sizes.bytes
        if full and not self._stuck():
            self._backlog.wait(_BREATH)
            return
        self._ease(full=full)
        if full:
            self._keep(self._consumer.poll(_BREATH))
            return
        if self._take(room):
            return
        if not self._forming:
            self._keep(self._consumer.poll(_BREATH))
            return
        # what comes meanwhile comes in one answer of the broker, not in one for each message
        if self._asked.is_set():
            self._backlog.wait(_BREATH)
        else:
            self._asked.wait(min(_BREATH, max(0.005, self._first + self._longest - time.monotonic())))
        self._take(room)

    def _take(self, room: int) -> bool:
        came = self._consumer.consume(room, 0)
        for one in came:
            self._keep(one)
        return bool(came)

    @property
    def _longest(self) -> float:
        """Seconds since its first message after which a batch is to be stored."""
        running = self._looking.running
        return max(self._sizes.seconds, self._sizes.patience) if running else self._sizes.seconds

    def _stuck(self) -> bool:
        """Say whether the batch has been full for so long that the broker would think this worker dead."""
        return self._paused or time.monotonic() - self._first > _STUCK

    def _keep(self, one: Any) -> None:
        if one is None:
            return
        if one.error() is not None:  # nothing that stops a consumer: the broker is away, the topic is not there yet
            _log.warning("stream_broker", status=one.error().name())
            return
        if not self._forming:
            self._first = time.monotonic()
        value = one.value()
        self._forming.append(Message(one.topic(), one.partition(), one.offset(), one.key(), value))
        self._bytes += len(value or b"")

    def _hand_over(self) -> None:
        """Give the batch to the thread that stores, once it is old or large enough and that thread has room for it."""
        if not self._forming:
            return
        full = len(self._forming) >= self._sizes.messages or self._bytes >= self._sizes.bytes
        due = full or self._asked.is_set() or time.monotonic() - self._first >= self._longest
        if due and self._backlog.offer(Batch(self._forming, self._first, self._turn)):
            self._forming, self._bytes = [], 0
            self._asked.clear()
            self._given.set()

    def _ease(self, *, full: bool) -> None:
        """Pause all partitions while there is no room, and go on once there is. A paused worker keeps its place."""
        if full is self._paused:
            return
        partitions = self._consumer.assignment()
        (self._consumer.pause if full else self._consumer.resume)(partitions)
        self._paused = full

    def _assigned(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._forget()
        self.partitions = len(partitions)
        self.figures.partitions.set(self.partitions)
        _log.info("stream_partitions", status="assigned", count=len(partitions))

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        """Finish what is being stored and note it, so that the next worker need not do it again."""
        self._backlog.drop()
        self._backlog.settle(_PATIENCE)
        self._commit(wait=True)
        self._forget()
        _log.info("stream_partitions", status="revoked", count=len(partitions))

    def _lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        """Somebody else has the partitions already; what is stored here is a duplicate there."""
        self._backlog.drop()
        self._forget()
        _log.warning("stream_partitions", status="lost", count=len(partitions))

    def _forget(self) -> None:
        with self._noting:
            self._turn += 1
            self._done, self._owed = {}, False
        self.partitions = 0
        self.figures.partitions.set(0)
        self._forming, self._bytes = [], 0
        self._paused = False

    def _commit(self, *, wait: bool) -> None:
        """Tell the broker how far everything is stored. One that fails is made good by the next, or by duplicates."""
        from confluent_kafka import KafkaException, TopicPartition

        with self._noting:
            owed, self._owed = self._owed, False
            done = [TopicPartition(topic, partition, offset) for (topic, partition), offset in self._done.items()]
        if not done or not (owed or wait):
            return
        try:
            if wait:
                self._consumer.commit(offsets=done, asynchronous=False)
            else:
                self._consumer.commit(offsets=done, asynchronous=True)
        except KafkaException as error:
            _log.warning("stream_commit", status=error.args[0].name())

    # the thread that stores

    def _store(self) -> None:
        """Store batch after batch; what nobody foresaw ends the worker, with nothing of the batch committed."""
        while (batch := self._backlog.take()) is not None:
            try:
                kept = self._kept(batch)
                if kept is None or not self._letters.send(kept.letters, self._stopped.is_set):
                    return
                self._count(batch, kept)
            except Exception as error:  # noqa: BLE001  # the thread that receives raises it, once it has left the group
                self._failed = error
                return
            finally:
                self._backlog.done()

    def _kept(self, batch: Batch) -> Kept | None:
        """Store a batch, however long the database takes; None if told to stop before it could."""
        wait, tried = _AGAIN[0], 0
        while True:
            begun = time.monotonic()
            self._looking.expect(batch.received)
            try:
                kept = self._storing.store(batch.messages, tried)
            except CasedeskError as refusal:
                tried += 1
                _log.warning("stream_batch_waits", count=len(batch.messages), exc_info=refusal)
                if self._stopped.wait(wait):
                    return None
                wait = min(2 * wait, _AGAIN[1])
            else:
                self._looking.notice(batch.received if kept.stored else None)
                took = time.monotonic() - begun
                self.figures.stored(kept.stored, kept.duplicates, len(kept.letters), took)
                _log.debug("stream_batch", read=len(batch.messages), stored=kept.stored, duplicates=kept.duplicates,
                           rejected=len(kept.letters), duration_ms=round(took * 1000))  # fmt: skip
                return kept

    def _count(self, batch: Batch, kept: Kept) -> None:
        self.stored += kept.stored
        self.duplicates += kept.duplicates
        self.refused += len(kept.letters)
        with self._noting:
            if batch.turn != self._turn:
                return
            self._done |= batch.positions()
            self._owed = True
