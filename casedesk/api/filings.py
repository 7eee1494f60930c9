"""`/api/v1/filings/...`: reports on their way, for managers. What was produced was not transmitted, and the desk sends nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from casedesk.api.access import Acts, Reads
from casedesk.api.advising import OneCase
from casedesk.api.forms import FilingOut, filing
from casedesk.api.problems import WrongField, answers, problem
from casedesk.api.steps import Text
from casedesk.domain.people import Action, require
from casedesk.services import answers as answering
from casedesk.services import outgoing, withdrawing
from casedesk.services.answers import Said
from casedesk.services.outgoing import Batch

router = APIRouter(
    prefix="/api/v1/filings", tags=["filings"], responses=answers(400, 401, 403, 404, 409, 413, 422, 429, 503)
)

BatchId = Annotated[str, Path(pattern=r"^B-[0-9]{6,9}$", examples=["B-000001"])]
TrackingId = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f]*$")]


class WaitingOut(FilingOut):
    """A report that waits. ``hindrance`` says why it cannot go into a batch; empty where it can."""

    customer: str
    hindrance: str


class BatchOut(BaseModel):
    """A batch. ``download`` is where a POST gives out its XML; each download is an event."""

    batch_id: str
    state: str
    reports: int
    test: bool
    sha256: str
    produced_by: str
    produced_at: datetime
    tracking_id: str
    transmitted_by: str
    transmitted_at: datetime | None
    answered_by: str
    answered_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None
    download: str


class OutgoingOut(BaseModel):
    """What waits, and all batches, the newest first."""

    waiting: list[WaitingOut]
    batches: list[BatchOut]


class RemarkOut(BaseModel):
    """What the filing system said of a report. ``part`` names the part of the form it is about, where that is known."""

    level: str
    code: str
    element: str
    path: str
    text: str
    part: str


class SentOut(FilingOut):
    """A report of a batch, with what was said of it."""

    remarks: list[RemarkOut]


class WholeBatch(BatchOut):
    """A batch with its reports, in its order."""

    filings: list[SentOut]


class Choice(BaseModel):
    """Which reports go into the batch."""

    model_config = ConfigDict(extra="forbid")

    cases: Annotated[list[OneCase], Field(min_length=1, max_length=outgoing.MOST)] | None = Field(
        default=None, description="Of these cases; left out, all that wait, up to a thousand."
    )


class TakenBack(BaseModel):
    """Why a batch is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


class Transmission(BaseModel):
    """Under which number the filing system took a batch."""

    model_config = ConfigDict(extra="forbid")

    tracking_id: Annotated[TrackingId, Field(min_length=1)]


class Files(StrEnum):
    """The XML by itself, or a ZIP of it with the attachments of its reports."""

    XML = "xml"
    ZIP = "zip"


@router.get("/outgoing", summary="Reports that wait, and the batches (managers)")
def listed(call: Reads) -> OutgoingOut:
    """List what waits to be produced, and all batches, the newest first."""
    found = outgoing.outgoing(uow=call.desk.reading(), actor=call.actor)
    waiting = [
        WaitingOut(**filing(one.filing).model_dump(), customer=one.customer, hindrance=one.hindrance)
        for one in found.ready
    ]
    return OutgoingOut(waiting=waiting, batches=[BatchOut(**_batch(one)) for one in found.batches])


@router.post("/batches", summary="Produce a batch of approved reports (managers)", response_model=WholeBatch)
def produce(call: Acts, choice: Choice) -> WholeBatch | JSONResponse:
    """Put approved reports into a batch, and lint it. What was produced was not transmitted: a person sends the file.

    A 422 says what the linter finds, each in `errors` with the case and the part of its form; then nothing is produced.
    """
    require(call.actor, Action.SEND_FILINGS)
    try:
        made = outgoing.produce(**call.step, institution=call.desk.institution(), cases=choice.cases)
    except outgoing.Defective as refusal:
        return problem(422, str(refusal), errors=[_defect(line) for line in refusal.lines])
    return _whole(made.batch, [Said(one, ()) for one in made.filings])


