"""Elements of a document, written in the order the schema wants; what is empty is left out."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from casedesk.domain.money import MINOR_DIGITS

#: What XML 1.0 has no place for.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

__all__ = ["Element", "add", "amount", "day", "moment", "root", "under"]


def root(name: str) -> Element:
    """Begin a document."""
    return etree.Element(name)


def under(parent: Element, name: str) -> Element:
    """Add an element that holds others."""
    return etree.SubElement(parent, name)


def add(parent: Element, name: str, text: str, longest: int | None = None) -> None:
    """Add a text, cut to ``longest``; nothing if it is empty."""
    text = _CONTROL.sub(" ", text).strip()
    if text:
        etree.SubElement(parent, name).text = text[:longest].strip()


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
