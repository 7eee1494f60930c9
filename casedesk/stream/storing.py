"""Store messages: the good ones in one transaction of the database, the others told with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from casedesk import logs, traces
from casedesk.bootstrap import Desk
from casedesk.domain.people import Person
from casedesk.errors import CasedeskError, Invalid
from casedesk.services import posting
from casedesk.services.posting import FEW, read_apart
from casedesk.stream.decoding import Decode, Unreadable, plain
from casedesk.stream.messages import Letter, Message

_log = structlog.get_logger("casedesk.stream")

#: How often a batch that failed in a way nobody foresaw is tried again whole before its messages are tried one by one.
TRIES = 3
#: The most messages of one transaction of the database.
MOST = 10_000


class Unforeseen(CasedeskError):
    """Storing failed in a way nobody foresaw; trying again may help."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of messages."""

    stored: int = 0
    duplicates: int = 0
    letters: tuple[Letter, ...] = ()

    def __add__(self, other: Kept) -> Kept:
        return Kept(
            self.stored + other.stored, self.duplicates + other.duplicates, (*self.letters, *other.letters)
        )  # fmt: skip


class Storing:
    """Puts messages of one topic into the desk."""

    def __init__(
        self,
        desk: Desk,
        actor: Person,
        via: str,
        *,
        largest: int,
        decode: Decode = plain,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Name what is stored where.

        :param via: where the messages come from, as the record of each import says it.
        :param largest: the most bytes of a message.
        """
        self._desk, self._actor, self._via = desk, actor, via
        self._largest, self._decode, self._now = largest, decode, now

    def store(self, messages: Sequence[Message], tried: int = 0) -> Kept:
        """Store them, each once however often it comes.

        :param tried: how often this failed before.
        :raises Unavailable: if the database, or the registry, cannot be used now. ``Conflict`` likewise.
        :raises Unforeseen: if it failed in another way, and was not tried often enough to look at each message alone.
        """
        with traces.span("store", messages=len(messages)) as spanned:
            kept = self._store(messages, tried)
            spanned.note(stored=kept.stored, duplicates=kept.duplicates, rejected=len(kept.letters))
            return kept

    def _store(self, messages: Sequence[Message], tried: int) -> Kept:
        kept = self._at_once(messages) if tried < TRIES else None
        if kept is not None:
            return kept
        readable: list[tuple[Message, bytes]] = []
        letters: list[Letter] = []
        for message in messages:
            try:
                readable.append((message, self._read(message)))
            except Unreadable as refusal:
                letters.append(Letter(message, "message", str(refusal)))
        kept = Kept(letters=tuple(letters))
        for start in range(0, len(readable), MOST):
            kept += self._post(readable[start : start + MOST], alone=tried >= TRIES)
        return kept

    def _at_once(self, messages: Sequence[Message]) -> Kept | None:
        """Store messages that are read all at once; None where they have to be read one by one, and where they are few."""
        values = [message.value for message in messages if message.value is not None]
        if self._decode is not plain or not FEW < len(messages) == len(values) <= MOST:
            return None
        apart = read_apart(values) if max(map(len, values)) <= self._largest else None
        return None if apart is None else self._post(list(zip(messages, values, strict=True)), alone=False, items=apart)

    def _read(self, message: Message) -> bytes:
        if message.value is None:
            raise Unreadable("The message has no value; send one transaction as a JSON object.")
        if len(message.value) > self._largest:
            raise Unreadable(f"The message has {len(message.value):,} bytes; the most is {self._largest:,}.")
        return self._decode(message.value)

    def _post(self, chunk: Sequence[tuple[Message, bytes]], *, alone: bool, items: Sequence[Any] | None = None) -> Kept:
        try:
            done = posting.post(
                reading=self._desk.reading, writing=self._desk.writing, actor=self._actor, at=self._now(),
                body=b"[" + b",".join(value for _, value in chunk) + b"]",
                base_currency=self._desk.settings.base_currency, via=self._via, items=items,
            )  # fmt: skip
        except Invalid as refusal:
            return self._halves(chunk, "message", str(refusal), alone=alone)
        except CasedeskError:
            raise
        except Exception as error:
            mark = logs.reference()
            _log.error("stream_failed", reference=mark, count=len(chunk), exc_info=error)
            if not alone:
                raise Unforeseen(f"Storing failed in a way nobody foresaw ({mark}).") from error
            reason = f"The desk did not foresee what storing this does. Tell its operator: {mark}."
            return self._halves(chunk, "message", reason, alone=True)
        refused = tuple(Letter(chunk[one.index][0], one.field, one.reason) for one in done.refused)
        became = done.counts
        return Kept(became[posting.Became.STORED], became[posting.Became.DUPLICATE], refused)

    def _halves(self, chunk: Sequence[tuple[Message, bytes]], field: str, reason: str, *, alone: bool) -> Kept:
        """Find the message that spoils the others: try half of them at a time."""
        if len(chunk) == 1:
            return Kept(letters=(Letter(chunk[0][0], field, reason),))
        middle = len(chunk) // 2
        return self._post(chunk[:middle], alone=alone) + self._post(chunk[middle:], alone=alone)
