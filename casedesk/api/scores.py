"""`/api/v1/scores/...`, `run-score`, `reload-graph`: how near accounts are to listed parties, and why."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from casedesk.api.access import Acts, Reads
from casedesk.api.instants import Instant
from casedesk.api.problems import answers
from casedesk.domain.people import Action, require
from casedesk.domain.scores import WHOLE, RiskScore, ScoringRun
from casedesk.services import scores, scoring

router = APIRouter(prefix="/api/v1", tags=["scores"])

#: An account's id, which may hold slashes.
AccountId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[^\x00]+$", description="An account's id.")]


class Values(BaseModel):
    """What to compute with; what is left out is as shipped (docs/scoring.md)."""

    model_config = ConfigDict(extra="forbid")

    hop_weights: list[Annotated[float, Field(gt=0, le=1)]] | None = Field(default=None, min_length=1, max_length=6)
    half_life_days: int | None = Field(default=None, ge=30, le=3650)
    reference_minor: int | None = Field(default=None, ge=1, le=10**12)
    as_of: Instant | None = Field(
        default=None, description="When payments are looked at; the last booking if left out."
    )


class RunOut(BaseModel):
    """One run of scoring. The digests are those that the ledger holds of it."""

    run_id: str
    ran_at: datetime
    as_of: datetime
    payments: int
    accounts: int
    listed: int
    scored: int
    data_fingerprint: str
    list_sha256: str
    scores_sha256: str


class PartOut(BaseModel):
    """What ways of one length add, on the side of what was received or of what was sent."""

    hops: int
    side: str
    part: float


class ScoreOut(BaseModel):
    """An account's exposure, in [0, 1], with the parts that add up to it. A listed account has 1 and no parts."""

    account_id: str
    run_id: str
    score: float
    listed: bool
    parts: list[PartOut]


class RankedOut(ScoreOut):
    """A line of the leaderboard; ``before`` is the score in the run before, null where there was none."""

    customer_id: str | None
    before: float | None


class Top(BaseModel):
    """The highest scores of the newest run."""

    run: RunOut
    scores: list[RankedOut]


class LegOut(BaseModel):
    """One payment. The amount is whole minor units of the base currency."""

    transaction_id: str
    payer: str
    payee: str
    amount_minor: int


class WayOut(BaseModel):
    """A way of money between the account and a listed one; the payment nearest to the account comes first."""

    side: str
    listed: str
    part: float
    legs: list[LegOut]


class CounterpartyOut(BaseModel):
    """What came from, or went to, one counterparty; null for all that are not named."""

    side: str
    counterparty: str | None
    part: float


class ExplanationOut(BaseModel):
    """Why an account has its score. Hops, counterparties, and ways with the other ways each add up to it."""

    account_id: str
    run_id: str
    score: float
    listed: bool
    by_hop: list[PartOut]
    by_counterparty: list[CounterpartyOut]
    ways: list[WayOut]
    other_ways: list[PartOut]


class GraphOut(BaseModel):
    """The graph that this process now explains scores from."""

    run_id: str
    payments: int
    accounts: int
    seconds: float


@router.post(
    "/run-score", summary="Compute every account's score", responses=answers(400, 401, 403, 409, 413, 422, 429, 503)
)
def run_score(call: Acts, values: Values) -> RunOut:
    """Compute the exposure of every account to the listed parties, and store it as a run (managers)."""
    require(call.actor, Action.SCORE)
    given = values.model_dump(exclude_none=True)
    as_of = given.pop("as_of", None)
    with call.served.scoring:  # one long run at a time in a process
        found = scoring.run(
            look=call.desk.reading(), uow=call.desk.writing(), actor=call.actor, at=call.at, via=call.via, as_of=as_of,
            base_currency=call.desk.settings.base_currency, parameters=scoring.ExposureParameters.read(given),
        )  # fmt: skip
    return _run(found)


@router.post(
    "/reload-graph", summary="Read the graph for explanations anew", responses=answers(401, 403, 404, 422, 429, 503)
)
def reload_graph(call: Acts) -> GraphOut:
    """Build the graph of the newest run in this process (managers), so that the next explanation need not wait for it."""
    begun = time.perf_counter()
    run, found = scores.reload(reading=call.desk.reading, graphs=call.desk.graphs, actor=call.actor)
    return GraphOut(
        run_id=run.run_id, payments=len(found.graph.at), accounts=len(found.graph.names),
        seconds=time.perf_counter() - begun,
    )  # fmt: skip


@router.get("/scores/top", summary="The highest scores", responses=answers(401, 403, 404, 422, 429, 503))
def top(call: Reads, limit: Annotated[int, Query(ge=1, le=1000)] = 20) -> Top:
    """Return the newest run and its highest scores. Listed accounts are left out."""
    run, found = scores.top(uow=call.desk.reading(), actor=call.actor, limit=limit)
    return Top(
        run=_run(run),
        scores=[
            RankedOut(
                **_score(one.score, run), customer_id=one.customer_id or None,
                before=None if one.before is None else one.before / WHOLE,
            )
            for one in found
        ],
    )  # fmt: skip


@router.get(
    "/scores/explain/{account:path}", summary="Why an account has its score",
    responses=answers(401, 403, 404, 409, 422, 429, 503),
)  # fmt: skip
def explain(
    call: Reads,
    account: AccountId,
    ways: Annotated[int, Query(ge=1, le=100, description="How many of the strongest ways are named.")] = 20,
) -> ExplanationOut:
    """Explain an account's score in the newest run. A 409 says that the desk's payments give another score by now."""
    run, told = scores.explained(
        reading=call.desk.reading, graphs=call.desk.graphs, actor=call.actor, account_id=account, strongest=ways
    )
    named: list[tuple[str, str | None, float]] = [(*key, part) for key, part in told.by_counterparty.items()]
    named += [(side, None, part) for side, part in told.other_counterparties.items()]
    return ExplanationOut(
        account_id=account, run_id=run.run_id, score=told.score, listed=told.listed, by_hop=_parts(told.by_hop),
        by_counterparty=[CounterpartyOut(side=side, counterparty=name, part=part) for side, name, part in named],
        ways=[
            WayOut(side=way.side, listed=way.listed, part=way.part, legs=[LegOut(**_leg(leg)) for leg in way.legs])
            for way in told.paths
        ],
        other_ways=_parts(told.other_paths),
    )  # fmt: skip


@router.get("/scores/{account:path}", summary="An account's score", responses=answers(401, 403, 404, 422, 429, 503))
def score(call: Reads, account: AccountId) -> ScoreOut:
    """Return an account's score in the newest run; 0 where no way of money leads to a listed party."""
    found = scores.of_account(uow=call.desk.reading(), actor=call.actor, account_id=account)
    return ScoreOut(**_score(found.score, found.run))


def _run(run: ScoringRun) -> RunOut:
    return RunOut(**{name: getattr(run, name) for name in RunOut.model_fields})


def _score(one: RiskScore, run: ScoringRun) -> dict[str, Any]:
    parts = [PartOut(hops=part.hops, side=part.side, part=part.units / WHOLE) for part in one.parts]
    return {
        "account_id": one.account_id,
        "run_id": run.run_id,
        "score": one.exposure,
        "listed": one.listed,
        "parts": parts,
    }


def _parts(told: dict[Any, float]) -> list[PartOut]:
    return [PartOut(hops=hops, side=side, part=part) for (hops, side), part in sorted(told.items())]


def _leg(leg: Any) -> dict[str, Any]:
    return {name: getattr(leg, name) for name in LegOut.model_fields}
