"""`casedesk filing goaml`: an approved report for a unit that takes goAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casedesk.cli.exporting import CaseId, Out, deliver
from casedesk.cli.session import As, opened
from casedesk.errors import Invalid


def goaml(
    case: CaseId,
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile", metavar="FILE", help="The institution's profile, in TOML; it may begin with base = “ae-5.0.2”."
        ),
    ] = None,
    xsd: Annotated[
        Path | None,
        typer.Option("--xsd", metavar="FILE", help="The unit's goAML schema, where the profile does not name it."),
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="STR, with the transactions, or SAR, of the activity alone.")
    ] = "STR",
    user: As = "",
    out: Out = None,
) -> None:
    """Write the approved report of a case as goAML, valid by the unit's own schema. Its name says nothing of the case."""
    with opened(user) as s:
        from casedesk.services import goaml as service

        if profile is None:
            raise Invalid(
                f"Name the institution's profile with --profile; the desk has {', '.join(service.shipped())} as a base."
            )
        chosen = profile
        shape = _kind(kind, [one.value for one in service.Kind])
        deliver(out, lambda: service.export(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case, profile=chosen, xsd=xsd, kind=service.Kind(shape),
            base_currency=s.desk.settings.base_currency, via="cli",
        ))  # fmt: skip


def _kind(given: str, known: list[str]) -> str:
    if given.upper() not in known:
        raise Invalid(f"“--kind {given}” is not a shape; write {' or '.join(known)}.")
    return given.upper()
