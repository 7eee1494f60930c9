"""`casedesk export`: files about one case. Each is an event, and no file name says what was decided."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casedesk.cli.printing import remark
from casedesk.cli.session import As, opened
from casedesk.errors import Unavailable

if TYPE_CHECKING:
    from casedesk.services.exporting import ExportedFile

app = typer.Typer(help="Export a case.", no_args_is_help=True, rich_markup_mode=None)

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="A case id, such as C-26-00042.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="PATH", help="A file or a folder; “-” is standard output. Default: here."),
]


@app.command("audit")
def export_audit(case: CaseId, user: As = "", out: Out = None) -> None:
    """Export the events of a case as CSV; “casedesk audit verify FILE” checks it anywhere."""
    with opened(user) as s:
        from casedesk.services import exporting

        deliver(out, lambda: exporting.audit_csv(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case, via="cli"
        ))  # fmt: skip


@app.command("sar")
def export_summary(case: CaseId, user: As = "", out: Out = None) -> None:
    """Export the summary of a case as Markdown."""
    with opened(user) as s:
        from casedesk.services import exporting

        deliver(out, lambda: exporting.summary(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case,
            base_currency=s.desk.settings.base_currency, via="cli",
        ))  # fmt: skip


def deliver(out: Path | None, make: Callable[[], ExportedFile]) -> None:
    """Write the file whole, readable by its owner only. That it can be written is tried before the export is recorded.

    :raises Unavailable: if the place cannot be written to; nothing is exported then.
    """
    if out is not None and str(out) == "-":
        sys.stdout.buffer.write(make().content)
        sys.stdout.buffer.flush()
        return
    folder = Path() if out is None else out if out.is_dir() else out.parent
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".casedesk-")
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} cannot be written to ({error.strerror}); give another place with --out. "
            "Nothing was exported."
        ) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            file = make()
            stream.write(file.content)
        path = folder / file.name if out is None or out.is_dir() else out
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    remark(f"{path} (SHA-256 {file.sha256[:16]}…, event {file.event.event_id})")
