"""Values as FinCEN writes them: one line, digits only, eight digits for a day, blocks for a narrative.

Source: FinCEN SAR XML Schema User Guide, section 3.2: no leading or trailing spaces, no carriage returns, line feeds and tabs.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

#: What ends a line, what no reader prints, and what XML cannot hold.
_BREAKS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_PUNCTUATION: Final = re.compile(r"[\s()./+\-]+")
_BLOCK: Final = 4000


def one_line(text: str) -> str:
    """Return a text on one line, with single blanks."""
    return _BREAKS.sub(" ", text).strip()


def digits(text: str) -> str:
    """Return a number without the blanks and punctuation that people write between its digits."""
    return _PUNCTUATION.sub("", text)


def day(on: date | None) -> str:
    """Return a day as ``YYYYMMDD``; empty if there is none."""
    return f"{on:%Y%m%d}" if on else ""


def birth(text: str) -> str:
    """Return a date of birth, which may lack day and month, as eight digits: ``1980-02`` is ``19800200``."""
    return text.replace("-", "").ljust(8, "0") if re.fullmatch(r"\d{4}(-\d{2}){0,2}", text) else text


def flags(*names: str) -> dict[str, bool]:
    """Set indicators by name; an empty name sets none."""
    return {name: True for name in names if name}


def blocks(narrative: str) -> list[str]:
    """Cut a narrative into blocks of at most 4,000 characters, none of which begins or ends with a blank."""
    text = one_line(narrative)
    found = []
    while len(text) > _BLOCK:
        # The blocks are read as one text, so that a cut at a blank would glue two words together.
        cut = next((at for at in range(_BLOCK, 0, -1) if " " not in text[at - 1 : at + 1]), _BLOCK)
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text] if text else found
