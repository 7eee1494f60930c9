"""`casedesk filing` beyond the linter: forms, batches, and what became of them. No file name says what is in it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import As, Json, Session, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.counts import counted
from casedesk.errors import Unavailable

if TYPE_CHECKING:
    from casedesk.services.answers import Said
    from casedesk.services.outgoing import Batch

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="A case id, such as C-26-00042.")]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="A batch id, such as B-000001.")]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="FOLDER", help="Where to write the files. Default: here.")
]


def form(case: CaseId, user: As = "") -> None:
    """Print the form of a case as JSON, filled in by the desk as far as nobody saved it; “filing draft” takes it back."""
    with opened(user) as s:
        from casedesk.domain.reports import report
        from casedesk.services import decisions, report_forms

        found = report_forms.read(
            uow=s.desk.reading(), actor=s.actor, case_id=case, base_currency=s.desk.settings.base_currency,
            institution=s.desk.institution() if s.desk.settings.institution_path else None,
        )  # fmt: skip
        if found.filings:
            decisions.read_narrative(uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case, via="cli")
        emit(report.content(found.report))
        last = found.filings[-1] if found.filings else None
        remark(f"{last.filing_id}: somebody saved it." if last else "Nobody saved it yet.")


def draft(
    case: CaseId,
    file: Annotated[Path, typer.Argument(help="The form in JSON, as “filing form” prints it.")],
    user: As = "",
) -> None:
    """Save the form of a case, and say what the linter finds in it."""
    with opened(user) as s:
        from casedesk.domain.reports import report
        from casedesk.services import casefile, report_forms

        made = report.read(_text(file))
        seen = casefile.read(uow=s.desk.reading(), actor=s.actor, case_id=case)
        row = report_forms.save(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case, seen_version=seen.seen_version, report=made,
            via="cli",
        )  # fmt: skip
        remark(f"{row.data['filing_id']}: saved (event {row.event_id}).")
        if s.desk.settings.institution_path is None:
            return
        for one in report_forms.check(made, seen.case.decision_text, s.desk.institution(), s.at.date()):
            say(f"{one.code} {one.severity} [{one.part}] {one.sentence}")


def approve_form(case: CaseId, user: As = "") -> None:
    """Approve the form of a case that was closed before it had one. Whoever touched the case may not."""
    with opened(user) as s:
        from casedesk.services import casefile, report_forms

        seen = casefile.read(uow=s.desk.reading(), actor=s.actor, case_id=case)
        row = report_forms.approve(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case, seen_version=seen.seen_version, via="cli"
        )
        remark(f"{row.data['filing_id']}: approved (event {row.event_id}).")


def profile(user: As = "", json: Json = False) -> None:
    """Check the institution's profile (CASEDESK_INSTITUTION), and print it."""
    with opened(user) as s:
        found = s.desk.institution()
        if json:
            emit(found.model_dump(mode="json"))
            return
        mode = "every batch is a test" if found.is_test else "batches are for production"
        say(f"{found.filer.name}, transmitted by {found.transmitter.name} under {found.control_code}: {mode}.")


def produce(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="Cases; without any, all that wait.")
    ] = None,
    user: As = "",
    out: Folder = None,
    json: Json = False,
) -> None:
    """Put approved forms into a batch, lint it, and write it out. What was produced was not transmitted.

    Exits 2 when the linter finds an error: then nothing is produced, and each line says where it is mended.
    """
    with opened(user) as s:
        from casedesk.services import outgoing

        _require_folder(out)
        try:
            made = outgoing.produce(
                uow=s.desk.writing(), actor=s.actor, at=s.at, institution=s.desk.institution(), cases=cases, via="cli"
            )
        except outgoing.Defective as refusal:
            for line in refusal.lines:
                say(line)
            raise
        _write(s, made.batch.batch_id, out)
        if json:
            emit({**_batch(made.batch), "cases": [one.case_id for one in made.filings]})
        else:
            say(_told(made.batch))


def export(batch: BatchId, user: As = "", out: Folder = None) -> None:
    """Write the files of a batch again, the same bytes as ever."""
    with opened(user) as s:
        _require_folder(out)
        _write(s, batch, out)


def transmitted(
    batch: BatchId,
    tracking_id: Annotated[str, typer.Argument(metavar="TRACKING", help="The number that the filing system gave.")],
    user: As = "",
) -> None:
    """Record that somebody sent a batch."""
    with opened(user) as s:
        from casedesk.services import answers

        done = answers.transmitted(
            uow=s.desk.writing(), actor=s.actor, at=s.at, batch_id=batch, tracking_id=tracking_id, via="cli"
        )
        remark(f"{done.batch_id}: transmitted under {done.tracking_id}; nothing is acknowledged yet.")


