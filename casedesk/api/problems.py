"""Refusals as answers: one shape for all of them (RFC 9457), made from the kinds of ``casedesk.errors``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from casedesk import logs
from casedesk.domain.api_keys import BadKey
from casedesk.errors import CasedeskError, Conflict, Invalid, NotFound, NotPermitted, Unavailable
from casedesk.formats.rejects import rejected

MEDIA_TYPE: Final = "application/problem+json"


class WrongField(BaseModel):
    """One field that broke a rule."""

    index: int | None = Field(
        default=None, description="Place in the list that was sent, from 0; null outside of lists."
    )
    field: str
    value: str = Field(description="What was sent, cut to 80 characters.")
    reason: str = Field(description="A sentence: what is wrong, and the way out.")


class Problem(BaseModel):
    """A refusal (RFC 9457). ``detail`` is a sentence that can be shown to a person."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField] = Field(default_factory=list)
    reference: str = Field(default="", description="Where to find an unforeseen failure in the desk's log.")


#: The kind of a refusal, its status and its title. The first that fits counts.
_KINDS: Final[tuple[tuple[type[CasedeskError], int, str], ...]] = (
    (BadKey, 401, "No key that opens the desk"),
    (NotFound, 404, "Not found"),
    (NotPermitted, 403, "Not permitted"),
    (Conflict, 409, "Conflict"),
    (Invalid, 422, "Not taken"),
    (Unavailable, 503, "Not available"),
)
_TITLES: Final = {
    400: "Not understood", 404: "Not found", 405: "No such method", 413: "Too large", 422: "Not taken", 429: "Too many requests",
}  # fmt: skip
TOO_LARGE: Final = "The body is larger than the desk reads at once; send it in parts."
_SENTENCES: Final = {
    400: "The request cannot be read; send JSON in UTF-8.",
    404: "There is nothing at this address; /docs lists the addresses.",
    405: "The address takes another method; /docs lists them.",
    413: TOO_LARGE,
}


def problem(
    status: int,
    detail: str,
    *,
    title: str = "",
    errors: Sequence[WrongField] = (),
    reference: str = "",
    headers: dict[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """Build the answer to a request that is refused."""
    title = title or _TITLES[status]
    said = Problem(
        type=f"urn:casedesk:problem:{title.lower().replace(' ', '-')}", title=title, status=status, detail=detail,
        errors=list(errors), reference=reference,
    )  # fmt: skip
    return JSONResponse(said.model_dump() | dict(more or {}), status, headers, MEDIA_TYPE)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe, for the OpenAPI document, with which problems an address may answer."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    titles = _TITLES | {status: title for _, status, title in _KINDS} | {500: "A failure nobody foresaw"}
    return {status: {"description": titles[status], "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Let the application answer every failure with a problem."""
    app.add_exception_handler(CasedeskError, _refused)
    app.add_exception_handler(RequestValidationError, _wrong_form)
    app.add_exception_handler(HTTPException, _http)


def refusal(error: CasedeskError) -> JSONResponse:
    """Build the answer to a refusal of the desk."""
    _, status, title = next(kind for kind in _KINDS if isinstance(error, kind[0]))
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return problem(status, str(error), title=title, headers=headers)


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CasedeskError)  # noqa: S101 - the type under which the handler is installed
    return refusal(error)


def _wrong_form(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the type under which the handler is installed
    errors = []
    for one in error.errors():
        shown = rejected(0, ".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0]), str(one["input"]), "")
        field = shown.field.encode("utf-8", "backslashreplace").decode()[:80]
        errors.append(WrongField(field=field, value=shown.value, reason=_sentence(one["msg"])))
    return problem(
        422, "What was sent does not have the form that /docs describes; “errors” names the fields.", errors=errors
    )


def _sentence(message: str) -> str:
    return message.encode("utf-8", "backslashreplace").decode().removeprefix("Value error, ").rstrip(".") + "."


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - the type under which the handler is installed
    status = error.status_code if error.status_code in _TITLES else 400
    headers = dict(error.headers) if error.headers else None
    return problem(status, _SENTENCES.get(status, str(error.detail)), headers=headers)


def unforeseen(error: Exception) -> JSONResponse:
    """Log what nobody foresaw, without a word of the data, and build the answer with a reference to it."""
    mark = logs.reference()
    structlog.get_logger("casedesk.api").error("request_failed", reference=mark, exc_info=error)
    detail = f"Something failed that the desk did not foresee; nothing is half-written. Tell your operator: {mark}."
    return problem(500, detail, title="Failed", reference=mark)
