"""`casedesk score`: how near money is to listed parties, and why."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.moments import moment
from casedesk.cli.printing import emit, emit_line, remark, say, table
from casedesk.cli.session import Json, configured
from casedesk.domain.counts import counted
from casedesk.domain.moments import canonical
from casedesk.domain.money import format_minor
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from casedesk.services.offline_scoring import Explanation, Scored

app = typer.Typer(
    help="How near the money of a party is to listed parties, and why.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("files")
def score_files(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders or patterns of transactions.")],
    listed: Annotated[Path, typer.Option("--list", metavar="FILE", help="CSV with kind, party and reason.")],
    by: Annotated[str, typer.Option(metavar="KIND", help="Score each account, or each customer.")] = "account",
    format: Annotated[str, typer.Option(metavar="F", help="How to read them; default: by their headers.")] = "auto",
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
        start=start, rates=rates, now=moment(now, "--as-of") if now else None,
        parameters=offline_scoring.ExposureParameters.read(_values(param or ())),
    )  # fmt: skip
    if explain:
        told = offline_scoring.explain(found.exposure, explain)
        emit(_json(told)) if json else _tell(told, configured().base_currency)
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
    from casedesk.services.offline_scoring import PartyKind

    try:
        return PartyKind(word)
    except ValueError:
        raise Invalid(f"“--by {word}” is neither {' nor '.join(PartyKind)}.") from None


def _values(params: list[str] | tuple[()]) -> dict[str, object]:
    values: dict[str, object] = {}
    for text in params:
        name, equals, value = text.partition("=")
        if not equals:
            raise Invalid(f"“--param {text}” has no value; write it as half_life_days=180 or hop_weights=[1,0.5].")
        try:
            values[name.strip()] = json_text.loads(value)
        except ValueError:
            raise Invalid(f"“--param {text}”: “{value}” is not JSON; write a number, or a list as [1,0.5].") from None
    return values


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


def _tell(told: Explanation, currency: str) -> None:
    say(
        f"{told.party} is listed; its exposure is 1."
        if told.listed
        else f"{told.party} has an exposure of {told.score:.4f}."
    )
    table(
        ("Hops", "Side", "Part"),
        ((hop, side.value, f"{part:.4f}") for (hop, side), part in sorted(told.by_hop.items())),
    )
    for path in told.paths:
        legs = "; ".join(
            f"{leg.payer} paid {leg.payee} {format_minor(leg.amount_minor, currency)} ({leg.transaction_id})"
            for leg in path.legs
        )
        say(f"{path.part:.4f}  {path.side.value}: {legs}")
    for (hop, side), part in sorted(told.other_paths.items()):
        say(f"{part:.4f}  {side.value}, all other ways of {hop} {'hop' if hop == 1 else 'hops'}")


def _json(told: Explanation) -> dict[str, Any]:
    return {
        "party": told.party,
        "score": told.score,
        "listed": told.listed,
        "by_hop": [{"hops": hop, "side": side, "part": part} for (hop, side), part in sorted(told.by_hop.items())],
        "by_counterparty": [
            {"side": side, "counterparty": name, "part": part} for (side, name), part in told.by_counterparty.items()
        ],
        "paths": [
            {
                "side": path.side,
                "listed": path.listed,
                "part": path.part,
                "legs": [
                    {
                        "transaction_id": leg.transaction_id,
                        "payer": leg.payer,
                        "payee": leg.payee,
                        "amount_minor": leg.amount_minor,
                    }
                    for leg in path.legs
                ],
            }
            for path in told.paths
        ],
        "other_paths": [
            {"hops": hop, "side": side, "part": part} for (hop, side), part in sorted(told.other_paths.items())
        ],
    }
