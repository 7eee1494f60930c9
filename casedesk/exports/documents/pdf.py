"""Documents as PDF, ready to print: pages with numbers, tables whose heads are repeated, an outline, text that can be copied."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, PageBreak, Spacer
from reportlab.platypus import Paragraph as Printed

from casedesk.exports.documents import grid, paper, typeface
from casedesk.exports.documents.blocks import (
    Document,
    Facts,
    Heading,
    Items,
    Marked,
    Mono,
    NewPage,
    Paragraph,
    Table,
    Typed,
    Words,
)

_INK: Final = HexColor("#1C2024")
_BODY: Final = 9.0
_LINE_END: Final = re.compile("\r\n|\r|\n")


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    given: dict[str, Any] = {
        "fontName": typeface.REGULAR, "fontSize": size, "leading": size * 1.4, "textColor": _INK,
        "spaceShrinkage": 0,  # blanks of an embedded font are not made narrower, so the line would stand out
        **more,
    }  # fmt: skip
    return ParagraphStyle(name, **given)


_TITLE: Final = _style("title", 16, fontName=typeface.BOLD, spaceAfter=8)
_HEADINGS: Final = {
    2: _style("section", 11.5, fontName=typeface.BOLD, spaceBefore=14, spaceAfter=4, keepWithNext=1),
    3: _style("part", 9.5, fontName=typeface.BOLD, spaceBefore=9, spaceAfter=3, keepWithNext=1),
}
_TEXT: Final = _style("text", _BODY, spaceAfter=5)
_ITEM: Final = _style("item", _BODY, leftIndent=11, bulletIndent=1, spaceAfter=3)
#: How a piece of a changed text is printed: not by colour alone, because paper may be grey.
_MARKS: Final = {"": ("", ""), "+": ("<u><b>", "</b></u>"), "-": ("<strike>", "</strike>")}


class _Headline(Printed):
    """A heading, and its place in the outline."""

    def __init__(self, text: str, style: ParagraphStyle, level: int) -> None:
        super().__init__(typeface.marked_up(text), style)
        self.outline = (level, typeface.printable(text))


def write(document: Document) -> bytes:
    """Print the document. The same document gives the same bytes."""
    typeface.glyphs()
    flowables: list[Flowable] = [_Headline(document.title, _TITLE, 0)]
    for block in document.blocks:
        flowables += _PRINT[type(block)](block)
    return paper.print_pages(document, flowables)


def _heading(block: Heading) -> list[Flowable]:
    return [_Headline(block.text, _HEADINGS[block.level], block.level - 1)]


def _paragraph(block: Paragraph) -> list[Flowable]:
    return [Printed(_words(words), _TEXT) for words in block.lines]


def _words(words: Words) -> str:
    return "".join(typeface.marked_up(word.text if isinstance(word, Mono) else word) for word in words)


def _typed(block: Typed) -> list[Flowable]:
    """Print each of the typed lines as a line, an empty one as the gap it is."""
    lines = _LINE_END.split(block.text)
    return [Printed(_indented(text), _TEXT) if text.strip() else Spacer(0, _BODY * 0.5) for text in lines]


def _indented(text: str) -> str:
    text = text.expandtabs(4)
    body = text.lstrip(" ")
    return "&nbsp;" * (len(text) - len(body)) + typeface.marked_up(body)


def _marked(block: Marked) -> list[Flowable]:
    return [Printed("".join(_piece(mark, text) for mark, text in block.pieces), _TEXT)]


def _piece(mark: str, text: str) -> str:
    before, after = _MARKS[mark]
    return f"{before}{'<br/>'.join(map(typeface.marked_up, _LINE_END.split(text)))}{after}"


def _items(block: Items) -> list[Flowable]:
    return [Printed(typeface.marked_up(text), _ITEM, bulletText="•") for text in block.lines]


def _facts(block: Facts) -> list[Flowable]:
    rows = [[typeface.printable(name), _in_cell(text)] for name, text in block.rows]
    return [grid.lay_out(rows, (), (False, False), (True, False), paper.WIDTH), Spacer(0, 6)] if rows else []


def _table(block: Table) -> list[Flowable]:
    if not block.rows:
        return [Printed("None.", _TEXT)]
    heads = [typeface.printable(column.title) for column in block.columns]
    rows = [[_in_cell(text) for text in row] for row in block.rows]
    figures = [column.figures for column in block.columns]
    return [grid.lay_out(rows, heads, figures, [False] * len(heads), paper.WIDTH), Spacer(0, 6)]


def _in_cell(text: str) -> str:
    """Keep the lines of a text that has some, and one blank between its words."""
    return "\n".join(typeface.printable(" ".join(line.split())) for line in text.strip().splitlines())


def _new_page(_: NewPage) -> list[Flowable]:
    return [PageBreak()]


_PRINT: Final[dict[type, Callable[[Any], list[Flowable]]]] = {
    Heading: _heading,
    Paragraph: _paragraph,
    Typed: _typed,
    Marked: _marked,
    Items: _items,
    Facts: _facts,
    Table: _table,
    NewPage: _new_page,
}
