"""A whole desk as files, and back: every table one CSV, the ledger vouching for all of them.

The export is an event that carries the SHA-256 of every file but the ledger's own, and it is the last event in the
exported ledger. So whoever holds the folder can tell whether a file in it was altered, without the database.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

from casedesk.domain.dataset import Shape
from casedesk.domain.events import DESK, DeskExported
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.errors import Conflict, Invalid, NotFound, Unavailable
from casedesk.exports import audit_csv, tables_csv
from casedesk.exports.tables_csv import AlteredFile, Table, Written
from casedesk.services.audit import verify_within
from casedesk.services.dataset_checks import Ledgered, check_against_ledger, check_references, read_ledger
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Writing

__all__ = ["AlteredFile", "NotADesk", "NotEmpty", "load_csv", "write_csv"]

EVENTS_FILE: Final = "case_events.csv"

Progress = Callable[[str, int, int], None]  # (what, how far, how far it goes)


class NotEmpty(Conflict):
    """The desk holds something already."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"A desk can only be loaded into an empty database; this one has rows in {table}. "
            "Point CASEDESK_DATABASE_URL at a new one and run: casedesk db upgrade."
        )


class NotADesk(NotFound):
    """The folder does not hold an exported desk."""


def write_csv(*, uow: Writing, actor: Person, at: datetime, folder: Path) -> dict[str, int]:
    """Write every table as CSV into a folder, and return the rows of each file.

    The export is an event. Writing the same desk again repeats that export byte for byte, and is no second event.

    :raises Unavailable: if the folder cannot be written; nothing is recorded then.
    """
    require(actor, Action.ADMINISTER)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack, uow:
            workshop = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder, prefix=".casedesk-")))
            actor = present(uow, actor)
            written = {_file(shape): _write(uow, shape, workshop) for shape in uow.dataset.shapes()}
            _record(uow, actor, at, {name: one.sha256 for name, one in written.items()})
            uow.ledger.flush()
            events = list(uow.ledger.everything())
            (workshop / EVENTS_FILE).write_bytes(audit_csv.write(events))
            uow.commit()
            counts = {name: one.rows for name, one in written.items()} | {EVENTS_FILE: len(events)}
            for name in counts:
                (workshop / name).replace(folder / name)
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} cannot be written ({error.strerror}); give another one, or make room."
        ) from None
    return counts


def _file(shape: Shape) -> str:
    return f"{shape.name}.csv"


def _write(uow: Writing, shape: Shape, folder: Path) -> Written:
    with (folder / _file(shape)).open("wb") as out:
        written = tables_csv.write(shape, uow.dataset.rows(shape.name), out)
        out.flush()
        os.fsync(out.fileno())
    return written


def _record(uow: Writing, actor: Person, at: datetime, digests: dict[str, str]) -> None:
    files = tuple(f"{name} {digest}" for name, digest in sorted(digests.items()))
    last = uow.ledger.newest(1)
    if last and last[0].action == DeskExported.action and last[0].data["files"] == list(files):
        return
    uow.ledger.append(DeskExported(files=files), stream=DESK, user=actor.user_id, at=at)


def load_csv(*, uow: Writing, actor: Person, folder: Path, progress: Progress | None = None) -> dict[str, int]:
    """Load an exported desk into an empty database, in one transaction, and return the rows of each file.

    Checked before anything is stored: every cell's form, keys and references, every event, every chain, the state of
    the cases, alerts and people against the ledger, and the SHA-256 of every file. After it is stored, and before the
    commit, the ledger is verified once more in the database itself.

    :raises NotEmpty: if the database holds anything.
    :raises NotADesk: if a file is missing.
    :raises AlteredFile: naming file, row, column, what was expected and what stands there.
    """
    require(actor, Action.ADMINISTER)
    tell = progress or (lambda what, done, total: None)
    with uow:
        filled = uow.dataset.filled()
        if filled:
            raise NotEmpty(filled)
        shapes = uow.dataset.shapes()
        ledger = read_ledger(EVENTS_FILE, _content(folder, EVENTS_FILE))
        recorded = _recorded_digests(ledger.events[-1], shapes)
        tables: dict[str, Table] = {}
        for position, shape in enumerate(shapes):
            tell("Checking", position, len(shapes))
            tables[shape.name] = tables_csv.read(shape, _file(shape), _content(folder, _file(shape)))
        _check(tables, ledger, recorded)
        for position, shape in enumerate(shapes):
            tell("Storing", position, len(shapes))
            uow.dataset.insert(shape.name, tables[shape.name].rows)
        uow.dataset.insert_events(ledger.events, ledger.verifier.frontier)
        uow.announcements.pass_over(uow.alerts.newest())
        report = verify_within(uow, lambda done, total: tell("Verifying", done, total))
        if report.first is not None:
            raise Invalid(f"The files do not make a sound desk: {report.first.sentence()} Nothing was loaded.")
        uow.commit()
    return {_file(shape): len(tables[shape.name].rows) for shape in shapes} | {EVENTS_FILE: len(ledger.events)}


def _content(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise NotADesk(
            f"{folder / name} cannot be read ({error.strerror}); a desk is a folder that “casedesk seed --csv DIR” wrote."
        ) from None


def _recorded_digests(last: Recorded, shapes: tuple[Shape, ...]) -> dict[str, str]:
    """Return what the ledger's last event says of the other files."""
    if last.action != DeskExported.action:
        raise AlteredFile(
            EVENTS_FILE, 0, "action", f"the last event to be {DeskExported.action}, which vouches for the other files",
            last.action,
        )  # fmt: skip
    found = dict(line.split(" ", 1) for line in last.data["files"])
    files = sorted(_file(shape) for shape in shapes)
    if sorted(found) != files:
        raise AlteredFile(EVENTS_FILE, 0, "meta", f"the files {', '.join(files)}", ", ".join(sorted(found)))
    return found


def _check(tables: dict[str, Table], ledger: Ledgered, recorded: dict[str, str]) -> None:
    """Look for the plainest fault first: it names the cell. The digests, which only name the file, come last."""
    check_against_ledger(tables, ledger)
    check_references(tables)
    for table in tables.values():
        if table.doubtful is not None:
            raise table.doubtful
    for table in tables.values():
        name = _file(table.shape)
        if recorded[name] != table.sha256:
            event = ledger.events[-1].event_id
            raise AlteredFile(name, 0, "", f"SHA-256 {recorded[name]}, as event {event} recorded", table.sha256)
