"""`casedesk qa`: draw a sample, draw it again, list the draws."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from casedesk.cli.moments import day
from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, opened
from casedesk.domain.counts import counted
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casedesk.domain.sampling import Pick, StratumCount
    from casedesk.services.quality import StoredDraw

app = typer.Typer(
    help="Quality assurance: draw a sample, or draw it again.", no_args_is_help=True, rich_markup_mode=None
)

_SHARE: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}0*)?")


@app.command("draw")
def draw_sample(
    start: Annotated[str, typer.Option("--from", metavar="DAY", help="First day of the period.")] = "",
    end: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day of the period.")] = "",
    rate: Annotated[str, typer.Option(metavar="SHARE", help="Share drawn, such as 0.10. Default: the policy's.")] = "",
    user: AsOrDesk = DESK_ITSELF,
    json: Json = False,
) -> None:
    """Freeze the closed cases of a period, commit their hash, and only then draw."""
    if not start or not end:
        raise Invalid("Name the period: add --from 2026-06-01 --to 2026-06-30.")
    first, last = day(start, "--from"), day(end, "--to")
    share = _per_mille(rate) if rate else None
    with opened(user) as s:
        from casedesk.domain.sampling import by_stratum, from_record
        from casedesk.services import quality

        stored, picks = quality.draw_sample(
            freeze=s.desk.writing(), uow=s.desk.writing(), actor=s.actor, at=s.at, period_from=first, period_to=last,
            rate_per_mille=share,
        )  # fmt: skip
        strata = by_stratum(from_record(stored.record)[0], picks)
    emit(_json(stored, picks)) if json else _tell(stored, picks, strata)


def _per_mille(text: str) -> int:
    if not _SHARE.fullmatch(text.strip()):
        raise Invalid(f"“--rate {text}” is not a share; write a number such as 0.10, with three decimals at most.")
    return int(Decimal(text.strip()) * 1000)


def _json(stored: StoredDraw, picks: Sequence[Pick]) -> dict[str, Any]:
    return {
        "draw_id": stored.draw_id,
        "period_from": stored.period_from,
        "period_to": stored.period_to,
        "population": stored.population_size,
        "population_sha256": stored.population_sha256,
        "seed": stored.seed,
        "picks": [{"case_id": p.case_id, "stratum": p.stratum, "rank": p.rank, "place": p.place} for p in picks],
    }


def _tell(stored: StoredDraw, picks: Sequence[Pick], strata: Sequence[StratumCount]) -> None:
    say(
        f"{stored.draw_id}: {len(picks):,} of {counted(stored.population_size, 'case')} closed from {stored.period_from} "
        f"to {stored.period_to}."
    )
    table(
        ("Stratum", "Closed", "Rate %", "Drawn"),
        ((s.stratum, s.closed, f"{s.per_mille / 10:g}", s.drawn) for s in strata),
    )
    say()
    table(("Case", "Stratum", "Place"), ((p.case_id, p.stratum, p.place) for p in picks))


@app.command()
def redraw(
    draw: Annotated[str, typer.Argument(metavar="DRAW", help="A draw id, such as Q-2026-06-001.")],
    user: AsOrDesk = DESK_ITSELF,
    json: Json = False,
) -> None:
    """Draw again from the record. Exits 0 when the picks agree with it and with the ledger, 1 otherwise."""
    with opened(user) as s:
        from casedesk.services import quality

        again = quality.redraw(uow=s.desk.reading(), actor=s.actor, draw_id=draw)
    if json:
        emit({"draw_id": again.draw_id, "agrees": again.agrees, "picks": again.picks, "problems": list(again.problems)})
    elif again.agrees:
        say(f"{again.draw_id}: the same {counted(again.picks, 'case')}, and the hashes in the ledger agree.")
    else:
        say(f"{again.draw_id}: the draw does not repeat.")
        for problem in again.problems:
            say(f"  {problem}")
    raise typer.Exit(0 if again.agrees else 1)


@app.command("list")
def list_draws(user: AsOrDesk = DESK_ITSELF, json: Json = False) -> None:
    """List the draws, newest first."""
    with opened(user) as s:
        from casedesk.services import quality

        found = quality.draws(uow=s.desk.reading(), actor=s.actor)
    rows = [
        (d.draw_id, d.period_from, d.period_to, d.population_size, len(d.record["picks"]), d.drawn_by) for d in found
    ]
    if json:
        keys = ("draw_id", "period_from", "period_to", "population", "picks", "drawn_by")
        emit([dict(zip(keys, row, strict=True)) for row in rows])
    elif rows:
        table(("Draw", "From", "To", "Closed", "Drawn", "By"), rows)
    else:
        say("Nothing has been drawn yet.")
