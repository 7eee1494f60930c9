"""`POST /api/v1/transactions`: one or many, the good ones stored, each once, the others told with the reason."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from casedesk.api.access import Ingests, bearer, key_of, let_in_to_send
from casedesk.api.parameters import only_known
from casedesk.api.payment_scores import ModelSays
from casedesk.api.problems import WrongField, answers, problem
from casedesk.api.sending import Sender
from casedesk.api.state import served
from casedesk.api.waiting import Found, Raised
from casedesk.domain.api_keys import BadKey
from casedesk.domain.transactions import Channel
from casedesk.services.posting import Became, Posted

_FLAG: Final = TypeAdapter(bool)


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
    """What became of one transaction. With ``wait=true``, also what rules and model say of it by now.

    ``score`` is the severity, 0 to 100, of its worst alert and ``band`` that severity's band (High, Medium, Low,
    Minimal): a transaction that no rule fired on has the score 0. What the model says is apart from it, in ``model``.
    """

    index: int
    transaction_id: str
    status: Became
    score: int | None = None
    band: str | None = None
    alerts: list[Raised] | None = None
    model: ModelSays | None = None


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


class Direct(APIRoute):
    """An address that reads its request by itself.

    FastAPI's reading of what the signature names takes longer than a group takes to store a transaction. The signature
    stays what the document is made of.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        return _answered


def sending() -> APIRoute:
    """Return the route that programs send transactions to."""
    (route,) = (one for one in router.routes if isinstance(one, APIRoute))
    return route


async def _answered(request: Request) -> Response:
    await only_known(request)
    call = await let_in_to_send(request, await served(request), await bearer(request))
    atomic, wait = (_flag(request, name) for name in ("atomic", "wait"))
    return await send(request, call, atomic=atomic, wait=wait)


def _flag(request: Request, name: str) -> bool:
    sent = request.query_params.get(name) if request.scope.get("query_string") else None
    if sent is None:
        return False
    try:
        return _FLAG.validate_python(sent)
    except ValidationError as error:
        found = error.errors()[0]
        raise RequestValidationError([{**found, "loc": ("query", name)}]) from None


router = APIRouter(prefix="/api/v1", tags=["transactions"], route_class=Direct)


@router.post(
    "/transactions",
    summary="Send transactions",
    response_model=Stored,
    responses=answers(401, 403, 409, 413, 422, 429, 503),
    openapi_extra={"requestBody": _SENT},
)
async def send(
    request: Request,
    call: Ingests,
    *,
    atomic: Annotated[bool, Query(description="Store all of them or none.")] = False,
    wait: Annotated[
        bool,
        Query(
            description="Run the rules over what is new, and answer score, band, alerts and the model's word on each."
        ),
    ] = False,
) -> Response:
    """Store one transaction, or a list of up to 10,000, by the rules for a file's rows.

    What is good is stored, in one transaction of the database, also where the answer is 422; the problem then names each
    one that was not taken with index, field, value and reason, and has the same `results` beside it. With `atomic=true`
    one that is refused leaves nothing stored. A transaction whose id is stored with the same content is a `duplicate`:
    after a broken connection, send the same list again. The import, and what it refused, is recorded under the key; requests
    of one key that come at the same moment are one import, and each is answered for its own.
    With `wait=true` the score is the severity, 0 to 100, of the worst alert, and the band that severity's band; `model` holds the
    probability and band that the model in force gives, with the features that weighed most. A 409 with `wait=true` says that other processes ran the rules all the time: what is good is stored, and the same list
    sent again waits again.
    """
    sender: Sender = request.app.state.sender
    try:
        done = await sender.send(call, await request.body(), atomic=atomic)
    except BadKey:  # it was open when the request came in, and is not any more
        call.served.callers.forget(key_of(request.headers["authorization"]))
        raise
    found = await sender.look(call, done) if wait and done.import_id else None
    statuses = done.counts
    for status, count in statuses.items():
        call.served.metrics.transactions.labels(status.value).inc(count)
    results = _results(done, found)
    counts = {
        "import_id": done.import_id, "read": len(done.outcomes), "stored": statuses[Became.STORED],
        "duplicates": statuses[Became.DUPLICATE], "rejected": len(done.refused),
    }  # fmt: skip
    if not done.refused:
        return Response(orjson.dumps(counts | {"results": results}), media_type="application/json")
    errors = [WrongField(index=r.index, field=r.field, value=r.value, reason=r.reason) for r in done.refused]
    return problem(422, _sentence(done, atomic=atomic), errors=errors, more=counts | {"results": results})


def _results(done: Posted, found: Found | None) -> list[dict[str, Any]]:
    """List what became of each. Plain dictionaries: of ten thousand, models would take longer than storing them."""
    told: dict[str, Any] = {"score": None, "band": None, "alerts": None, "model": None}
    results: list[dict[str, Any]] = [
        {"index": one.index, "transaction_id": one.transaction_id, "status": one.status, **told}
        for one in done.outcomes
    ]
    if found is None:
        return results
    for one in results:
        if one["status"] in (Became.STORED, Became.DUPLICATE):
            one |= found.of(one["transaction_id"])
    return results


def _sentence(done: Posted, *, atomic: bool) -> str:
    refused, all_ = len(done.refused), len(done.outcomes)
    if atomic:
        return f"{refused:,} of {all_:,} transactions were refused, so nothing was stored; “errors” names them."
    return f"{refused:,} of {all_:,} transactions were refused, the others are stored; “errors” names them."
