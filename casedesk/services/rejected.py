"""Rows that were not taken: listed, given out as a file, and taken after somebody mended them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePath

from casedesk.domain.events import DESK, RejectsExported
from casedesk.domain.people import Action, Person, require
from casedesk.errors import Invalid
from casedesk.formats.rejects import RejectedRow, rejects_file
from casedesk.services.exporting import ExportedFile
from casedesk.services.ingestion import HowToRead, Imported, import_path
from casedesk.services.steps import present
from casedesk.store.import_store import StoredReject
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["MOST_MEGABYTES", "Imported", "StoredReject", "export", "rows", "take_again"]

#: A larger file is imported at the command line, which goes on where it was when it is stopped.
MOST_MEGABYTES = 50


class NothingRejected(Invalid):
    """The import has no rejected row."""

    def __init__(self, import_id: str) -> None:
        super().__init__(f"No row of the import {import_id} was rejected, so there is no list to download.")


def rows(*, uow: Reading, actor: Person, import_id: str, limit: int = 500) -> tuple[StoredReject, ...]:
    """Return the first rejected rows of an import, in the order of the file."""
    require(actor, Action.IMPORT)
    with uow:
        return tuple(uow.imports.rejects(import_id, limit))


def export(*, uow: Writing, actor: Person, at: datetime, import_id: str, via: str = "app") -> ExportedFile:
    """Give out an import's rejected rows as CSV: row, field, value and reason. The download is an event.

    :raises NothingRejected: if there is none.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.IMPORT)
        found = [RejectedRow(r.row_number, r.field, r.value, r.reason) for r in uow.imports.rejects(import_id)]
        if not found:
            raise NothingRejected(import_id)
        content = rejects_file(found)
        digest = sha256(content).hexdigest()
        event = RejectsExported(import_id=import_id, rows=len(found), sha256=digest, via=via)
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return ExportedFile(f"{import_id}-rejects.csv", content, digest, row)


def take_again(
    *, reading: Callable[[], Reading], writing: Callable[[], Writing], actor: Person, at: datetime, name: str,
    content: bytes, base_currency: str, zone: str = "", via: str = "app",
) -> tuple[Imported, ...]:  # fmt: skip
    """Import a file that somebody mended, by the rules for any file. Rows that are stored already are known again.

    :param name: the file's own name, by whose ending its kind is told.
    :param zone: of times that name none.
    :raises Invalid: if the file cannot be what it claims to be; nothing is stored then.
    """
    require(actor, Action.IMPORT)
    with tempfile.TemporaryDirectory(prefix="casedesk-mended-") as folder:
        path = Path(folder) / (PurePath(name.replace("\\", "/")).name[-200:] or "mended.csv")
        path.write_bytes(content)
        return import_path(
            reading=reading, writing=writing, actor=actor, at=at, path=path, base_currency=base_currency,
            how=HowToRead(zone=zone or None), rejects_dir=Path(folder), via=via,
        )  # fmt: skip
