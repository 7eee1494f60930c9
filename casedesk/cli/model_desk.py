"""`casedesk model retrain|run|performance`: train on the desk's own decisions, score its payments, and see how that bore out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from casedesk.cli import model_measured
from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import As, Json, opened
from casedesk.domain.counts import counted
from casedesk.domain.model_trust import UNITS


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
    model_measured.show(made.card["measured"]) if made.card["measured"] else say(
        "Too few reports lie in the last quarter to test on; everything trained."
    )
    say(f"{output}: model {model_id[:16]}…. Propose it: casedesk model propose --model {output} --as USER.")


def run(
    version: Annotated[str | None, typer.Option("--version", metavar="MODEL", help="A version; default: the one in force.")] = None,
    json: Json = False,
    user: As = "",
) -> None:  # fmt: skip
    """Score every transaction of the desk, and keep a score for each of its accounts with what made it."""
    with opened(user) as s:
        from casedesk.services import model_runs

        row = model_runs.run(look=s.desk.reading(), uow=s.desk.writing(), actor=s.actor, at=s.at, version_id=version)
    if json:
        emit({"event_id": row.event_id, "event_hash": row.event_hash, "action": row.action, "ts": row.ts, "user": row.user,
              **row.data})  # fmt: skip
    else:
        say(f"{row.data['model_run_id']}: model scored (event {row.event_id}).")
        if (kept := row.data["trust_millionths"] / UNITS) < 1:
            say(
                "The desk's payments drifted from those that trained the model, so probabilities keep "
                f"{kept:.3f} of their distance, in log odds, from the share labelled in training, and no advice goes by them. "
                "Their order is the model's; train one on such payments."
            )


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
