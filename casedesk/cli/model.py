"""`casedesk model`: train a model on labelled payments, measure it, export it, and score with it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli import model_desk, model_measured, model_versions
from casedesk.cli.mapped import Map, MapValue, Set, mapping_of
from casedesk.cli.model_versions import Model
from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import Json, configured
from casedesk.domain.counts import counted
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casedesk.formats.mapping import Mapping
    from casedesk.formats.rejects import RejectedRow
    from casedesk.services.held_scores import Held
    from casedesk.services.offline_modelling import Reading

app = typer.Typer(
    help="A model of suspicious payments: train, measure, export, score. Needs the extra “model”.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("retrain")(model_desk.retrain)
app.command("list")(model_versions.list_versions)
app.command("propose")(model_versions.propose)
app.command("promote")(model_versions.promote)
app.command("reject")(model_versions.reject)
app.command("withdraw")(model_versions.withdraw)
app.command("run")(model_desk.run)
app.command("performance")(model_desk.performance)

_Data = Annotated[str, typer.Option("--data", metavar="PATH", help="A file, a folder or a pattern of transactions.")]
_Labels = Annotated[
    list[str] | None,
    typer.Option("--labels", metavar="FILE", help="Labels; default: those in the data. Once for each --data."),
]
_Format = Annotated[str, typer.Option(metavar="F", help="How to read the data; default: by their headers.")]
_Zone = Annotated[str | None, typer.Option(metavar="ZONE", help="Zone of their times that name none.")]
_Start = Annotated[str | None, typer.Option(metavar="TIME", help="The instant of step 0, where times are steps.")]
_Rates = Annotated[Path | None, typer.Option(metavar="FILE", help="Exchange rates for them.")]
_Listed = Annotated[
    Path | None,
    typer.Option(
        "--list", metavar="FILE", help="CSV with kind, party and reason: accounts listed when the payments were made."
    ),
]


@app.command()
def train(
    data: Annotated[list[str], typer.Option("--data", metavar="PATH", help="A world of payments; may be repeated. Parts of one world go into one folder or pattern.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the model goes.")],
    labels: _Labels = None,
    format: _Format = "auto",
    split: Annotated[str, typer.Option(metavar="SPLIT", help="time: the last quarter tests; none: nothing does.")] = "time",
    kind: Annotated[str, typer.Option(metavar="KIND", help="boosted, or forest.")] = "boosted",
    calibration: Annotated[str, typer.Option(metavar="METHOD", help="platt, or isotonic.")] = "platt",
    amount_blind: Annotated[bool, typer.Option("--amount-blind", help="Leave out every feature an amount goes into (AMLSim's amounts give it away).")] = False,
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=2**31 - 1, help="The same seed and data give the same model.")] = 1,
    rounds: Annotated[int, typer.Option(metavar="N", min=1, max=5_000, help="How many trees.")] = 100,
    name: Annotated[str, typer.Option(metavar="NAME", help="The model's name on its card; default: the folder's.")] = "",
    listed: _Listed = None,
    map: Map = None,
    set: Set = None,
    map_value: MapValue = None,
    zone: _Zone = None,
    start: _Start = None,
    rates: _Rates = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Train a model on labelled payments; write trees, ONNX, card and hashes. Needs no desk."""
    from casedesk.services import offline_modelling as modelling

    options = modelling.Options(kind=kind, calibration=calibration, blind=amount_blind, seed=seed, rounds=rounds)
    made = modelling.train(
        data=data, labels=labels or (), reading=_reading(format, zone, start, rates, mapping_of(map, set, map_value)), options=options, split=split,
        name=name or output.name, listed=_accounts(listed),
    )  # fmt: skip
    model_id = made.write(output)
    if json:
        emit(
            {
                "model_id": model_id,
                **{key: made.card[key] for key in ("data", "split", "options", "trained_on", "measured", "files")},
            }
        )
    else:
        say(f"{output}: model {model_id[:16]}…, {made.card['trained_on']['guilty']:,} labelled payments trained it.")
        model_measured.show(made.card["measured"]) if made.card["measured"] else say(
            "Nothing was kept for testing; measure it with “casedesk model evaluate”."
        )
    _rejected(made.rejected)


