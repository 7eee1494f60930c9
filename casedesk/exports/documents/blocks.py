"""What a document is made of. It is put together once, and written as Markdown or as PDF from the same blocks.

Texts are plain: whoever writes them escapes them for their form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mono:
    """A hash within a line: set apart, and never broken into words."""

    text: str


#: A line of text, with hashes in it or without.
Words = tuple[str | Mono, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a section; ``level`` is 2, and 3 within one."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of the desk's own words."""

    lines: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed, with their line breaks."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what stands against them."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; figures stand to the right, and are written as they are."""

    title: str
    figures: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head that is repeated on every page."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """What was typed, as it was changed: pieces with ``+`` for what came in, ``-`` for what went, and nothing for what stayed."""

    pieces: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NewPage:
    """What follows stands on a page of its own, where there are pages."""


Block = Heading | Paragraph | Typed | Facts | Items | Table | Marked | NewPage


@dataclass(frozen=True, slots=True)
class Document:
    """A document and what stands at the head of each of its pages.

    :param running: names the document on every page, and says nothing of a decision.
    :param made_at: the moment it is of; nothing in it tells when its bytes were written.
    """

    title: str
    running: str
    made_at: datetime
    blocks: Sequence[Block]


def line(*words: str | Mono) -> Paragraph:
    """Make a paragraph of one line."""
    return Paragraph((words,))
