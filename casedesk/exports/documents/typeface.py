"""The type of PDF documents: DejaVu Sans Condensed, which lies beside this file with its licence.

The fonts that every reader of PDF has know no letter beyond Western Europe, and are not in the file: another machine would print
another page. Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic are covered (the last two in the order of typing, unjoined); a
character that is not, is written by its number.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR: Final = "CasedeskSans"
BOLD: Final = "CasedeskSans-Bold"
_FONTS: Final = Path(__file__).parent / "fonts"
_FILES: Final = {REGULAR: "DejaVuSansCondensed.ttf", BOLD: "DejaVuSansCondensed-Bold.ttf"}


_BLANK: Final = 32  # what stands before it are control characters, for some of which fonts have a glyph


@cache
def glyphs() -> frozenset[int]:
    """Make the fonts known, once a process, and return the characters that both can print."""
    known: list[frozenset[int]] = []
    for name, file in _FILES.items():
        font = TTFont(name, str(_FONTS / file))
        pdfmetrics.registerFont(font)
        known.append(frozenset(code for code in font.face.charToGlyph if code >= _BLANK))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    return frozenset.intersection(*known)


def printable(text: str) -> str:
    """Return a text in characters that can be printed: of any other its number, such as ``[U+6771]``; a tab is a blank."""
    known = glyphs()
    text = text.replace("\t", " ")
    if all(ord(c) in known for c in text):
        return text
    return "".join(c if ord(c) in known else f"[U+{ord(c):04X}]" for c in text)


def marked_up(text: str) -> str:
    """Return a line for reportlab's paragraphs, which read XML."""
    return escape(printable(text))


def width(text: str, size: float, font: str = REGULAR) -> float:
    """Return how wide a text is, in points."""
    return float(pdfmetrics.stringWidth(text, font, size))
