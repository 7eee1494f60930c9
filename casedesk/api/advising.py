"""`GET /api/v1/cases/{id}/advice` and `POST /api/v1/advise`: what the desk advises on cases. It decides nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from casedesk.api.access import Acts, Reads
from casedesk.api.cases import CaseId
from casedesk.api.problems import answers
from casedesk.services import advice, advising

router = APIRouter(prefix="/api/v1", tags=["advice"])


class ReasonOut(BaseModel):
    """One reason: what it is for, the sentence, and the alerts and transactions that it cites."""

    about: str
    text: str
    cites: list[str]


class AdviceOut(BaseModel):
    """The newest advice on a case. ``stale``: the case has grown since. ``agrees`` is null where no side was taken."""

    event_id: int
    verdict: str
    priority: int
    report_recommended: bool
    score: int | None = Field(description="The model's, in ten-thousandths; null where none gave one.")
    level: int
    stale: bool
    decided: str
    agrees: bool | None
    reasons: list[ReasonOut]


OneCase = Annotated[str, Field(pattern=r"^C-[0-9]{2}-[0-9]{5,9}$", examples=["C-26-00042"])]


class Run(BaseModel):
    """On which cases the desk is to advise."""

    model_config = ConfigDict(extra="forbid")

    cases: Annotated[list[OneCase], Field(max_length=1000, description="None: all that people work on.")] = []
    every: bool = Field(
        default=False, description="Also cases that did not change, as after a new model; with no cases named."
    )


class Ran(BaseModel):
    """What a run did. ``asked``: a language model was asked about them; ``moved``: left to the next run."""

    examined: int
    advised: int
    unchanged: int
    asked: int
    moved: int


@router.get("/cases/{case_id}/advice", summary="Advice on a case", responses=answers(401, 403, 404, 422, 429, 503))
def of_case(call: Reads, case_id: CaseId) -> AdviceOut:
    """Return the newest advice on a case, with its reasons.

    It is for whoever works on the case, and for managers, QA and auditors: it says whether a report is recommended. Everybody else is
    refused in the same words, whether there is advice or none.
    """
    return AdviceOut(**advice.given(advice.read(uow=call.desk.reading(), actor=call.actor, case_id=case_id)))


@router.post(
    "/advise", summary="Have cases advised on (managers)", responses=answers(400, 401, 403, 404, 409, 413, 422, 429, 503)
)  # fmt: skip
def run(call: Acts, asked: Run) -> Ran:
    """Advise on the cases that people work on and that changed since they were advised on. A second run changes nothing."""
    found = advising.run(
        reading=call.desk.reading, writing=call.desk.writing, actor=call.actor, at=call.at, via=call.via,
        base_currency=call.desk.settings.base_currency, counsel=call.desk.counsel, case_ids=set(asked.cases),
        every=asked.every,
    )  # fmt: skip
    return Ran(**{name: getattr(found, name) for name in Ran.model_fields})
