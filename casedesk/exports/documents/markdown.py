"""Documents as Markdown. Text that people typed is escaped, so that it shows as it was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from casedesk.exports.documents.blocks import (
    Block,
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

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|$~&])")
#: What means something at the start of a line only: lists, rules, underlines of headings, the second row of a table.
_STARTING: Final = re.compile(r"(?m)^([ \t]*)(?:(\d+)([.)])|([-+=:]))")
_INDENT: Final = re.compile(r"(?m)^[ \t]+")
_INDENT_WITHIN: Final = re.compile(r"(?<=\n)[ \t]+")
_TRAILING: Final = re.compile(r"(?m)[ \t]+$")
_BREAKS: Final = re.compile(r"\s*[\r\n]\s*")
#: How a piece of a changed text begins and ends.
_MARKS: Final = {"": ("", ""), "+": ("**", "**"), "-": ("~~", "~~")}


def write(document: Document) -> str:
    """Write the document."""
    parts = [f"# {line(document.title)}", *map(_block, document.blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {line(block.text)}"
        case Paragraph():
            return "\n".join(map(_words, block.lines))
        case Typed():
            return escape(block.text)
        case Facts():
            return _rows(["| | |", "|---|---|"], ((line(name), line(text)) for name, text in block.rows))
        case Items():
            return "\n".join(f"- {line(text)}" for text in block.lines)
        case Table():
            return _table(block)
        case Marked():
            return "".join(map(_marked, block.pieces))
        case NewPage():
            return ""


def _words(words: Words) -> str:
    return "".join(f"`{word.text}`" if isinstance(word, Mono) else line(word, trim=False) for word in words)


def _table(table: Table) -> str:
    head = f"| {' | '.join(line(column.title) for column in table.columns)} |"
    rule = f"|{'|'.join('---:' if column.figures else '---' for column in table.columns)}|"
    cells = (
        tuple(text if column.figures else line(text) for column, text in zip(table.columns, row, strict=True))
        for row in table.rows
    )
    return _rows([head, rule], cells)


def _rows(head: list[str], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(head + [f"| {' | '.join(row)} |" for row in rows])


def _marked(piece: tuple[str, str]) -> str:
    """Mark a piece line by line and within its blanks: around a blank, or over a line's end, no mark is one."""
    mark, text = piece
    before, after = _MARKS[mark]
    if not mark:
        return escape(text, trim=False)
    parts = re.split(r"(\s*\n\s*)", text)
    return "".join(part if n % 2 else _tightly(part, before, after) for n, part in enumerate(parts))


def _tightly(text: str, before: str, after: str) -> str:
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    return f"{text[:start]}{before}{escape(core)}{after}{text[start + len(core) :]}"


def escape(text: str, *, trim: bool = True) -> str:
    """Escape what Markdown would take for mark-up, HTML, entities and links included; line breaks and indents stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if trim:
        text = _TRAILING.sub("", text)
    text = _SPECIAL.sub(r"\\\1", text)
    text = _STARTING.sub(lambda m: f"{m[1]}{m[2] or ''}\\{m[3] or m[4]}", text)
    return (_INDENT if trim else _INDENT_WITHIN).sub(
        lambda m: "&nbsp;" * len(m[0].expandtabs(4)), text
    )  # four blanks would begin a block of code


def line(text: str, *, trim: bool = True) -> str:
    """Escape a text that must stay on one line: a heading, a cell of a table, an item of a list."""
    return escape(_BREAKS.sub(" ", text.strip() if trim else text), trim=trim)
