"""`casedesk filing`: SAR batches as files; what is behind them stands in :mod:`casedesk.cli.outgoing`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from casedesk.cli import goaml, outgoing
from casedesk.cli.printing import emit_line, remark, say
from casedesk.cli.session import Json

app = typer.Typer(
    help="Reports on their way: forms, batches, transmissions, acknowledgements.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

app.command("form")(outgoing.form)
app.command("draft")(outgoing.draft)
app.command("approve")(outgoing.approve_form)
app.command("produce")(outgoing.produce)
app.command("withdraw")(outgoing.withdraw)
app.command("transmitted")(outgoing.transmitted)
app.command("ack")(outgoing.ack)
app.command("list")(outgoing.list_batches)
app.command("show")(outgoing.show)
app.command("export")(outgoing.export)
app.command("profile")(outgoing.profile)
app.command("goaml")(goaml.goaml)


@app.command()
def lint(
    file: Annotated[Path, typer.Argument(help="A FinCEN SAR (Report 111) batch in XML, whoever wrote it.")],
    xsd: Annotated[
        Path | None,
        typer.Option("--xsd", help="FinCEN's EFL_SARXBatchSchema.xsd, to ask it as well.", show_default=False),
    ] = None,
    narrative_cap: Annotated[
        int | None,
        typer.Option(
            "--narrative-cap",
            help="How many characters a narrative may have, up to 20,000. Default: policy.",
            min=1,
            show_default=False,
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings, too.")] = False,
    json: Json = False,
) -> None:
    """Check a SAR batch against the schema and FinCEN's rules beyond it: one line a finding.

    Exits 0 without an error, 1 with one, 2 if the file is no SAR batch that can be read.
    """
    from casedesk.services import filing

    found = filing.lint(path=file, today=datetime.now(UTC).date(), schema=xsd, narrative_cap=narrative_cap)
    for each in found:
        if json:
            emit_line(
                {
                    "code": each.code,
                    "severity": each.severity,
                    "path": each.path,
                    "line": each.line,
                    "sentence": each.sentence,
                    "part": each.part,
                }
            )
        else:
            say(f"{each.code} {each.severity} line {each.line} {each.path} [{each.part}] {each.sentence}")
    errors = sum(each.severity == filing.ERROR for each in found)
    warnings = len(found) - errors
    if not json:
        remark(f"Errors: {errors:,}, warnings: {warnings:,}." if found else "Nothing is wrong with it.")
    raise typer.Exit(1 if errors or (strict and warnings) else 0)
