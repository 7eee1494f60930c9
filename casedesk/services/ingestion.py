"""Import files: customers, accounts and transactions, chunk by chunk, each chunk whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from casedesk.domain.counts import counted
from casedesk.domain.events import DESK, TransactionsImported
from casedesk.domain.people import Action, Person, require
from casedesk.errors import Conflict, Unavailable
from casedesk.formats.batches import AccountBatch, Batch, CustomerBatch, TransactionBatch
from casedesk.formats.mapping import Mapping
from casedesk.formats.rejects import RejectedRow, rejected, write_rejects
from casedesk.formats.sources import Source, open_sources
from casedesk.services.rates import ensure_rates
from casedesk.services.steps import present
from casedesk.store.import_store import Import, StoredReject
from casedesk.store.transaction_store import Inserted
from casedesk.store.unit_of_work import Reading, Writing


class ImportUnderWay(Conflict):
    """Another process imports the same file at this moment."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Another process is importing {name} right now; wait until it is done, then try again.")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is."""

    file_name: str
    bytes_read: int
    total_bytes: int
    rows_read: int


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome for one file: ``read`` = ``stored`` + ``duplicates`` + ``rejected``."""

    import_id: str
    file_name: str
    kind: str
    read: int
    stored: int
    duplicates: int
    rejected: int
    rejects_file: str  # empty when no row was rejected
    resumed: bool


@dataclass(frozen=True, slots=True)
class HowToRead:
    """How to read the files; see :func:`casedesk.formats.sources.open_source`."""

    format: str = "auto"
    mapping: Mapping | None = None
    zone: str | None = None
    chunk_rows: int = 50_000
    start: str | None = None


def import_path(
    *,
    reading: Callable[[], Reading],
    writing: Callable[[], Writing],
    actor: Person,
    at: datetime,
    path: Path,
    base_currency: str,
    how: HowToRead | None = None,
    rejects_dir: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    via: str = "app",
) -> tuple[Imported, ...]:
    """Import a file, or a folder's customers, accounts and transactions files in this order.

    Every file is looked at before anything is stored. A chunk and its progress are committed together, so an import that
    was killed goes on after its last whole chunk when it is started again, and ends as if it had never been killed.

    :param reading: makes a unit of work; several are needed, one after the other. ``writing`` likewise.
    :param rejects_dir: where the rejects file goes; beside the imported file when not given.
    :raises Invalid: if a file cannot be what it claims to be; nothing is stored then.
    :raises ImportUnderWay: if another process imports the same file.
    """
    require(actor, Action.IMPORT)
    how = how or HowToRead()
    ensure_rates(uow=writing(), actor=actor, at=at)
    with reading() as uow:
        table = uow.rates.table()
    sources = open_sources(
        path,
        rates=table,
        base_currency=base_currency,
        format=how.format,
        mapping=how.mapping,
        zone=how.zone,
        start=how.start,
        chunk_rows=how.chunk_rows,
    )
    begun = _begin(sources, writing, at)
    return tuple(
        _import(source, record, reading, writing, actor, at, rejects_dir, progress, via, resumed=resumed)
        for source, (record, resumed) in zip(sources, begun, strict=True)
    )


def _import(
    source: Source,
    record: Import,
    reading: Callable[[], Reading],
    writing: Callable[[], Writing],
    actor: Person,
    at: datetime,
    rejects_dir: Path | None,
    progress: Callable[[Progress], None] | None,
    via: str,
    *,
    resumed: bool,
) -> Imported:
    done_before = record.finished_at is not None
    known: set[str] = set()
    for batch in () if done_before else source.batches(start_chunk=record.chunks):
        record = _store(source, batch, record, known, writing)
        if progress is not None:
            progress(Progress(source.path.name, batch.bytes_read, source.total_bytes, record.rows_read))
    # the list of rejects first: an import that was stopped in between still has it to write
    rejects_file = _write_rejects(source, record, reading, rejects_dir) if record.rows_rejected else ""
    if not done_before:
        _finish(record, writing, actor, at, via)
    return Imported(
        record.import_id,
        source.path.name,
        source.kind.value,
        record.rows_read,
        record.rows_stored,
        record.rows_duplicate,
        record.rows_rejected,
        rejects_file,
        resumed,
    )


def _begin(sources: Sequence[Source], writing: Callable[[], Writing], at: datetime) -> list[tuple[Import, bool]]:
    """Find the imports of these very files, read in this very way, that were cut short; start the others.

    All files of a run begin in one transaction and at one time. So a folder that was cut short after its first files is
    known again by that time, and what those files brought is told as it was, not as duplicates.
    """
    begun: list[tuple[Import, bool]] = []
    with writing() as uow:
        cut_short = [uow.imports.unfinished(source.sha256, source.fingerprint) for source in sources]
        started = max((record.started_at for record in cut_short if record is not None), default=None)
        for source, record in zip(sources, cut_short, strict=True):
            if record is None and started is not None:
                record = uow.imports.of_run(source.sha256, source.fingerprint, started)
            if record is not None:
                begun.append((record, True))
                continue
            record = _fresh(source, started or at)
            uow.imports.put(record)
            begun.append((record, False))
        uow.commit()
    return begun


