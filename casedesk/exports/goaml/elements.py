"""Elements of a document, written in the order the schema wants; what is empty is left out, and nothing is cut."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from casedesk.domain.money import MINOR_DIGITS
from casedesk.errors import Invalid

#: What XML 1.0 has no place for.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

__all__ = ["Element", "add", "amount", "day", "moment", "root", "under"]


class TooLong(Invalid):
    """A text is longer than the form has room for."""

    def __init__(self, name: str, text: str, longest: int) -> None:
        shown = text if len(text) <= 60 else f"{text[:59]}…"
        super().__init__(
            f"“{shown}” has {len(text):,} characters, and {name} has room for {longest:,}; shorten it in the form."
        )


def root(name: str) -> Element:
    """Begin a document."""
    return etree.Element(name)


def under(parent: Element, name: str) -> Element:
    """Add an element that holds others."""
    return etree.SubElement(parent, name)


def add(parent: Element, name: str, text: str, longest: int | None = None) -> None:
    """Add a text; nothing if it is empty.

    :raises TooLong: if it has more than ``longest`` characters: a text that was cut would be another.
    """
    text = _CONTROL.sub(" ", text).strip()
    if longest is not None and len(text) > longest:
        raise TooLong(name, text, longest)
    if text:
        etree.SubElement(parent, name).text = text


def day(on: date) -> str:
    """Write a day, which goAML wants with a time."""
    return datetime.combine(on, time()).isoformat()


def moment(at: datetime) -> str:
    """Write a moment in UTC, to the second."""
    return at.replace(tzinfo=None, microsecond=0).isoformat()


def amount(minor: int, currency: str) -> str:
    """Write an amount in units of its currency."""
    digits = MINOR_DIGITS[currency]
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}{f'.{rest:0{digits}}' if digits else ''}"
