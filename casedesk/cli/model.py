"""`casedesk model`: train a model on labelled payments, measure it, export it, and score with it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import As, Json, configured, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.counts import counted
from casedesk.domain.moments import canonical
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casedesk.domain.ledger import Recorded
    from casedesk.domain.model_versions import ModelVersion
    from casedesk.formats.rejects import RejectedRow
    from casedesk.services.offline_modelling import Reading

app = typer.Typer(
    help="A model of suspicious payments: train, measure, export, score. Needs the extra “model”.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Model = Annotated[
    Path,
    typer.Option("--model", metavar="DIR", help="The model's folder; “default” for the one that ships with the desk."),
]
_Version = Annotated[str, typer.Argument(metavar="MODEL", help="A version's id, such as MV-000001.")]
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
    zone: _Zone = None,
    start: _Start = None,
    rates: _Rates = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Train a model on labelled payments; write trees, ONNX, card and hashes. Needs no desk."""
    from casedesk.services import offline_modelling as modelling

    options = modelling.Options(kind=kind, calibration=calibration, blind=amount_blind, seed=seed, rounds=rounds)
    made = modelling.train(
        data=data, labels=labels or (), reading=_reading(format, zone, start, rates), options=options, split=split,
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
        _show(made.card["measured"]) if made.card["measured"] else say(
            "Nothing was kept for testing; measure it with “casedesk model evaluate”."
        )
    _rejected(made.rejected)


@app.command()
def evaluate(
    model: _Model,
    data: _Data,
    labels: _Labels = None,
    format: _Format = "auto",
    listed: _Listed = None,
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
        reading=_reading(format, zone, start, rates),
        listed=_accounts(listed),
    )
    moved = sorted(found.drift.items(), key=lambda one: (-one[1], one[0]))
    if json:
        emit({"model_id": found.model_id, "data": found.data, "measured": found.measured, "drift": dict(moved)})
    else:
        _show(found.measured)
        table(("Feature that drifted most", "PSI"), ((name, f"{value:.3f}") for name, value in moved[:8]))
    _rejected(found.rejected)


@app.command()
def export(
    model: _Model,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the ONNX file goes.")],
    json: Json = False,
) -> None:
    """Write a model as ONNX: features (double, N × columns of model.json) to the raw score before calibration."""
    from casedesk.services import offline_modelling as modelling

    digest = modelling.export(model=model, output=output)
    emit({"file": str(output), "sha256": digest}) if json else say(f"{output}: SHA-256 {digest}.")


@app.command()
def score(
    model: _Model,
    data: _Data,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Parquet, or CSV: transaction_id, account, score, band, account_score.")] = None,
    format: _Format = "auto",
    explain: Annotated[str, typer.Option(metavar="TRANSACTION", help="Say what made this one's score instead.")] = "",
    listed: _Listed = None,
    zone: _Zone = None,
    start: _Start = None,
    rates: _Rates = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Score every payment in files: a row for each of its accounts, and what all its payments make of an account."""
    from casedesk.services import offline_modelling as modelling

    reading, accounts = _reading(format, zone, start, rates), _accounts(listed)
    if explain:
        _tell(modelling.explain(model=model, data=data, reading=reading, transaction_id=explain, listed=accounts), json)
        return
    if output is None:
        raise Invalid("Say where the scores go with -o FILE, or ask for one with --explain TRANSACTION.")
    found = modelling.score(model=model, data=data, reading=reading, day=datetime.now(UTC).date(), listed=accounts)
    modelling.write_scores(found, output)
    if json:
        emit(
            {
                "model_id": found.model_id,
                "file": str(output),
                "rows": found.table.num_rows,
                "rejected": len(found.rejected),
            }
        )
    else:
        say(f"{output}: {counted(found.table.num_rows, 'row')} by model {found.model_id[:16]}….")
    _rejected(found.rejected)


@app.command()
def retrain(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the model goes.")],
    forest: Annotated[bool, typer.Option("--forest", help="A random forest, not boosted trees.")] = False,
    json: Json = False,
    user: As = "",
) -> None:
    """Train a model on the desk's transactions, labelled by its closed cases (managers). Nothing comes into force by it."""
    with opened(user) as s:
        from casedesk.services import retraining

        options = retraining.Options(kind="forest" if forest else "boosted")
        made = retraining.retrain(look=s.desk.reading(), actor=s.actor, options=options, name=output.name)
    model_id = made.write(output)
    if json:
        emit({"model_id": model_id, **{key: made.card[key] for key in ("data", "dispositions", "options", "trained_on", "measured", "files")}})  # fmt: skip
        return
    rows = ((one["disposition"], one["review"], f"{one['cases']:,}") for one in made.card["dispositions"]["cases"])
    table(("Closed as", "Review", "Cases"), rows)
    _show(made.card["measured"]) if made.card["measured"] else say(
        "Too few reports lie in the last quarter to test on; everything trained."
    )
    say(f"{output}: model {model_id[:16]}…. Propose it: casedesk model propose --model {output} --as USER.")


@app.command("list")
def list_versions(json: Json = False, user: As = "") -> None:
    """List the versions of the desk's model: the champion in force, the challenger that waits, and all before them."""
    with opened(user) as s:
        from casedesk.services import models

        found = models.overview(look=s.desk.reading(), actor=s.actor)
    if json:
        emit([_row(one) for one in found.versions])
        return
    champion = found.champion
    say(
        f"In force: {champion.version_id}, {champion.name}."
        if champion
        else "In force: the shipped model; retrain it on your own data."
    )
    if found.versions:
        table(
            ("Model", "State", "Name", "Proposed", "By", "Decided by", "Id", "Reason"),
            ((one.version_id, one.state.value, one.name, canonical(one.proposed_at)[:16], one.proposed_by, one.decided_by,
              one.model_id[:12], one.reason[:60]) for one in found.versions),
        )  # fmt: skip


@app.command()
def propose(model: _Model, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Propose a trained model for the desk, with a reason (managers)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import models

        row = models.propose(uow=s.desk.writing(), actor=s.actor, at=s.at, folder=model, reason=reason)
    _done(row, json)
    if not json:
        say(f"Another manager decides it: casedesk model promote {row.data['version_id']} --as USER.")


@app.command()
def promote(version: _Version, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Put a proposed model in force (managers, never its maker)."""
    words = written(text, file)
    with opened(user) as s:
        from casedesk.services import models

        row = models.approve(uow=s.desk.writing(), actor=s.actor, at=s.at, version_id=version.strip(), remark=words)
    _done(row, json)


@app.command()
def reject(version: _Version, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Reject a proposed model, with a reason (managers, never its maker)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import models

        row = models.reject(uow=s.desk.writing(), actor=s.actor, at=s.at, version_id=version.strip(), reason=reason)
    _done(row, json)


@app.command()
def withdraw(version: _Version, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Take your own proposal back, with a reason."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import models

        row = models.withdraw(uow=s.desk.writing(), actor=s.actor, at=s.at, version_id=version.strip(), reason=reason)
    _done(row, json)


@app.command()
def run(
    version: Annotated[str | None, typer.Option("--version", metavar="MODEL", help="A version; default: the one in force.")] = None,
    json: Json = False,
    user: As = "",
) -> None:  # fmt: skip
    """Score every transaction of the desk, and keep a score for each of its accounts with what made it."""
    with opened(user) as s:
        from casedesk.services import model_runs

        row = model_runs.run(look=s.desk.reading(), uow=s.desk.writing(), actor=s.actor, at=s.at, version_id=version)
    _done(row, json)


@app.command()
def performance(json: Json = False, user: As = "") -> None:
    """Show how the model bore out on cases closed after it had scored them: champion, then challenger (need to know)."""
    with opened(user) as s:
        from casedesk.services import model_performance

        found = model_performance.performance(look=s.desk.reading(), actor=s.actor)
    if json:
        emit([asdict(one) for one in found])
        return
    for one in found:
        say(f"{one.version_id or 'The shipped model'}: {counted(one.cases, 'case')} closed after it had scored them.")
        rows = [*one.bands, *([("not scored", *one.unscored)] if any(one.unscored) else [])]
        table(("Best account", "SAR", "No SAR"), rows)
        say(f"SAR among High: {one.precision}. High among SAR: {one.recall}. Exact intervals of 95 %.")
        say(
            f"PR-AUC of cases: {one.pr_auc:.3f}."
            if one.pr_auc is not None
            else f"PR-AUC needs {model_performance.FEWEST} scored cases of each kind."
        )


def _done(row: Recorded, json: bool) -> None:
    from casedesk.domain.events import KINDS

    if json:
        emit({"event_id": row.event_id, "event_hash": row.event_hash, "action": row.action, "ts": row.ts, "user": row.user,
              **row.data})  # fmt: skip
    else:
        about = row.data.get("model_run_id") or row.data["version_id"]
        say(f"{about}: {KINDS[row.action].title.lower()} (event {row.event_id}).")


def _row(one: ModelVersion) -> dict[str, Any]:
    names = ("version_id", "state", "base_id", "name", "model_id", "card_sha256", "reason", "proposed_by", "proposed_at",
             "decided_by", "decided_at", "decision")  # fmt: skip
    return {name: getattr(one, name) for name in names}


def _reading(format: str, zone: str | None, start: str | None, rates: Path | None) -> Reading:
    from casedesk.services.offline_modelling import Reading

    return Reading(configured().base_currency, format, zone, start, rates)


def _accounts(listed: Path | None) -> frozenset[str]:
    if listed is None:
        return frozenset()
    from casedesk.services.model_data import listed_accounts

    return listed_accounts(listed)


def _show(measured: dict[str, Any]) -> None:
    rows = []
    for part in ("transactions", "accounts"):
        one = measured[part]
        firsts = [f"{one['precision_at'][count]:.3f}" for count in one["precision_at"]]
        budgets = [f"{one['recall_at_budget'][share]:.3f}" for share in one["recall_at_budget"]]
        rows.append((part, f"{one['guilty']:,} of {one['count']:,}", f"{one['pr_auc']:.4f}", *firsts, *budgets))
    table(("", "labelled", "PR-AUC", "P@50", "P@100", "P@500", "recall 0.5 %", "1 %", "3 %"), rows)
    told = measured["calibration"]
    say(
        f"Calibration error {told['error']:.4f} over all, {told['error_of_the_suspicious']:.4f} over the "
        f"{counted(told['suspicious'], 'payment')} with a probability of 0.05 and more."
    )


def _tell(found: Any, as_json: bool) -> None:
    if as_json:
        emit({
            "transaction_id": found.transaction_id, "raw": found.raw, "probability": found.probability, "start": found.start,
            "contributions": [{"feature": one.feature, "value": one.value, "part": one.part} for one in found.contributions],
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


def _rejected(rows: Sequence[RejectedRow]) -> None:
    if rows:
        first = rows[0]
        remark(
            f"{counted(len(rows), 'row')} could not be read and count for nothing. The first is row {first.row_number}: "
            f"{first.field} “{first.value}”. {first.reason}"
        )
        raise typer.Exit(1)
