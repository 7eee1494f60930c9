"""`POST /api/v1/transactions`: one or many, the good ones stored, each once, the others told with the reason."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from casedesk.api.access import Call, Ingests
from casedesk.api.problems import WrongField, answers, problem
from casedesk.api.waiting import Raised, looked_at
from casedesk.domain.transactions import Channel
from casedesk.services import posting
from casedesk.services.posting import Became, Posted

router = APIRouter(prefix="/api/v1", tags=["transactions"])


class Transaction(BaseModel):
    """One transaction in the desk's own format: the columns of a file. Other fields are left alone."""

    model_config = ConfigDict(title="Transaction")

    transaction_id: str = Field(
        description="Its own id; sent again, the same transaction is a duplicate.", max_length=64, pattern=r"\S"
    )
    booked_at: str = Field(description="An instant with its zone.", examples=["2026-07-01T09:30:00Z"])
    from_account: str = Field(default="", description="Empty for a cash deposit.", max_length=64)
    to_account: str = Field(default="", description="Empty for a cash withdrawal.", max_length=64)
    amount: str | float = Field(description="In the currency; a text keeps its decimals.", examples=["9500.00"])
    currency: str = Field(description="ISO 4217.", examples=["USD"])
    received_amount: str | float | None = Field(default=None, description="What arrived, where it differs.")
    received_currency: str | None = None
    channel: Channel
    from_country: str = Field(default="", description="ISO 3166-1, two letters.")
    to_country: str = ""
    branch: str = Field(default="", max_length=64)
    reference: str = Field(default="", max_length=140)


class Result(BaseModel):
    """What became of one transaction. With ``wait=true``, also what the rules say of it by now.

    ``score`` is the severity, 0 to 100, of its worst alert and ``band`` that severity's band (High, Medium, Low,
    Minimal), until the desk has a model of its own: a transaction that no rule fired on has the score 0.
    """

    index: int
    transaction_id: str
    status: Became
    score: int | None = None
    band: str | None = None
    alerts: list[Raised] | None = None


class Stored(BaseModel):
    """All were stored, or were there already."""

    import_id: str
    read: int
    stored: int
    duplicates: int
    rejected: Literal[0] = 0
    results: list[Result]


_SENT: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [
                    {"$ref": "#/components/schemas/Transaction"},
                    {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/Transaction"},
                        "minItems": 1,
                    },
                ]
            }
        }
    },
}


async def _body(request: Request, _: Ingests) -> bytes:
    """Read what is sent, once the key has been looked at."""
    return await request.body()


@router.post(
    "/transactions",
    summary="Send transactions",
    response_model=Stored,
    responses=answers(401, 403, 409, 413, 422, 429, 503),
    openapi_extra={"requestBody": _SENT},
)
def send(
    call: Ingests,
    body: Annotated[bytes, Depends(_body)],
    atomic: Annotated[bool, Query(description="Store all of them or none.")] = False,
    wait: Annotated[
        bool, Query(description="Run the rules over what is new, and answer score, band and alerts of each.")
    ] = False,
) -> Any:
    """Store one transaction, or a list of up to 10,000, by the rules for a file's rows.

    What is good is stored, in one transaction of the database, also where the answer is 422; the problem then names each
    one that was not taken with index, field, value and reason, and has the same `results` beside it. With `atomic=true`
    one that is refused leaves nothing stored. A transaction whose id is stored with the same content is a `duplicate`:
    after a broken connection, send the same list again. The import, and what it refused, is recorded under the key.
    With `wait=true` the score is the severity, 0 to 100, of the worst alert, and the band that severity's band, until the desk
    has a model of its own. A 409 with `wait=true` says that other processes ran the rules all the time: what is good is stored, and the same list
    sent again waits again.
    """
    desk = call.desk
    done = posting.post(
        reading=desk.reading, writing=desk.writing, actor=call.actor, at=call.at, body=body,
        base_currency=desk.settings.base_currency, via=call.via, atomic=atomic,
    )  # fmt: skip
    for status in Became:
        call.served.metrics.transactions.labels(status.value).inc(done.count(status))
    results = _results(call, done, wait=wait and bool(done.import_id))
    counts = {
        "import_id": done.import_id, "read": len(done.outcomes), "stored": done.count(Became.STORED),
        "duplicates": done.count(Became.DUPLICATE), "rejected": len(done.refused),
    }  # fmt: skip
    if not done.refused:
        return JSONResponse(counts | {"results": results})
    errors = [WrongField(index=r.index, field=r.field, value=r.value, reason=r.reason) for r in done.refused]
    return problem(422, _sentence(done, atomic=atomic), errors=errors, more=counts | {"results": results})


def _results(call: Call, done: Posted, *, wait: bool) -> list[dict[str, Any]]:
    """List what became of each. Plain dictionaries: of ten thousand, models would take longer than storing them."""
    results: list[dict[str, Any]] = [
        {"index": one.index, "transaction_id": one.transaction_id, "status": one.status.value} for one in done.outcomes
    ]
    taken = {one.transaction_id for one in done.outcomes if one.status in (Became.STORED, Became.DUPLICATE)}
    found = looked_at(call, taken) if wait else None
    for result in results:
        result |= {"score": None, "band": None, "alerts": None}
        if found is not None and result["transaction_id"] in taken:
            result |= found.of(result["transaction_id"])
    return results


def _sentence(done: Posted, *, atomic: bool) -> str:
    refused, all_ = len(done.refused), len(done.outcomes)
    if atomic:
        return f"{refused:,} of {all_:,} transactions were refused, so nothing was stored; “errors” names them."
    return f"{refused:,} of {all_:,} transactions were refused, the others are stored; “errors” names them."
