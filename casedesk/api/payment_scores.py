"""`/api/v1/scores/transactions/...`: what the model says of one stored payment; and how that is told wherever it is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from casedesk.api.access import Reads
from casedesk.api.problems import answers
from casedesk.api.scoring_beside import Asked
from casedesk.bootstrap import Desk
from casedesk.errors import CasedeskError
from casedesk.services import payment_scores
from casedesk.services.payment_scores import Said, Unsaid

#: It comes before the router of accounts, whose ids may hold slashes.
router = APIRouter(prefix="/api/v1", tags=["scores"])

TransactionId = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^[^\x00]+$", description="A transaction's id.")
]


class WeightOut(BaseModel):
    """A feature in words, the value it had (null where it says nothing), and what it added to the raw score."""

    means: str
    value: float | None
    part: float


class ModelSays(BaseModel):
    """How likely the model in force finds a transaction what was labelled as laundering, as of its instant.

    `start`, the parts of `weights` (the strongest first) and `others` add up to `raw`, the log odds before calibration. Where the
    model says nothing, all but `why_not` is null.
    """

    version: str | None = Field(default=None, description="The version in force; `shipped` for the model that ships.")
    model_id: str | None = Field(default=None, description="The SHA-256 of its manifest.")
    probability: float | None = Field(default=None, ge=0, le=1, description="Calibrated, and held back by `trust`.")
    band: str | None = Field(default=None, description="High, Medium, Low or Minimal.")
    raw: float | None = None
    start: float | None = None
    weights: list[WeightOut] | None = None
    others: float | None = None
    trust: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="The share of its distance from `base_rate`, in log odds, that `probability` keeps, by the drift of the desk's payments; 1 changes nothing.",
    )
    trust_run: str | None = Field(
        default=None, description="The model's run over the desk that found the drift; empty before the first."
    )
    base_rate: float | None = Field(
        default=None, description="The share of payments labelled in training; null where `trust` is 1."
    )
    why_not: str | None = Field(default=None, description="A sentence: why there is no score.")


class PaymentScore(ModelSays):
    """What the model says of one transaction."""

    transaction_id: str


def told(said: Said | Unsaid) -> dict[str, Any]:
    """Tell what the model says. Plain dictionaries: of ten thousand, models would take long."""
    if isinstance(said, Unsaid):
        return untold(said.why)
    return {
        "version": said.version_id or "shipped", "model_id": said.model_id, "probability": said.probability, "band": said.band,
        "raw": said.raw, "start": said.start,
        "weights": [{"means": one.means, "value": one.value, "part": one.part} for one in said.weights],
        "others": said.others, "trust": said.trust, "trust_run": said.trust_run, "base_rate": said.base_rate, "why_not": None,
    }  # fmt: skip


def untold(why: str) -> dict[str, Any]:
    """Tell that the model says nothing, and why."""
    return dict.fromkeys(ModelSays.model_fields) | {"why_not": why}


def said_together(desk: Desk, asked: Asked) -> dict[str, dict[str, Any]]:
    """Tell what the model says of each, by id. A model that cannot be used keeps nobody from the alerts: each is told why."""
    try:
        found = payment_scores.of_payments(
            uow=desk.reading(), scorers=desk.scorers, actor=asked.actor, at=asked.at, transaction_ids=asked.transaction_ids
        )  # fmt: skip
    except CasedeskError as refusal:
        return dict.fromkeys(asked.transaction_ids, untold(str(refusal)))
    return {one: told(said) for one, said in found.items()}


@router.get(
    "/scores/transactions/{transaction:path}", summary="What the model says of a transaction",
    responses=answers(401, 403, 404, 409, 422, 429, 503),
)  # fmt: skip
def score(call: Reads, transaction: TransactionId) -> PaymentScore:
    """Score a stored transaction by the model in force, or the one that ships, from what was booked by its instant.

    A 409 says that too many payments lie around it, or that the model's stored files are not the ones that were put in force.
    """
    said = payment_scores.of_payment(
        uow=call.desk.reading(), scorers=call.desk.scorers, actor=call.actor, at=call.at, transaction_id=transaction
    )
    return PaymentScore(transaction_id=transaction, **told(said))
