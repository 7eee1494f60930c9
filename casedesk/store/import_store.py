"""Imports: how far each file got, and the rows it could not take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.store.arrivals import COUNTER
from casedesk.store.direct import Direct
from casedesk.store.tables import counters, import_rejects, imports, receipts


@dataclass(frozen=True, slots=True)
class Import:
    """One file's import. ``finished_at`` is None while it is under way or after it was killed."""

    import_id: str
    kind: str
    file_name: str
    sha256: str
    reading: str
    started_at: datetime
    finished_at: datetime | None
    chunks: int
    rows_read: int
    rows_stored: int
    rows_duplicate: int
    rows_rejected: int


_ADD = Direct(sa.insert(imports), Import.__slots__)
_RECEIPT = Direct(
    sa.insert(receipts).from_select(
        ("arrival", "import_id", "received_at"),
        sa.select(
            counters.c.value,
            sa.bindparam("import_id", type_=receipts.c.import_id.type),
            sa.bindparam("received_at", type_=receipts.c.received_at.type),
        ).where(counters.c.name == COUNTER, ~sa.exists().where(receipts.c.arrival == counters.c.value)),
    )
)


@dataclass(frozen=True, slots=True)
class StoredReject:
    """One row that could not be taken. ``row_number`` is the file's own."""

    row_number: int
    field: str
    value: str
    reason: str


class ImportReader:
    """Reads imports."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unfinished(self, sha256: str, reading: str) -> Import | None:
        """Return the import of this file, read in this way, that was not finished."""
        query = sa.select(imports).where(
            imports.c.sha256 == sha256, imports.c.reading == reading, imports.c.finished_at.is_(None)
        )
        query = query.order_by(imports.c.started_at.desc()).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else Import(**row)

    def of_run(self, sha256: str, reading: str, started_at: datetime) -> Import | None:
        """Return the import of this file, read in this way, that began at that time."""
        query = sa.select(imports).where(
            imports.c.sha256 == sha256, imports.c.reading == reading, imports.c.started_at == started_at
        )
        row = self._connection.execute(query.order_by(imports.c.import_id).limit(1)).one_or_none()
        return None if row is None else Import(**row._mapping)

    def get(self, import_id: str) -> Import:
        """Return an import known to exist."""
        query = sa.select(imports).where(imports.c.import_id == import_id)
        return Import(**self._connection.execute(query).mappings().one())

    def newest(self, limit: int = 20) -> tuple[Import, ...]:
        """Return the newest imports, newest first."""
        query = sa.select(imports).order_by(imports.c.started_at.desc(), imports.c.import_id).limit(limit)
        return tuple(Import(**row) for row in self._connection.execute(query).mappings())

    def totals(self) -> tuple[int, int, int, int]:
        """Return how many rows were ever read, stored, known already and rejected."""
        sums = (imports.c.rows_read, imports.c.rows_stored, imports.c.rows_duplicate, imports.c.rows_rejected)
        row = self._connection.execute(sa.select(*(sa.func.coalesce(sa.func.sum(c), 0) for c in sums))).one()
        return int(row[0]), int(row[1]), int(row[2]), int(row[3])

    def rejects(self, import_id: str, limit: int | None = None) -> Iterator[StoredReject]:
        """Yield an import's rejected rows in the order of the file; with ``limit``, the first so many."""
        query = (
            sa.select(*(import_rejects.c[n] for n in ("row_number", "field", "value", "reason")))
            .where(import_rejects.c.import_id == import_id)
            .order_by(import_rejects.c.row_number)
            .limit(limit)
        )
        for row in self._connection.execute(query):
            yield StoredReject(*row)


class ImportStore(ImportReader):
    """Writes imports."""

    def add(self, record: Import) -> None:
        """Store an import that begins and ends in one transaction, and when what it stores was received."""
        _ADD.run(self._connection, {name: getattr(record, name) for name in Import.__slots__})
        if record.chunks:
            self.note_receipt(record.import_id, record.started_at)

    def put(self, record: Import, *, received_at: datetime | None = None) -> None:
        """Store an import's progress, in the transaction of the chunk it tells of.

        :param received_at: when the desk was given the chunk; None for when the import began.
        """
        values = {name: getattr(record, name) for name in Import.__slots__}
        key = values.pop("import_id")
        changed = self._connection.execute(sa.update(imports).where(imports.c.import_id == key).values(values))
        if changed.rowcount == 0:
            self._connection.execute(sa.insert(imports).values(import_id=key, **values))
        if record.chunks:
            self.note_receipt(key, received_at or record.started_at)

    def note_receipt(self, import_id: str, received_at: datetime) -> None:
        """Note when the newest arrival was received, in the transaction in which it was stored.

        What is noted stays: an import that comes to its end stores nothing more, and a chunk of old rows may not either.
        """
        _RECEIPT.run(self._connection, {"import_id": import_id, "received_at": received_at})

    def add_rejects(self, import_id: str, rejects: Sequence[StoredReject]) -> None:
        """Store rejected rows of a chunk."""
        if rejects:
            self._connection.execute(
                sa.insert(import_rejects),
                [
                    {
                        "import_id": import_id,
                        "row_number": r.row_number,
                        "field": r.field[:64],
                        "value": r.value[:100],
                        "reason": r.reason[:400],
                    }
                    for r in rejects
                ],
            )
