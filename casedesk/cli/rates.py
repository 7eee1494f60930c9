"""`casedesk rates`: the dated exchange rates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, opened
from casedesk.domain.counts import counted

app = typer.Typer(help="The exchange rates: load a file, or show them.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV with currency, valid_from, usd_per_unit, source.")],
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Load a rates file over what is stored; a rate of the same currency and day is replaced."""
    with opened(user) as session:
        from casedesk.services import rates

        count = rates.load(uow=session.desk.writing(), actor=session.actor, at=session.at, path=file)
    say(f"{counted(count, 'rate is', 'rates are')} in force.")


@app.command()
def show(json: Json = False) -> None:
    """Show the rates in force."""
    with opened(DESK_ITSELF) as session:
        from casedesk.services import rates

        found = rates.table(uow=session.desk.reading()).rates
    rows = [(r.currency, r.valid_from.isoformat(), format(r.usd_per_unit, "f"), r.source) for r in found]
    if json:
        emit([dict(zip(("currency", "valid_from", "usd_per_unit", "source"), row, strict=True)) for row in rows])
    elif rows:
        table(("Currency", "From", "USD per unit", "Source"), rows)
    else:
        say("No rates are loaded yet; the first import puts the shipped ones in force.")