def withdraw(batch: BatchId, text: Text = None, file: File = None, user: As = "") -> None:
    """Take a batch back that was not sent, with a reason; never by who produced it (managers)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import withdrawing

        done = withdrawing.withdraw(
            uow=s.desk.writing(), actor=s.actor, at=s.at, batch_id=batch, reason=reason, via="cli"
        )
        remark(
            f"{done.batch_id}: taken back; {counted(done.reports, 'report waits', 'reports wait')} for another batch."
        )


def ack(
    file: Annotated[Path, typer.Argument(help="FinCEN's acknowledgement in XML.")],
    tracking: Annotated[
        str, typer.Option("--tracking", metavar="ID", help="The batch's tracking ID. Not needed where one batch waits.")
    ] = "",
    user: As = "",
    json: Json = False,
) -> None:
    """Record an acknowledgement: bind the BSA IDs, list what was said, and give back what was refused.

    Exits 0 when every report was taken, 1 when one was refused.
    """
    with opened(user) as s:
        from casedesk.exports.fincen.reading import content_of
        from casedesk.services import answers

        found = answers.acknowledge(
            uow=s.desk.writing(), actor=s.actor, at=s.at, content=content_of(file, "an acknowledgement in XML"),
            name=file.name, tracking_id=tracking, via="cli",
        )  # fmt: skip
        _answers(found.batch, found.said, json=json)
        raise typer.Exit(1 if any(one.filing.state == "rejected" for one in found.said) else 0)


def list_batches(user: As = "", json: Json = False) -> None:
    """List what waits to be produced, and all batches, the newest first."""
    with opened(user) as s:
        from casedesk.services import outgoing

        found = outgoing.outgoing(uow=s.desk.reading(), actor=s.actor)
        if json:
            waiting = [{"filing_id": r.filing.filing_id, "case_id": r.filing.case_id, "hindrance": r.hindrance}
                       for r in found.ready]  # fmt: skip
            emit({"waiting": waiting, "batches": [_batch(one) for one in found.batches]})
            return
        table(
            ("Filing", "Case", "Kind", "Waits"),
            [(r.filing.filing_id, r.filing.case_id, r.filing.kind, r.hindrance or "ready") for r in found.ready],
        )
        if found.ready and found.batches:
            say()
        table(
            ("Batch", "State", "Reports", "Test", "Produced", "Tracking ID"),
            [
                (b.batch_id, b.state, b.reports, "yes" if b.test else "", f"{b.produced_at:%Y-%m-%d}", b.tracking_id)
                for b in found.batches
            ],
        )


def show(batch: BatchId, user: As = "", json: Json = False) -> None:
    """Show a batch: its reports, and what was said of each."""
    with opened(user) as s:
        from casedesk.services import answers, outgoing

        found = outgoing.show(uow=s.desk.reading(), actor=s.actor, batch_id=batch)
        said = answers.read_remarks(uow=s.desk.reading(), actor=s.actor, batch_id=batch)
        if said:
            _answers(found.batch, said, json=json)
        elif json:
            emit({**_batch(found.batch), "cases": [one.case_id for one in found.filings]})
        else:
            say(_told(found.batch))
            table(("Place", "Filing", "Case"), [(one.place, one.filing_id, one.case_id) for one in found.filings])


def _batch(batch: Batch) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "state": batch.state,
        "reports": batch.reports,
        "test": batch.test,
        "sha256": batch.sha256,
        "produced_at": batch.produced_at,
        "produced_by": batch.produced_by,
        "tracking_id": batch.tracking_id,
        "transmitted_at": batch.transmitted_at,
        "answered_at": batch.answered_at,
        "withdrawn_at": batch.withdrawn_at,
        "withdrawn_by": batch.withdrawn_by,
    }


def _told(batch: Batch) -> str:
    test = ", a test" if batch.test else ""
    tracked = f", tracking ID {batch.tracking_id}" if batch.tracking_id else ""
    return (
        f"{batch.batch_id}: {batch.state}{tracked}, {counted(batch.reports, 'report')}{test}, SHA-256 {batch.sha256}."
    )


def _answers(batch: Batch, said: tuple[Said, ...], *, json: bool) -> None:
    if json:
        emit({**_batch(batch), "filings": [_answer(one) for one in said]})
        return
    say(_told(batch))
    for one in said:
        filing = one.filing
        number = filing.bsa_id or "no BSA ID"
        say(f"{filing.place}. {filing.filing_id}, case {filing.case_id}: {filing.state.value}, {number}")
        for remarked, part in zip(filing.remarks, one.parts, strict=True):
            where = part or remarked.path
            say(f"   {remarked.level} {remarked.code} [{where}] {remarked.element}: {remarked.text}")


def _answer(one: Said) -> dict[str, object]:
    remarks = [
        {"level": r.level, "code": r.code, "element": r.element, "path": r.path, "text": r.text, "part": part}
        for r, part in zip(one.filing.remarks, one.parts, strict=True)
    ]
    filing = one.filing
    return {
        "place": filing.place,
        "filing_id": filing.filing_id,
        "case_id": filing.case_id,
        "state": filing.state.value,
        "bsa_id": filing.bsa_id,
        "remarks": remarks,
    }


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{file} cannot be read ({error}); give the path of a form in JSON.") from None


def _require_folder(out: Path | None) -> None:
    folder = out or Path()
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise Unavailable(
            f"The folder {folder} cannot be written to; give another one with --out. Nothing was produced."
        )


def _write(s: Session, batch_id: str, out: Path | None) -> None:
    """Write each file whole, under its name only once it is there."""
    from casedesk.services import outgoing

    files = outgoing.export(uow=s.desk.writing(), actor=s.actor, at=s.at, batch_id=batch_id, via="cli").files
    for name, content in files.items():
        path = (out or Path()) / name
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".casedesk-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        remark(str(path))