@router.get("/batches/{batch_id}", summary="A batch with its reports (managers)")
def batch(call: Reads, batch_id: BatchId) -> WholeBatch:
    """Return a batch, its reports, and what was said of each."""
    found = outgoing.show(uow=call.desk.reading(), actor=call.actor, batch_id=batch_id)
    said = answering.read_remarks(uow=call.desk.reading(), actor=call.actor, batch_id=batch_id)
    answered = {one.filing.filing_id: one for one in said}
    return _whole(found.batch, [answered.get(one.filing_id, Said(one, ())) for one in found.filings])


_MEDIA: Final = {Files.XML: "application/xml", Files.ZIP: "application/zip"}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file",
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA.values()},
    }
}


@router.post(
    "/batches/{batch_id}/files/{what}", summary="Take the file of a batch out (managers)", response_class=Response,
    responses=_FILE,
)  # fmt: skip
def export(call: Acts, batch_id: BatchId, what: Annotated[Files, Path()]) -> Response:
    """Hand out the file of a batch, as it was produced. That it left is an event, recorded before the file is there."""
    files = outgoing.export(**call.step, batch_id=batch_id).files
    name = outgoing.file_name(batch_id)
    content = files[name] if what is Files.XML else _zipped(files)
    headers = {
        "content-disposition": f'attachment; filename="{name.removesuffix(".xml")}.{what}"',
        "x-content-sha256": sha256(content).hexdigest(),
    }
    return Response(content, media_type=_MEDIA[what], headers=headers)


@router.post("/batches/{batch_id}/withdraw", summary="Take a batch back (managers; not who produced it)")
def withdraw(call: Acts, batch_id: BatchId, back: TakenBack) -> BatchOut:
    """Take a batch back that was not sent, with a reason. Its reports wait for another one."""
    return BatchOut(**_batch(withdrawing.withdraw(**call.step, batch_id=batch_id, reason=back.reason)))


@router.post("/batches/{batch_id}/transmitted", summary="Say that a batch was transmitted (managers)")
def transmitted(call: Acts, batch_id: BatchId, sent: Transmission) -> BatchOut:
    """Record that a person sent a batch, under the number that the filing system gave. Nothing is acknowledged thereby."""
    return BatchOut(**_batch(answering.transmitted(**call.step, batch_id=batch_id, tracking_id=sent.tracking_id)))


async def body(request: Request) -> bytes:
    """Return what was sent, as it is; no more of it is read than the address takes."""
    return await request.body()


_SENT: Final[dict[str, Any]] = {
    "required": True, "content": {"application/xml": {"schema": {"type": "string", "format": "binary"}}},
}  # fmt: skip


@router.post(
    "/acknowledgements", summary="Record an acknowledgement (managers)", openapi_extra={"requestBody": _SENT}
)  # fmt: skip
def acknowledge(
    call: Acts,
    content: Annotated[bytes, Depends(body)],
    tracking_id: Annotated[TrackingId, Query(description="Of the batch; not needed where one batch waits.")] = "",
    name: Annotated[
        str, Query(description="Of the file, which may name its batch.", max_length=200, pattern=r"^[^\x00-\x1f]*$")
    ] = "ack.xml",
) -> WholeBatch:
    """Record the answer to a batch, in XML of up to 16 MiB: bind the BSA IDs, and give back what was refused.

    It is taken whole or not at all. Anything in it that is not of the batch is a 409, and nothing is recorded then.
    """
    found = answering.acknowledge(**call.step, content=content, name=name, tracking_id=tracking_id)
    return _whole(found.batch, found.said)


def _defect(line: str) -> WrongField:
    field, _, reason = line.partition(": ")
    return WrongField(field=field, value="", reason=reason)


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _batch(one: Batch) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in BatchOut.model_fields if name != "download"}
    return told | {"download": f"/api/v1/filings/batches/{one.batch_id}/files/xml"}


def _whole(one: Batch, said: Sequence[Said]) -> WholeBatch:
    return WholeBatch(
        **_batch(one), filings=[SentOut(**filing(each.filing).model_dump(), remarks=_remarks(each)) for each in said]
    )


def _remarks(said: Said) -> list[RemarkOut]:
    names = ("level", "code", "element", "path", "text")
    return [
        RemarkOut(**{name: getattr(one, name) for name in names}, part=part)
        for one, part in zip(said.filing.remarks, said.parts, strict=True)
    ]
