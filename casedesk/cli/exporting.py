"""`casedesk export`: files about cases. Each is an event, and no file name says what was decided."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli import moments
from casedesk.cli.printing import remark
from casedesk.cli.session import As, opened
from casedesk.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from casedesk.services.exporting import ExportedFile

app = typer.Typer(help="Export a case, or a period.", no_args_is_help=True, rich_markup_mode=None)

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


@app.command("sar", hidden=True)  # its first name; the word would stand in the shell's history of every case
@app.command("summary")
def export_summary(
    case: CaseId,
    pdf: Annotated[bool, typer.Option("--pdf", help="As PDF, ready to print, instead of Markdown.")] = False,
    user: As = "",
    out: Out = None,
) -> None:
    """Export the summary of a case as Markdown, or as PDF."""
    with opened(user) as s:
        from casedesk.services import exporting

        deliver(out, lambda: exporting.summary(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case,
            base_currency=s.desk.settings.base_currency, pdf=pdf, via="cli",
        ))  # fmt: skip


@app.command("case-file")
def export_case_file(case: CaseId, user: As = "", out: Out = None) -> None:
    """Export a whole case as PDF: its summary, each alert with its evidence, and everything that happened."""
    with opened(user) as s:
        from casedesk.services import exporting

        deliver(out, lambda: exporting.case_file(
            look=s.desk.reading(), uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case,
            base_currency=s.desk.settings.base_currency, via="cli",
        ))  # fmt: skip


@app.command("packet")
def export_packet(
    case: Annotated[str, typer.Argument(metavar="[CASE]", help="A case id. Without one, give --period.")] = "",
    period: Annotated[
        tuple[str, str] | None,
        typer.Option("--period", metavar="FROM TO", help="All cases to which something happened on these days."),
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", help="full, no-decisions or no-personal-data: what is left out.")
    ] = "full",
    user: As = "",
    out: Out = None,
) -> None:
    """Export what an outsider needs to derive a case, or a period's cases, again: one zip, to check with verify.py."""
    if bool(case) == (period is not None):
        raise Invalid("Give either a case, such as C-26-00042, or --period FROM TO.")
    days = tuple(moments.day(text, "--period") for text in period or ())
    with opened(user) as s:
        from casedesk.services import packets

        chosen = _profile(profile, [one.value for one in packets.Profile])
        common: dict[str, Any] = {"actor": s.actor, "at": s.at, "profile": packets.Profile(chosen), "via": "cli"}

        def make(sealed: packets.Sealed | None) -> ExportedFile:
            if days:
                return packets.of_period(
                    uow=s.desk.writing(), period_from=days[0], period_to=days[1], sealed=sealed, **common
                )
            return packets.of_case(uow=s.desk.writing(), case_id=case, sealed=sealed, **common)

        deliver(out, lambda: s.desk.checkpoints.sealing(make))
        if not s.desk.checkpoints.signs:
            remark("The packet is not signed, because this desk has no key; run: casedesk audit keygen.")


@app.command("verifier")
def export_verifier(out: Out = None) -> None:
    """Write verify.py, which checks packets with nothing but Python 3.9 or newer. It holds nothing of this desk's data."""
    from casedesk.exports import packet

    content = packet.verifier()
    if out is not None and str(out) == "-":
        sys.stdout.buffer.write(content)
        return
    path = Path("verify.py") if out is None else out / "verify.py" if out.is_dir() else out
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written ({error.strerror}); give another place with --out.") from None
    remark(f"{path} (SHA-256 {sha256(content).hexdigest()})")


def _profile(given: str, known: list[str]) -> str:
    if given not in known:
        raise Invalid(f"“{given}” is not a profile; choose {', '.join(known[:-1])} or {known[-1]}.")
    return given


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
