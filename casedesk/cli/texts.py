"""What a person writes: on the command line, in a file, or piped in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from casedesk.errors import Invalid, NotFound

#: Four times the longest narrative the desk takes, in the widest characters; the exact limit is the desk's to refuse.
_MOST_BYTES = 16 * 1024 * 1024

Text = Annotated[
    str | None, typer.Option("--text", "--reason", metavar="TEXT", help="What to write; “-” reads standard input.")
]
File = Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Read what to write from a UTF-8 file.")]


def written(text: str | None, file: Path | None) -> str:
    """Return what the person wrote; the empty string where they wrote nothing.

    :raises Invalid: if both sources are given, or the bytes are not UTF-8.
    :raises NotFound: if the file cannot be read.
    """
    if text is not None and file is not None:
        raise Invalid("Give the text with --text or with --file, not both.")
    if text == "-" or (file is not None and str(file) == "-"):
        return _decoded(sys.stdin.buffer.read(_MOST_BYTES + 1), "Standard input")
    if file is None:
        return text or ""
    try:
        with file.open("rb") as stream:
            return _decoded(stream.read(_MOST_BYTES + 1), str(file))
    except OSError as error:
        raise NotFound(f"{file} cannot be read ({error.strerror}); give the path of a text file.") from None


def _decoded(content: bytes, source: str) -> str:
    if len(content) > _MOST_BYTES:
        raise Invalid(f"{source} holds more than {_MOST_BYTES:,} bytes; no text of the desk is that long. Shorten it.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(f"{source} is not UTF-8: byte {error.start + 1}, in line {line}. Save it as UTF-8.") from None
