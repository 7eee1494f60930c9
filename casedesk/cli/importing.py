"""`casedesk import`: files in, with a summary that adds up and an exit code a script can act on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casedesk.cli.mapped import Map, MapValue, Set, mapping_of
from casedesk.cli.printing import emit, remark, say
from casedesk.cli.progress import Update, bar
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, opened
from casedesk.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casedesk.services.ingestion import Imported, Progress


def import_files(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with customers, accounts and transactions files.")],
    format: Annotated[
        str,
        typer.Option(
            help="auto, native, amlworld, amlworld-patterns, saml-d, paysim, amlsim, amlgentex, camt.053 or pacs.008.",
            metavar="FORMAT",
        ),
    ] = "auto",
    map: Map = None,
    set: Set = None,
    map_value: MapValue = None,
    zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of times that name none, such as Europe/Vienna.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="When step 0 was, for PaySim and AMLSim. Default: 2026-01-01T00:00:00Z."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where rejects files go. Default: beside the imported file.")
    ] = None,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
    chunk_rows: Annotated[int, typer.Option(hidden=True, min=1)] = 50_000,
) -> None:
    """Import customers, accounts and transactions: CSV, Parquet, JSON lines, or ISO 20022 XML.

    A file of the desk's own format, of a published data set or of a bank's message is recognised by its header; any other
    is read with --map.

    A second import of the same rows stores nothing. An import that was stopped goes on where it was when the same command
    is given again.

    Exits 0 when every row is stored or known, 1 when some were rejected (the rest is stored), 2 when nothing was stored. A
    file with a header and no row is an import like any other, and remarked on.
    """
    with opened(user) as session:
        from casedesk.services.ingestion import HowToRead, import_path

        mapping = mapping_of(map, set, map_value)
        if rejects is not None:
            _usable(rejects)
        with bar("bytes") as update:
            files = import_path(
                reading=session.desk.reading,
                writing=session.desk.writing,
                actor=session.actor,
                at=session.at,
                path=path,
                base_currency=session.desk.settings.base_currency,
                how=HowToRead(format, mapping, zone, chunk_rows, start),
                rejects_dir=rejects,
                progress=lambda p: _show(update, p),
                via="cli",
            )
    rejected = sum(file.rejected for file in files)
    emit(_summary(files)) if json else _tell(files)
    for file in files:
        if not file.read:
            remark(f"{file.file_name} has a header and no row; if something was to come, look at what made the file.")
    raise typer.Exit(1 if rejected else 0)


def _usable(folder: Path) -> None:
    """Make the folder for the rejects before anything is imported, not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"The rejects folder {folder} cannot be made ({error.strerror}); give another one with --rejects. "
            "Nothing was imported."
        ) from None


def _show(update: Update, progress: Progress) -> None:
    update(progress.file_name, progress.bytes_read, progress.total_bytes)


def _summary(files: Sequence[Imported]) -> dict[str, object]:
    counts = ("read", "stored", "duplicates", "rejected")
    return {
        **{name: sum(getattr(file, name) for file in files) for name in counts},
        "files": [
            {
                "file": file.file_name,
                "kind": file.kind,
                **{name: getattr(file, name) for name in counts},
                "rejects_file": file.rejects_file,
                "resumed": file.resumed,
                "import_id": file.import_id,
            }
            for file in files
        ],
    }


def _tell(files: Sequence[Imported]) -> None:
    for file in files:
        resumed = " (taken up where it had been stopped)" if file.resumed else ""
        say(
            f"{file.file_name}: {file.read:,} {file.kind} read, {file.stored:,} stored, "
            f"{file.duplicates:,} known already, {file.rejected:,} rejected{resumed}."
        )
        if file.rejects_file:
            say(f"  What was rejected, and why: {file.rejects_file}")