@app.command()
def evaluate(
    model: Model,
    data: _Data,
    labels: _Labels = None,
    format: _Format = "auto",
    listed: _Listed = None,
    map: Map = None,
    set: Set = None,
    map_value: MapValue = None,
    zone: _Zone = None,
    start: _Start = None,
    rates: _Rates = None,
    json: Json = False,
) -> None:
    """Measure a model on labelled payments that it was not trained on, and how far they drifted from its own."""
    from casedesk.services import offline_modelling as modelling

    found = modelling.evaluate(
        model=model,
        data=data,
        labels=labels or (),
        reading=_reading(format, zone, start, rates, mapping_of(map, set, map_value)),
        listed=_accounts(listed),
    )
    moved = sorted(found.drift.items(), key=lambda one: (-one[1], one[0]))
    if json:
        emit({"model_id": found.model_id, "data": found.data, "measured": found.measured, "held": asdict(found.held), "drift": dict(moved)})  # fmt: skip
    else:
        model_measured.show(found.measured)
        model_measured.held(found.held)
        table(("Feature that drifted most", "PSI"), ((name, f"{value:.3f}") for name, value in moved[:8]))
    _rejected(found.rejected)


@app.command()
def export(
    model: Model,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the ONNX file goes.")],
    json: Json = False,
) -> None:
    """Write a model as ONNX: features (double, N × columns of model.json) to the raw score before calibration."""
    from casedesk.services import offline_modelling as modelling

    digest = modelling.export(model=model, output=output)
    emit({"file": str(output), "sha256": digest}) if json else say(f"{output}: SHA-256 {digest}.")


@app.command()
def score(
    model: Model,
    data: _Data,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Parquet, or CSV: transaction_id, account, score, band, account_score.")] = None,
    format: _Format = "auto",
    explain: Annotated[str, typer.Option(metavar="TRANSACTION", help="Say what made this one's score instead.")] = "",
    rules: Annotated[bool, typer.Option("--rules", help="Run the rules over the same files, and add columns: rules, together, account_together.")] = False,
    listed: _Listed = None,
    map: Map = None,
    set: Set = None,
    map_value: MapValue = None,
    zone: _Zone = None,
    start: _Start = None,
    rates: _Rates = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Score every payment in files: a row for each of its accounts, and what all its payments make of an account."""
    from casedesk.services import offline_modelling as modelling

    reading, accounts = _reading(format, zone, start, rates, mapping_of(map, set, map_value)), _accounts(listed)
    if explain:
        told, held = modelling.explain(model=model, data=data, reading=reading, transaction_id=explain, listed=accounts)
        _tell(told, held, json)
        return
    if output is None:
        raise Invalid("Say where the scores go with -o FILE, or ask for one with --explain TRANSACTION.")
    found = modelling.score(
        model=model, data=data, reading=reading, day=datetime.now(UTC).date(), listed=accounts, rules=rules
    )
    modelling.write_scores(found, output)
    if json:
        emit(
            {
                "model_id": found.model_id,
                "file": str(output),
                "rows": found.table.num_rows,
                "rejected": len(found.rejected),
                "held": asdict(found.held),
            }
        )
    else:
        model_measured.held(found.held)
        say(f"{output}: {counted(found.table.num_rows, 'row')} by model {found.model_id[:16]}….")
    _rejected(found.rejected)


def _reading(format: str, zone: str | None, start: str | None, rates: Path | None, mapping: Mapping) -> Reading:
    from casedesk.services.offline_modelling import Reading

    return Reading(configured().base_currency, format, zone, start, rates, mapping)


def _accounts(listed: Path | None) -> frozenset[str]:
    if listed is None:
        return frozenset()
    from casedesk.services.model_data import listed_accounts

    return listed_accounts(listed)


def _tell(found: Any, held: Held, as_json: bool) -> None:
    if as_json:
        emit({
            "transaction_id": found.transaction_id, "raw": found.raw, "probability": found.probability, "start": found.start,
            "contributions": [{"feature": one.feature, "value": one.value, "part": one.part} for one in found.contributions],
            "held": asdict(held),
        })  # fmt: skip
        return
    say(
        f"{found.transaction_id}: raw score {found.raw:.4f}, probability {found.probability:.4f}; all payments start from {found.start:.4f}."
    )
    rows = (
        (one.feature, "" if one.value is None else f"{one.value:g}", f"{one.part:+.4f}")
        for one in found.contributions[:12]
    )
    table(("Feature", "Value", "Part"), rows)
    say(
        f"All other features: {sum(one.part for one in found.contributions[12:]):+.4f}. The parts sum to the raw score."
    )
    model_measured.held(held)


def _rejected(rows: Sequence[RejectedRow]) -> None:
    if rows:
        first = rows[0]
        remark(
            f"{counted(len(rows), 'row')} could not be read and count for nothing. The first is row {first.row_number}: "
            f"{first.field} “{first.value}”. {first.reason}"
        )
        raise typer.Exit(1)
