"""`POST /api/v1/cases/{id}/exports/...`: files of a case, for who may take them out; each leaves an event."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from fastapi.responses import Response

from casedesk.api.access import Acts, Call
from casedesk.api.cases import CaseId
from casedesk.api.problems import answers
from casedesk.services import exporting
from casedesk.services.exporting import ExportedFile

router = APIRouter(prefix="/api/v1", tags=["exports"])


class What(StrEnum):
    """Which file: the events as CSV, the summary as Markdown or PDF, or the whole case as PDF."""

    AUDIT = "audit"
    SUMMARY = "summary"
    SUMMARY_PDF = "summary-pdf"
    CASE_FILE = "case-file"


_MEDIA: Final = {".csv": "text/csv; charset=utf-8", ".md": "text/markdown; charset=utf-8", ".pdf": "application/pdf"}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file",
        "content": {
            media.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA.values()
        },
    }
}


@router.post(
    "/cases/{case_id}/exports/{what}",
    summary="Take a file of a case out (managers and auditors)",
    response_class=Response,
    responses=_FILE | answers(401, 403, 404, 409, 413, 422, 429, 503),
)
def export(call: Acts, case_id: CaseId, what: Annotated[What, Path()]) -> Response:
    """Make a file of a case. Its event, with the file's SHA-256, is there before the file is."""
    made = _made(call, case_id, what)
    ending = made.name[made.name.rindex(".") :]
    headers = {"content-disposition": f'attachment; filename="{made.name}"', "x-content-sha256": made.sha256}
    return Response(made.content, media_type=_MEDIA[ending], headers=headers)


def _made(call: Call, case_id: str, what: What) -> ExportedFile:
    step, currency = call.step | {"case_id": case_id}, call.desk.settings.base_currency
    if what is What.AUDIT:
        return exporting.audit_csv(**step)
    if what is What.CASE_FILE:
        return exporting.case_file(**step, look=call.desk.reading(), base_currency=currency)
    return exporting.summary(**step, base_currency=currency, pdf=what is What.SUMMARY_PDF)
