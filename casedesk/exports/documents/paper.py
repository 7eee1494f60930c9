"""The pages of a PDF: size, what runs at head and foot of each, their numbers, and the outline a reader can jump by."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate

from casedesk.exports import confidentiality
from casedesk.exports.documents import typeface
from casedesk.exports.documents.blocks import Document

#: FinCEN's and most examiners' paper; the margins are wide enough for A4, too.
SIZE: Final = letter
MARGIN: Final = 54.0  # points, three quarters of an inch
WIDTH: Final = SIZE[0] - 2 * MARGIN
_SMALL: Final = 7.5
_GREY: Final = HexColor("#5B626B")
_RULE: Final = HexColor("#C9CDD2")


def print_pages(document: Document, flowables: Sequence[Flowable]) -> bytes:
    """Lay the flowables out and return the file. The same document gives the same bytes, whenever it is printed."""
    buffer = io.BytesIO()
    paper = _Paper(buffer, document)
    paper.build(list(flowables), canvasmaker=_numbering(document))
    return buffer.getvalue()


class _Paper(BaseDocTemplate):
    """Notes the headings for the outline as they are laid out."""

    def __init__(self, buffer: io.BytesIO, document: Document) -> None:
        super().__init__(
            buffer, pagesize=SIZE, title=document.running, author="AML Case Desk", subject=confidentiality.SHORT,
            creator="AML Case Desk", producer="AML Case Desk", lang="en", invariant=1, allowSplitting=1,
        )  # fmt: skip
        frame = Frame(MARGIN, MARGIN, WIDTH, SIZE[1] - 2 * MARGIN - 12, leftPadding=0, rightPadding=0)
        self.addPageTemplates([PageTemplate(frames=[frame])])
        self._headings = 0

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  # the name is reportlab's
        level, text = getattr(flowable, "outline", (None, ""))
        if level is None:
            return
        self._headings += 1
        self.canv.bookmarkPage(f"h{self._headings}")
        self.canv.addOutlineEntry(text, f"h{self._headings}", level=level, closed=level > 0)


def _numbering(document: Document) -> Any:
    """Return a canvas that keeps each page until the last one is known, for “1 of 7”."""

    class Numbered(Canvas):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._pages: list[dict[str, Any]] = []
            self.setDateFormatter(lambda *_: f"D:{document.made_at:%Y%m%d%H%M%S}+00'00'")
            self.showOutline()

        def showPage(self) -> None:  # noqa: N802  # the name is reportlab's
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # the stubs leave out what has an underscore

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                _run(self, document.running, number, len(self._pages))
                super().showPage()
            super().save()

    return Numbered


def _run(canvas: Canvas, running: str, number: int, pages: int) -> None:
    """Draw what stands at the head and the foot of each page."""
    top, right = SIZE[1] - MARGIN + 14, SIZE[0] - MARGIN
    canvas.setFont(typeface.REGULAR, _SMALL)
    canvas.setFillColor(_GREY)
    canvas.drawString(MARGIN, top, running)
    canvas.drawRightString(right, top, confidentiality.SHORT)
    canvas.setStrokeColor(_RULE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, top - 5, right, top - 5)
    canvas.drawRightString(right, MARGIN - 20, f"Page {number} of {pages}")
