"""A table on paper: heads repeated on every page, long texts wrapped, a row that is longer than a page carried on to the next.

reportlab's own tables copy all that is left at each page: ten thousand rows took a minute.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable

from casedesk.exports.documents import typeface

SIZE: Final = 8.0
_LEADING: Final = SIZE * 1.3
_PADDING: Final = 4.0  # points, on each side of a cell
_ABOVE: Final = 2.5  # points, above and below the text of a row
_INK: Final = HexColor("#1C2024")
_RULE: Final = HexColor("#C9CDD2")
_WORD: Final = re.compile(r"\S+")

#: A row: of each cell its lines.
Row = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide the columns are, in points, which hold figures, and which are printed bold."""

    widths: tuple[float, ...]
    figures: tuple[bool, ...]
    bold: tuple[bool, ...]


class Grid(Flowable):
    """Rows to be printed under a head."""

    def __init__(self, columns: Columns, head: Row | None, rows: Sequence[Row], heights: Sequence[float] = ()) -> None:
        super().__init__()
        self._columns = columns
        self._head = head
        self._rows = rows
        self._heights = heights or [_height(row) for row in rows]

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """Return the width and the height of all rows."""
        self.width = sum(self._columns.widths)
        self.height = sum(self._heights) + self._height_of_head()
        return self.width, self.height

    def split(self, available_width: float, available_height: float) -> list[Flowable]:
        """Return what fits, and the rest under the same head; nothing if not even one row's first lines fit."""
        left = available_height - self._height_of_head()
        fits = 0
        for height in self._heights:
            if height > left:
                break
            left -= height
            fits += 1
        first, rest = self._rows[:fits], self._rows[fits:]
        lines = int((left - 2 * _ABOVE) // _LEADING)
        if not fits and rest and lines >= _FEWEST:
            return [self._of([_upto(rest[0], lines)]), self._of([_beyond(rest[0], lines), *rest[1:]])]
        if not first or not rest:
            return []
        return [self._of(first, self._heights[:fits]), self._of(rest, self._heights[fits:])]

    def _of(self, rows: Sequence[Row], heights: Sequence[float] = ()) -> Grid:
        return Grid(self._columns, self._head, rows, heights)

    def _height_of_head(self) -> float:
        return _height(self._head) if self._head else 0.0

    def draw(self) -> None:
        """Draw all rows, the head first."""
        top = self.height
        self.canv.setFillColor(_INK)
        self.canv.setStrokeColor(_RULE)
        self.canv.setLineWidth(0.4)
        bold = replace(self._columns, bold=(True,) * len(self._columns.widths))
        for row in self._all():
            self._draw(row, bold if row is self._head else self._columns, top)
            top -= _height(row)
            self.canv.line(0, top, self.width, top)

    def _draw(self, row: Row, columns: Columns, top: float) -> None:
        left = 0.0
        for lines, wide, figures, bold in zip(row, columns.widths, columns.figures, columns.bold, strict=True):
            self.canv.setFont(typeface.BOLD if bold else typeface.REGULAR, SIZE)
            for n, text in enumerate(lines):
                base = top - _ABOVE - SIZE - n * _LEADING
                if figures:
                    self.canv.drawRightString(left + wide - _PADDING, base, text)
                else:
                    self.canv.drawString(left + _PADDING, base, text)
            left += wide

    def _all(self) -> Sequence[Row]:
        return [self._head, *self._rows] if self._head else self._rows


#: So many lines of a row that is longer than a page are worth beginning on this one.
_FEWEST: Final = 3


def _height(row: Row) -> float:
    return max(map(len, row)) * _LEADING + 2 * _ABOVE


def _upto(row: Row, lines: int) -> Row:
    return tuple(cell[:lines] for cell in row)


def _beyond(row: Row, lines: int) -> Row:
    return tuple(cell[lines:] for cell in row)


def lay_out(
    rows: Sequence[Sequence[str]], heads: Sequence[str], figures: Sequence[bool], bold: Sequence[bool], width: float
) -> Grid:
    """Lay a table out. Texts are of printable characters.

    :param heads: empty for a table without a head.
    :param width: of the page, in points.
    """
    words = [n for n, (right, name) in enumerate(zip(figures, bold, strict=True)) if not right and not name]
    widths = _widths([heads, *rows] if heads else rows, width, words)
    columns = Columns(widths, tuple(figures), tuple(bold))
    head = _wrapped(heads, widths, [True] * len(widths)) if heads else None
    return Grid(columns, head, [_wrapped(row, widths, bold) for row in rows])


def _widths(rows: Sequence[Sequence[str]], width: float, words: Sequence[int]) -> tuple[float, ...]:
    """Give short columns what they need, measured in bold, and the long ones equal shares of what is left.

    What nobody needs is shared by the columns of words: the table is as wide as the page.
    """
    wanted = [
        max(typeface.width(line, SIZE, typeface.BOLD) for text in column for line in text.split("\n"))
        + 2 * _PADDING
        + 0.5
        for column in zip(*rows, strict=True)
    ]
    widths, left, open_columns = [0.0] * len(wanted), width, list(range(len(wanted)))
    while open_columns:
        share = left / len(open_columns)
        fitting = [n for n in open_columns if wanted[n] <= share]
        for n in fitting or open_columns:
            widths[n] = wanted[n] if fitting else share
            left -= widths[n]
        open_columns = [n for n in open_columns if n not in fitting] if fitting else []
    for n in words:
        widths[n] += max(left, 0.0) / len(words)
    return tuple(widths)


def _wrapped(row: Sequence[str], widths: Sequence[float], bold: Sequence[bool]) -> Row:
    return tuple(
        tuple(_lines(text, wide - 2 * _PADDING, typeface.BOLD if heavy else typeface.REGULAR))
        for text, wide, heavy in zip(row, widths, bold, strict=True)
    )


def _lines(text: str, wide: float, font: str) -> list[str]:
    if typeface.width(text, SIZE, font) <= wide and "\n" not in text:
        return [text]
    return [line for typed in text.split("\n") for line in _broken(typed, wide, font)]


def _broken(text: str, wide: float, font: str) -> list[str]:
    """Break a line between words, and within a word that is wider than the cell."""
    lines = [""]
    for word in _WORD.findall(text):
        longer = f"{lines[-1]} {word}".lstrip()
        if typeface.width(longer, SIZE, font) <= wide:
            lines[-1] = longer
            continue
        *full, rest = _pieces(word, wide, font)
        lines += [*full, rest]
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def _pieces(word: str, wide: float, font: str) -> list[str]:
    pieces = [""]
    for character in word:
        if pieces[-1] and typeface.width(pieces[-1] + character, SIZE, font) > wide:
            pieces.append("")
        pieces[-1] += character
    return pieces