def _fresh(source: Source, started_at: datetime) -> Import:
    return Import(
        import_id=f"I-{secrets.token_hex(6).upper()}",
        kind=source.kind.value,
        file_name=source.path.name[:260],
        sha256=source.sha256,
        reading=source.fingerprint,
        started_at=started_at,
        finished_at=None,
        chunks=0,
        rows_read=0,
        rows_stored=0,
        rows_duplicate=0,
        rows_rejected=0,
    )


def _store(source: Source, batch: Batch, record: Import, known: set[str], writing: Callable[[], Writing]) -> Import:
    with writing() as uow:
        if uow.imports.get(record.import_id) != record:
            raise ImportUnderWay(record.file_name)
        stored, duplicates, refused = put_batch(uow, batch, known)
        rejects = [*batch.rejects, *refused]
        uow.imports.add_rejects(
            record.import_id, [StoredReject(r.row_number, r.field, r.value, r.reason) for r in rejects]
        )
        record = replace(
            record,
            chunks=batch.index + 1,
            rows_read=record.rows_read + batch.read,
            rows_stored=record.rows_stored + stored,
            rows_duplicate=record.rows_duplicate + duplicates,
            rows_rejected=record.rows_rejected + len(rejects),
        )
        uow.imports.put(record)
        uow.commit()
    return record


def put_batch(uow: Writing, batch: Batch, known: set[str]) -> tuple[int, int, list[RejectedRow]]:
    """Store a chunk's good rows within a transaction.

    :param known: accounts that were seen before; those of the chunk are added.
    :return: how many rows were new, how many known, and which could not be taken after all.
    """
    if isinstance(batch, TransactionBatch):
        done, refused = put_transactions(uow, batch, known)
        return done.stored, done.duplicates, refused
    if isinstance(batch, CustomerBatch):
        stored = uow.parties.put_customers(batch.customers)
        return stored, len(batch.customers) - stored, []
    if isinstance(batch, AccountBatch):
        wanted = {a.customer_id for a in batch.accounts if a.customer_id}
        customers = uow.parties.known_customers(wanted)
        good = [a for a in batch.accounts if not a.customer_id or a.customer_id in customers]
        stored = uow.parties.put_accounts(good)
        refused = [
            rejected(number, "customer_id", a.customer_id, "No customer has this id; import the customers file first.")
            for number, a in zip(batch.numbers, batch.accounts, strict=True)
            if a.customer_id and a.customer_id not in customers
        ]
        return stored, len(good) - stored, refused
    raise TypeError(f"no store for {type(batch).__name__}")


def put_transactions(
    uow: Writing, batch: TransactionBatch, known: set[str] | None = None
) -> tuple[Inserted, list[RejectedRow]]:
    """Store the good transactions of a chunk within a transaction, and the accounts that they name.

    :param known: accounts that were seen before; those of the chunk are added.
    :return: which were new, and those that could not be taken after all.
    """
    seen = batch.accounts_seen(set() if known is None else known)
    uow.parties.add_unknown_holders((a.account_id, a.bank, a.currency) for a in seen)
    columns = batch.lists()
    done = uow.transactions.insert_new(columns)
    refused = [
        rejected(
            int(batch.numbers[position]),
            "transaction_id",
            columns["transaction_id"][position],
            "A transaction with this id is stored already, with another content; ids must not be used twice.",
        )
        for position in done.conflicting
    ]
    return done, refused


def _finish(record: Import, writing: Callable[[], Writing], actor: Person, at: datetime, via: str) -> None:
    with writing() as uow:
        actor = present(uow, actor)
        if uow.imports.get(record.import_id) != record:
            raise ImportUnderWay(record.file_name)
        uow.imports.put(replace(record, finished_at=at))
        append_finished(uow, record, actor, at, via)
        uow.commit()


def append_finished(uow: Writing, record: Import, actor: Person, at: datetime, via: str) -> None:
    """Record within a transaction that an import has come to its end."""
    event = TransactionsImported(
        import_id=record.import_id, kind=record.kind, sha256=record.sha256, read=record.rows_read,
        stored=record.rows_stored, duplicates=record.rows_duplicate, rejected=record.rows_rejected, via=via,
    )  # fmt: skip
    uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)


def _write_rejects(source: Source, record: Import, reading: Callable[[], Reading], rejects_dir: Path | None) -> str:
    path = (rejects_dir or source.path.parent) / f"{source.path.name}.rejects.csv"
    try:
        with reading() as uow:
            rows = uow.imports.rejects(record.import_id)
            write_rejects(path, (RejectedRow(r.row_number, r.field, r.value, r.reason) for r in rows))
    except OSError as error:
        raise Unavailable(
            f"{counted(record.rows_rejected, 'row')} of {record.file_name} {'was' if record.rows_rejected == 1 else 'were'} rejected, but the list of them cannot be written to "
            f"{path} ({error.strerror}). The other rows are stored; give the same command again with --rejects DIR."
        ) from None
    return str(path)
