"""The record of what programs sent: one import, and one event, for all that came one way in a transaction."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from casedesk.domain.people import Person
from casedesk.formats.rejects import RejectedRow
from casedesk.services.ingestion import append_finished
from casedesk.services.lots import Lot, Part
from casedesk.store.import_store import Import, StoredReject
from casedesk.store.unit_of_work import Writing


def put_records(
    uow: Writing, lot: Lot, actors: Mapping[str, Person], statuses: Sequence[str], refused: Sequence[RejectedRow]
) -> dict[str, str]:
    """Store the imports of a lot within its transaction; return the import's id by the way it came.

    Its digest is over what came that way, one body behind the other; the row numbers of what was refused count the same way.

    :param statuses: ``stored``, ``duplicate`` or ``rejected`` for each row of the lot.
    """
    ids = {}
    for via, actor in actors.items():
        parts = [part for part in lot.parts if part.sending.via == via]
        counts = Counter(status for part in parts for status in statuses[part.start : part.stop])
        record = _record(lot, parts, via, counts)
        uow.imports.add(record)
        uow.imports.add_rejects(record.import_id, list(_rejects(lot, parts, refused)))
        append_finished(uow, record, actor, record.started_at, via)
        ids[via] = record.import_id
    return ids


def _record(lot: Lot, parts: Sequence[Part], via: str, counts: Counter[str]) -> Import:
    digest = sha256(b"".join(part.sending.body for part in parts)).hexdigest()
    at = parts[0].sending.at
    return Import(
        import_id=f"I-{secrets.token_hex(6).upper()}",
        kind="transactions",
        file_name=via,
        sha256=digest,
        reading=sha256(repr((digest, lot.rates.sha256, lot.base_currency)).encode()).hexdigest(),
        started_at=at,
        finished_at=at,
        chunks=1,
        rows_read=counts.total(),
        rows_stored=counts["stored"],
        rows_duplicate=counts["duplicate"],
        rows_rejected=counts["rejected"],
    )


def _rejects(lot: Lot, parts: Sequence[Part], refused: Sequence[RejectedRow]) -> Iterable[StoredReject]:
    before = 0
    for part in parts:
        for row in lot.of(part, refused):
            yield StoredReject(row.row_number - part.start + before, row.field, row.value, row.reason)
        before += len(part.items)
