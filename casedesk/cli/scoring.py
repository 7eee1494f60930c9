"""`casedesk score`: how near money is to listed parties, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli import party_lists, score_runs
from casedesk.cli.engines import Master, limits_of
from casedesk.cli.explanations import explanation, tell
from casedesk.cli.mapped import Map, MapValue, Set, mapping_of
from casedesk.cli.moments import moment
from casedesk.cli.parameters import values_of
from casedesk.cli.printing import emit, emit_line, remark, table
from casedesk.cli.session import Json, configured
from casedesk.domain.counts import counted
from casedesk.domain.moments import canonical
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from casedesk.services.offline_scoring import Scored

app = typer.Typer(
    help="How near the money of a party is to listed parties, and why.", no_args_is_help=True, rich_markup_mode=None
)
app.command("load")(party_lists.load)
app.command("lists")(party_lists.list_versions)
app.command("screen")(party_lists.screen)
app.command("matches")(party_lists.list_matches)
app.command("confirm")(party_lists.confirm)
app.command("refuse")(party_lists.refuse)
app.command("run")(score_runs.run)
app.command("runs")(score_runs.list_runs)
app.command("top")(score_runs.top)
app.command("explain")(score_runs.explain)
app.command("compare")(score_runs.compare)
app.command("replay")(score_runs.replay)


@app.command("files")
def score_files(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders or patterns of transactions.")],
    listed: Annotated[
        Path, typer.Option("--list", metavar="FILE", help="CSV with kind, party and reason, or OFAC's SDN.CSV.")
    ],
    by: Annotated[str, typer.Option(metavar="KIND", help="Score each account, or each customer.")] = "account",
    format: Annotated[str, typer.Option(metavar="F", help="How to read them; default: by their headers.")] = "auto",
    map: Map = None,
    set: Set = None,
    map_value: MapValue = None,
    zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Zone of their times that name none.")] = None,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="The instant of step 0, where times are steps.")
    ] = None,
    rates: Annotated[Path | None, typer.Option(metavar="FILE", help="Exchange rates for them.")] = None,
    now: Annotated[
        str | None,
        typer.Option("--as-of", metavar="TIME", help="When payments are looked at; default: the last booking."),
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Another value of the formula, as JSON.")
    ] = None,
    explain: Annotated[str, typer.Option(metavar="PARTY", help="Say why this party has its score.")] = "",
    limit: Annotated[int, typer.Option(metavar="N", help="How many of the highest scores to print.")] = 20,
    engine: Annotated[
        str, typer.Option(metavar="E", help="numpy, in this process, or spark. Both find the same.")
    ] = "numpy",
    master: Master = None,
    memory_mib: Annotated[
        int, typer.Option(min=64, max=1 << 24, metavar="N", help="Memory that Spark may use here.")
    ] = 4096,
    json: Json = False,
) -> None:
    """Score every party in files by its exposure to listed parties. Nothing is stored.

    With --json each party is a line: party, score. With --explain it is one object whose lists each add up to the score.
    """
    from casedesk.services import offline_scoring

    if limit < 1:
        raise Invalid(f"--limit {limit} prints nothing; give at least 1.")
    found = offline_scoring.score_files(
        paths=paths, listed=listed, by=_kind(by), base_currency=configured().base_currency, format=format, zone=zone,
        start=start, rates=rates, mapping=mapping_of(map, set, map_value), now=moment(now, "--as-of") if now else None,
        parameters=offline_scoring.ExposureParameters.read(values_of(param or ())),
        limits=limits_of("numpy", engine, master, memory_mib), about=explain or None,
    )  # fmt: skip
    if explain:
        told = offline_scoring.explain(found.exposure, explain)
        emit(explanation(told)) if json else tell(told, configured().base_currency)
    else:
        _show(found, limit, json)
    if found.rejected:
        first, count = found.rejected[0], len(found.rejected)
        remark(
            f"{counted(count, 'row')} could not be read, so no score counts what they hold. The first is row "
            f"{first.row_number}: {first.field} “{first.value}”. {first.reason}"
        )
        raise typer.Exit(1)


def _kind(word: str) -> Any:
    from casedesk.domain.listed import SCORED

    found = next((kind for kind in SCORED if kind == word), None)
    if found is None:
        raise Invalid(f"“--by {word}” is neither {' nor '.join(SCORED)}.")
    return found


def _show(found: Scored, limit: int, as_json: bool) -> None:
    ranked = found.ranked(limit)
    if as_json:
        for party, score in ranked:
            emit_line({"party": party, "score": score})
        return
    table(("Party", "Exposure"), ((party, f"{score:.4f}") for party, score in ranked))
    count = len(found.parties.entries)
    remark(
        f"As of {canonical(found.now)}, by a list of {counted(count, 'party', 'parties')} "
        f"({found.parties.sha256[:16]}…). Listed parties are not shown."
    )
