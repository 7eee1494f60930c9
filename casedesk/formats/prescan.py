"""One pass over a file before anything of it is stored: its digest, its encoding, its length."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from casedesk.errors import Invalid
from casedesk.formats.file_types import DamagedArchive, FileType, Opened

_STEP: Final = 1 << 20


class NotUtf8(Invalid):
    """A byte is not part of any UTF-8 character."""

    def __init__(self, path: Path, line: int, offset: int, byte: int) -> None:
        super().__init__(
            f"{path.name} is not UTF-8: line {line} holds the byte 0x{byte:02X} at offset {offset}. "
            "Save the file as UTF-8 and import it again; nothing of it was stored."
        )
        self.line, self.offset = line, offset


@dataclass(frozen=True, slots=True)
class Scanned:
    """What one pass found. Counts are of the unpacked bytes; the digest is of the file as it lies on disk."""

    sha256: str
    total_bytes: int
    newlines: int
    quotes: int


def scan(opened: Opened) -> Scanned:
    """Digest the file and, for text, check every byte of its encoding.

    :raises NotUtf8: naming the line and the byte offset of the first wrong byte.
    :raises DamagedArchive: if a gzip stream breaks off.
    """
    digest = _digest(opened.path)
    size = opened.path.stat().st_size
    if opened.type in (FileType.PARQUET, FileType.XML):  # XML names its encoding, and its parser holds it to it
        return Scanned(digest, size, 0, 0)
    try:
        with opened.stream() as stream:
            newlines, quotes = _check_text(opened.path, stream)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise DamagedArchive(opened.path) from None
    return Scanned(digest, size, newlines, quotes)


def _digest(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _check_text(path: Path, stream: IO[bytes]) -> tuple[int, int]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    newlines = quotes = offset = 0
    while True:
        block = stream.read(_STEP)
        held = decoder.getstate()[0]
        if held or not block or not block.isascii():
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                wrong = held + block
                line = newlines + wrong[: error.start].count(b"\n") + 1
                raise NotUtf8(path, line, offset - len(held) + error.start, wrong[error.start]) from None
        if not block:
            return newlines, quotes
        newlines += block.count(b"\n")
        quotes += block.count(b'"')
        offset += len(block)
