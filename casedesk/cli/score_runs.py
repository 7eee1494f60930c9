"""`casedesk score run`, `runs`, `top`, `explain`, `compare`, `replay`: scores over the desk's own data."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.explanations import explanation, tell
from casedesk.cli.moments import moment
from casedesk.cli.parameters import values_of
from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, opened
from casedesk.domain.counts import counted
from casedesk.domain.moments import canonical

if TYPE_CHECKING:
    from casedesk.domain.scores import ScoringRun

_Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, such as S-000123.")]
_Limit = Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="How many.")]


def run(
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="TIME", help="When payments are looked at; default: the last booking.")
    ] = "",
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Another value of the formula, as JSON.")
    ] = None,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Compute every account's exposure to listed parties and store it as a run."""
    with opened(user) as session:
        from casedesk.services import scoring

        done = scoring.run(
            look=session.desk.reading(), uow=session.desk.writing(), actor=session.actor, at=session.at,
            base_currency=session.desk.settings.base_currency, as_of=moment(as_of, "--as-of") if as_of else None,
            parameters=scoring.ExposureParameters.read(values_of(param or ())), via="cli",
        )  # fmt: skip
    if json:
        emit(asdict(done))
        return
    say(
        f"{counted(done.payments, 'payment')} between {counted(done.accounts, 'account')}: {done.scored - done.listed:,} exposed to "
        f"{counted(done.listed, 'listed account')}."
    )
    say(
        f"Run {done.run_id}; lists {done.list_sha256[:16]}…, data {done.data_fingerprint[:16]}…, scores {done.scores_sha256[:16]}…."
    )
    if not done.listed:
        remark("No listed account occurs in these payments, so nobody has a score; check how the lists write ids.")


def list_runs(limit: _Limit = 20, json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """List the newest runs."""
    with opened(user) as session:
        from casedesk.services import scores

        found = scores.overview(uow=session.desk.reading(), actor=session.actor, limit=limit)
    if json:
        emit([asdict(one) for one in found.runs])
        return
    table(
        ("Run", "Ran at", "As of", "Payments", "Listed", "Scored", "Lists", "Seconds", "Scores"),
        (
            (one.run_id, canonical(one.ran_at)[:19], canonical(one.as_of)[:19], f"{one.payments:,}", f"{one.listed:,}",
             f"{one.scored:,}", " ".join(record.lists), f"{sum(record.timings.values()) / 1000:.1f}", one.scores_sha256[:12])
            for one, record in zip(found.runs, found.records, strict=True)
        ),
    )  # fmt: skip


def top(
    limit: _Limit = 20,
    chosen: Annotated[str, typer.Option("--run", metavar="RUN", help="Of which run; default: the newest.")] = "",
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """List the accounts with the highest scores; listed ones are left out."""
    with opened(user) as session:
        from casedesk.services import scores

        found, ranked = scores.top(uow=session.desk.reading(), actor=session.actor, limit=limit, run_id=chosen.strip())
    if json:
        emit([{"run_id": found.run_id, "account_id": one.score.account_id, "customer_id": one.customer_id,
               "score": one.score.exposure, "before": _share(one.before),
               "parts": _parts(one.score)} for one in ranked])  # fmt: skip
        return
    table(
        ("Account", "Customer", "Holder", "Exposure", "Before"),
        (
            (one.score.account_id, one.customer_id, one.holder, f"{one.score.exposure:.4f}",
             _told(one.before))
            for one in ranked
        ),
    )  # fmt: skip
    remark(_as_of(found))


def _share(units: int | None) -> float | None:
    from casedesk.domain.scores import WHOLE

    return None if units is None else units / WHOLE


def _told(units: int | None) -> str:
    share = _share(units)
    return "-" if share is None else f"{share:.4f}"


def _parts(score: Any) -> list[dict[str, Any]]:
    from casedesk.domain.scores import WHOLE

    return [{"hops": part.hops, "side": part.side, "part": part.units / WHOLE} for part in score.parts]


def _as_of(run: ScoringRun) -> str:
    return f"Run {run.run_id}, as of {canonical(run.as_of)}, lists {run.list_sha256[:16]}…."


def explain(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id.")],
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Say why an account has its score in the newest run; the parts add up to it."""
    with opened(user) as session:
        from casedesk.services import scores

        found, told = scores.explained(
            reading=session.desk.reading, graphs=session.desk.graphs, actor=session.actor, account_id=account.strip()
        )
        currency = session.desk.settings.base_currency
    if json:
        emit({"run_id": found.run_id, **explanation(told)})
        return
    tell(told, currency)
    remark(_as_of(found))


def compare(before: _Run, after: _Run, limit: _Limit = 20, json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """List the accounts whose scores moved most between two runs."""
    with opened(user) as session:
        from casedesk.services import scores

        one, other, moved = scores.compare(
            uow=session.desk.reading(), actor=session.actor, before=before.strip(), after=after.strip(), limit=limit
        )
    if json:
        emit(
            [{"account_id": row.account_id, "before": _share(row.before), "after": _share(row.after)} for row in moved]
        )
        return
    table(
        ("Account", one.run_id, other.run_id, "Change"),
        ((row.account_id, _told(row.before), _told(row.after), f"{row.change / scores.WHOLE:+.4f}") for row in moved),
    )
    remark(f"{one.run_id} {_differs(one, other)} {other.run_id}.")


def _differs(one: ScoringRun, other: ScoringRun) -> str:
    told = {
        "lists": one.list_sha256 != other.list_sha256, "data": one.data_fingerprint != other.data_fingerprint,
        "values": one.parameters != other.parameters, "instant": one.as_of != other.as_of,
    }  # fmt: skip
    names = [name for name, differs in told.items() if differs]
    return f"has other {', '.join(names)} than" if names else "was computed from the same as"


def replay(run_id: _Run, json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """Compute an earlier run again, from the rows and lists that it saw. Nothing is stored.

    Exit code 0: every score and part is the same; 1: something is not, and it is said what.
    """
    with opened(user) as session:
        from casedesk.services import score_replays

        done = score_replays.replay(look=session.desk.reading(), actor=session.actor, run_id=run_id.strip())
    if json:
        emit({**asdict(done), "identical": done.identical})
    elif done.identical:
        say(
            f"Identical: run {done.run_id} gives the same {counted(done.scored, 'score')} ({done.scores_sha256[:16]}…)."
        )
    else:
        say(f"Not identical: {done.difference}")
    if done.other_software:
        remark(f"The run was made on other software: {done.other_software}.")
    if not done.identical:
        raise typer.Exit(1)
