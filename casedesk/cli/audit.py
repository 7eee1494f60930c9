"""`casedesk audit verify`: the verdict on the ledger, in the database or in an exported file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.printing import emit, remark, say
from casedesk.cli.progress import bar
from casedesk.cli.session import DESK_ITSELF, Json, opened
from casedesk.domain.verification import Report, not_evaluated
from casedesk.errors import CasedeskError, Invalid

if TYPE_CHECKING:
    from casedesk.domain.verification import Finding

app = typer.Typer(help="The ledger: verify it.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keep `verify` a command of its own even while it is the only one."""


@app.command()
def verify(
    file: Annotated[Path | None, typer.Argument(help="An audit CSV. Without one, the database.")] = None,
    database: Annotated[bool, typer.Option("--database", help="Verify the database (the default).")] = False,
    json: Json = False,
) -> None:
    """Check hashes, chains, the tree, and that the cases say what their events add up to.

    Exits 0 for VERIFIED, 1 for TAMPERED, 2 for NOT_EVALUATED: nothing to check, unreadable, or an unknown format.
    """
    if file is not None and database:
        raise Invalid("Give either a file or --database, not both.")
    row = 0
    if file is None:
        what, report = "database", _database()
    else:
        what, (report, row) = str(file), _file(file)
    emit(_json(what, report, row)) if json else _tell(report, row)
    raise typer.Exit(report.verdict.exit_code)


def _database() -> Report:
    try:
        with opened(DESK_ITSELF) as session, bar() as update:
            from casedesk.services import audit

            return audit.verify_database(
                uow=session.desk.reading(), progress=lambda done, total: update("Events", done, total)
            )
    except CasedeskError as refusal:
        return not_evaluated(str(refusal))


def _file(path: Path) -> tuple[Report, int]:
    try:
        content = path.read_bytes()
    except OSError as error:
        return not_evaluated(f"{path} cannot be read ({error.strerror}); give the path of an audit CSV."), 0
    from casedesk.services import audit

    found = audit.verify_file(content)
    return found.report, found.row


def _json(what: str, report: Report, row: int) -> dict[str, Any]:
    return {
        "verdict": report.verdict.value,
        "checked": what,
        "events": report.events,
        "cases": report.cases,
        "root": report.root,
        "anchored": report.anchored,
        "reason": report.reason,
        "first": _finding(report.first, row) if report.first else None,
        "findings": [_finding(finding, 0) for finding in report.findings],
    }


def _finding(finding: Finding, row: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: getattr(finding, name)
        for name in ("event_id", "case_id", "case_seq", "problem", "column", "expected", "got", "ts", "user")
    }
    return {"row": row, **found} if row else found


def _tell(report: Report, row: int) -> None:
    say(report.verdict.value)
    say(f"Row {row} of the file. {report.sentence()}" if row else report.sentence())
    if len(report.findings) > 1:
        remark(f"{len(report.findings) - 1} more findings; --json shows the first hundred.")
