"""Import transactions that a program sends, in one transaction: what a file of the same rows would store and refuse."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from casedesk.domain.people import Action, Person, require
from casedesk.domain.rates import RateTable
from casedesk.formats.batches import TransactionBatch
from casedesk.formats.posted import batch_of, ids_of, read_posted
from casedesk.formats.rejects import RejectedRow
from casedesk.services.ingestion import append_finished, put_batch
from casedesk.services.rates import ensure_rates
from casedesk.services.steps import present
from casedesk.store.import_store import Import, StoredReject
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["Became", "Outcome", "Posted", "Refused", "post"]


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

    def count(self, status: Became) -> int:
        """Return how many transactions became this."""
        return sum(1 for outcome in self.outcomes if outcome.status is status)


def post(
    *, reading: Callable[[], Reading], writing: Callable[[], Writing], actor: Person, at: datetime, body: bytes,
    base_currency: str, via: str, atomic: bool = False,
) -> Posted:  # fmt: skip
    """Store the good ones of one transaction or a list, with a record of the import and of what was refused.

    They are checked before the desk is locked, and stored in one transaction: a process that dies has stored all of them
    or none, and sending them again stores each once.

    :param reading: makes a unit of work; several are needed, one after the other. ``writing`` likewise.
    :param atomic: store nothing at all if any is refused.
    :raises NotPosted: for what is neither a transaction nor a list of at most 10,000.
    """
    require(actor, Action.IMPORT)
    items = read_posted(body)
    rates = _rates(reading, writing, actor, at)
    batch = batch_of(items, rates, base_currency)
    if atomic and batch.rejects:
        return _nothing(ids_of(items, batch), batch.rejects)
    with writing() as uow:
        actor = present(uow, actor)
        require(actor, Action.IMPORT)
        known = uow.transactions.known(batch.table["transaction_id"].to_pylist())
        stored, duplicates, late = put_batch(uow, batch, set())
        refused = sorted([*batch.rejects, *late])
        if atomic and refused:
            return _nothing(ids_of(items, batch), refused)
        record = _record(batch, body, rates, base_currency, at, via, (stored, duplicates, len(refused)))
        uow.imports.put(record)
        uow.imports.add_rejects(
            record.import_id, [StoredReject(r.row_number, r.field, r.value, r.reason) for r in refused]
        )
        append_finished(uow, record, actor, at, via)
        uow.commit()
    return Posted(record.import_id, _outcomes(ids_of(items, batch), refused, known), _told(refused))


def _rates(reading: Callable[[], Reading], writing: Callable[[], Writing], actor: Person, at: datetime) -> RateTable:
    with reading() as uow:
        found = uow.rates.all()
    if not found:
        ensure_rates(uow=writing(), actor=actor, at=at)
        with reading() as uow:
            found = uow.rates.all()
    return RateTable(found)


def _record(
    batch: TransactionBatch, body: bytes, rates: RateTable, base_currency: str, at: datetime, via: str,
    counts: tuple[int, int, int],
) -> Import:  # fmt: skip
    digest = sha256(body).hexdigest()
    return Import(
        import_id=f"I-{secrets.token_hex(6).upper()}",
        kind="transactions",
        file_name=via,
        sha256=digest,
        reading=sha256(repr((digest, rates.sha256, base_currency)).encode()).hexdigest(),
        started_at=at,
        finished_at=at,
        chunks=1,
        rows_read=batch.read,
        rows_stored=counts[0],
        rows_duplicate=counts[1],
        rows_rejected=counts[2],
    )


def _nothing(ids: list[str], refused: Sequence[RejectedRow]) -> Posted:
    bad = {row.row_number - 1 for row in refused}
    outcomes = tuple(Outcome(i, name, Became.REJECTED if i in bad else Became.LEFT_OUT) for i, name in enumerate(ids))
    return Posted("", outcomes, _told(refused))


def _outcomes(ids: list[str], refused: Sequence[RejectedRow], known: set[str]) -> tuple[Outcome, ...]:
    """Tell the first of each new id as stored, and what follows as a duplicate, as the database took them."""
    bad, seen = {row.row_number - 1 for row in refused}, set(known)
    outcomes = []
    for index, name in enumerate(ids):
        status = Became.REJECTED if index in bad else Became.DUPLICATE if name in seen else Became.STORED
        if status is Became.STORED:
            seen.add(name)
        outcomes.append(Outcome(index, name, status))
    return tuple(outcomes)


def _told(refused: Sequence[RejectedRow]) -> tuple[Refused, ...]:
    return tuple(Refused(row.row_number - 1, row.field, row.value, row.reason) for row in refused)
