"""Import transactions that programs send, in one transaction: what a file of the same rows would store and refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from casedesk.domain.api_keys import require_open, require_scope
from casedesk.domain.people import Action, Person, require
from casedesk.domain.rates import RateTable
from casedesk.errors import CasedeskError
from casedesk.formats.apart import read_apart
from casedesk.formats.few_rows import FEW
from casedesk.formats.posted import MOST, read_posted
from casedesk.formats.rejects import RejectedRow
from casedesk.services.ingestion import put_transactions
from casedesk.services.lots import Lot, Part, Sending
from casedesk.services.posting_records import put_records
from casedesk.services.rates import ensure_rates
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["FEW", "Became", "Outcome", "Posted", "Refused", "Sending", "post", "post_together", "read_apart"]


class Became(StrEnum):
    """What became of one transaction."""

    STORED = "stored"
    DUPLICATE = "duplicate"  # the same one is stored already
    REJECTED = "rejected"
    LEFT_OUT = "left out"  # good in itself, but all or nothing was asked for


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the transaction at ``index`` of the list, which begins at 0."""

    index: int
    transaction_id: str
    status: Became


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the transaction at ``index`` was not taken: the first field that broke a rule."""

    index: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Posted:
    """The outcome; ``import_id`` is empty where nothing was stored, not even the fact that somebody tried."""

    import_id: str
    outcomes: tuple[Outcome, ...]
    refused: tuple[Refused, ...]

    @property
    def counts(self) -> Counter[Became]:
        """How many transactions became what."""
        return Counter(outcome.status for outcome in self.outcomes)

    def count(self, status: Became) -> int:
        """Return how many transactions became this."""
        return self.counts[status]


class _OtherRates(Exception):
    """Rates were put since they were read."""


def post(
    *, reading: Callable[[], Reading], writing: Callable[[], Writing], actor: Person, at: datetime, body: bytes,
    base_currency: str, via: str, atomic: bool = False, most: int = MOST, items: Sequence[Any] | None = None,
) -> Posted:  # fmt: skip
    """Store the good ones of one transaction or a list, with a record of the import and of what was refused.

    They are checked before the desk is locked, and stored in one transaction: a process that dies has stored all of them
    or none, and sending them again stores each once.

    :param reading: makes a unit of work; several are needed, one after the other. ``writing`` likewise.
    :param atomic: store nothing at all if any is refused.
    :param most: how many transactions one list may have.
    :param items: the body as it was read, where the caller has read it.
    :raises NotPosted: for what is neither a transaction nor a list of at most ``most``.
    """
    (done,) = post_together(
        reading=reading, writing=writing, sent=[Sending(actor, at, body, via, atomic, items=items)], base_currency=base_currency,
        most=most,
    )  # fmt: skip
    if isinstance(done, CasedeskError):
        raise done
    return done


def post_together(
    *,
    reading: Callable[[], Reading],
    writing: Callable[[], Writing],
    sent: Sequence[Sending],
    base_currency: str,
    most: int = MOST,
) -> list[Posted | CasedeskError]:
    """Do for several callers what :func:`post` does for each, in one transaction, in their order.

    Each is told of its own: what it sent, in its own places, or the refusal. One that must not be stored together with the
    others, because all or nothing was asked for or its key is open no more, has each of them done on its own instead.
    """
    told: list[Posted | CasedeskError] = [CasedeskError()] * len(sent)
    parts = []
    for place, sending in enumerate(sent):
        try:
            require(sending.actor, Action.IMPORT)
            items = read_posted(sending.body, most) if sending.items is None else sending.items
            parts.append(Part(place, sending, items))
        except CasedeskError as refusal:
            told[place] = refusal
    if not parts:
        return told
    known = reading().rates_read_last
    if known is None or not _posted(Lot(parts, known, base_currency), writing, told, known):
        _posted(Lot(parts, _rates(reading, writing, parts[0].sending), base_currency), writing, told)
    return told


def _posted(
    lot: Lot, writing: Callable[[], Writing], told: list[Posted | CasedeskError], known: RateTable | None = None
) -> bool:
    """Store what may be stored of a lot, together or each alone, and tell its callers.

    :param known: the rates, where it has to be asked first whether they still are; False says that they may not be, and nothing was done.
    """
    hopeless = {part.place for part in lot.holding(lot.batch.rejects) if part.sending.atomic}
    if hopeless and known is not None:
        return False
    for part in lot.parts:
        if part.place in hopeless:
            told[part.place] = _nothing(lot, part, lot.batch.rejects)
    if hopeless:
        lot = lot.without(hopeless)
    try:
        if not lot.parts or _stored(lot, writing, told, known):
            return True
    except _OtherRates:
        return False
    for part in lot.parts:
        try:
            _stored(lot.only(part), writing, told)
        except CasedeskError as refusal:
            told[part.place] = refusal
    return True


def _stored(
    lot: Lot, writing: Callable[[], Writing], told: list[Posted | CasedeskError], known: RateTable | None = None
) -> bool:
    """Store a lot and tell its callers; return False, with nothing stored, if its parts have to go each alone.

    :raises _OtherRates: if the rates are not the known ones any more; nothing is stored.
    """
    alone = len(lot.parts) == 1
    with writing() as uow:
        if known is not None and uow.rates.table() is not known:
            raise _OtherRates
        try:
            actors = {via: _let_in(uow, last) for via, last in lot.ways().items()}
        except CasedeskError as refusal:
            if alone:
                told[lot.parts[0].place] = refusal
            return alone
        done, late = put_transactions(uow, lot.batch)
        refused = sorted([*lot.batch.rejects, *late])
        if late and any(part.sending.atomic for part in lot.holding(late)):
            if alone:
                told[lot.parts[0].place] = _nothing(lot, lot.parts[0], refused)
            return alone
        statuses = _statuses(lot, done.repeated, refused)
        records = put_records(uow, lot, actors, [status.value for status in statuses], refused)
        uow.commit()
    for part in lot.parts:
        ids = lot.ids_of(part)
        outcomes = tuple(map(Outcome, range(len(ids)), ids, statuses[part.start : part.stop]))
        told[part.place] = Posted(records[part.sending.via], outcomes, _told(lot, part, refused))
    return True


def _let_in(uow: Writing, sending: Sending) -> Person:
    """Return the actor as the database knows them now, if they and their key may still send."""
    actor = present(uow, sending.actor)
    require(actor, Action.IMPORT)
    if sending.key is not None:
        key_id = sending.key.key_id
        key = uow.api_keys.get(key_id) if uow.api_keys.revoked(key_id) else sending.key
        require_open(key, actor, sending.at)
        require_scope(key, *sending.key.scopes)
    return actor


def _rates(reading: Callable[[], Reading], writing: Callable[[], Writing], first: Sending) -> RateTable:
    with reading() as uow:
        found = uow.rates.table()
    if not found.rates:
        ensure_rates(uow=writing(), actor=first.actor, at=first.at)
        with reading() as uow:
            found = uow.rates.table()
    return found


def _statuses(lot: Lot, repeated: Sequence[int], refused: Sequence[RejectedRow]) -> list[Became]:
    """Say what became of each row of the lot: the first of each new id is stored."""
    statuses = [Became.STORED] * lot.rows
    for position in repeated:
        statuses[int(lot.batch.numbers[position]) - 1] = Became.DUPLICATE
    for row in refused:
        statuses[row.row_number - 1] = Became.REJECTED
    return statuses


def _nothing(lot: Lot, part: Part, refused: Sequence[RejectedRow]) -> Posted:
    own = _told(lot, part, refused)
    bad = {refusal.index for refusal in own}
    outcomes = (
        Outcome(i, name, Became.REJECTED if i in bad else Became.LEFT_OUT) for i, name in enumerate(lot.ids_of(part))
    )
    return Posted("", tuple(outcomes), own)


def _told(lot: Lot, part: Part, refused: Sequence[RejectedRow]) -> tuple[Refused, ...]:
    return tuple(
        Refused(row.row_number - 1 - part.start, row.field, row.value, row.reason) for row in lot.of(part, refused)
    )
