"""Tell what a file is from its first bytes; its name is only ever used in sentences."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final, cast

from casedesk.errors import Invalid, NotFound

#: How much of the file is looked at. A header record of 10,000 long names fits.
HEAD_BYTES: Final = 4 << 20


class FileType(StrEnum):
    """What the bytes are."""

    CSV = "CSV"
    PATTERNS = "AMLworld patterns"
    JSON_LINES = "JSON lines"
    PARQUET = "Parquet"
    XML = "XML"


#: First bytes of files people drop by mistake, as published by their formats.
_SIGNATURES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF-", "a PDF's signature"),
    (b"PK\x03\x04", "a ZIP archive's signature, as .xlsx and .docx files do; save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document's signature; save the sheet as CSV UTF-8"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture's signature"),
    (b"\xff\xd8\xff", "a JPEG picture's signature"),
    (b"GIF8", "a GIF picture's signature"),
    (b"SQLite format 3\x00", "an SQLite database's signature"),
    (b"BZh", "a bzip2 archive's signature; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive's signature; unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive's signature; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive's signature; unpack it first"),
    (b"ARROW1\x00\x00", "an Arrow file's signature; save it as Parquet"),
    (b"\x7fELF", "a program's signature"),
    (b"\xff\xfe", "UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text; save it as UTF-8"),
)
_HTML: Final = (b"<!doctype html", b"<html")
_UTF8_BOM: Final = b"\xef\xbb\xbf"


class WrongFileType(Invalid):
    """The bytes are not of a kind the desk reads."""

    def __init__(self, path: Path, because: str) -> None:
        super().__init__(f"{path.name} is not a CSV, Parquet or JSON-lines file: {because}.")


class EmptyFile(Invalid):
    """There is not one byte of data."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.name} is empty; it must have a header row and rows below it.")


class NoSuchFile(NotFound):
    """The path leads to no file."""

    def __init__(self, path: Path, why: str = "does not exist") -> None:
        super().__init__(f"{path} {why}; check the path.")


class DamagedArchive(Invalid):
    """The gzip stream ends early or fails its checksum."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} is damaged: its gzip stream ends early or fails its checksum. Copy or compress the file again."
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """What was learned from the first bytes; ``head`` is unpacked."""

    path: Path
    type: FileType
    gzipped: bool
    head: bytes

    def stream(self) -> IO[bytes]:
        """Open the unpacked bytes from the start."""
        return cast("IO[bytes]", gzip.open(self.path)) if self.gzipped else self.path.open("rb")

    def position(self, stream: IO[bytes]) -> int:
        """Tell how many bytes of the file on disk a stream has taken so far."""
        return cast("int", cast("Any", stream).fileobj.tell() if self.gzipped else stream.tell())


def recognise(path: Path) -> Opened:
    """Read the first bytes of a file and say what it is.

    :raises NoSuchFile: if there is no readable file at the path.
    :raises EmptyFile: if it holds no bytes.
    :raises DamagedArchive: if it is a gzip stream that cannot be read.
    :raises WrongFileType: if it is none of the kinds the desk reads; the sentence says what it looks like.
    """
    if not path.exists():
        raise NoSuchFile(path)
    if not path.is_file():
        raise NoSuchFile(path, "is not a file")
    try:
        with path.open("rb") as raw:
            gzipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if gzipped else path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except PermissionError:
        raise NoSuchFile(path, "may not be read by this user") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise DamagedArchive(path) from None
    if not head.removeprefix(_UTF8_BOM).strip():
        raise EmptyFile(path)
    return Opened(path, _type_of(path, head, gzipped), gzipped, head)


def _type_of(path: Path, head: bytes, gzipped: bool) -> FileType:
    if head.startswith(b"PAR1"):
        if gzipped:
            raise WrongFileType(path, "it is Parquet inside gzip; unpack it first")
        return FileType.PARQUET
    for signature, what in _SIGNATURES:
        if head.startswith(signature):
            raise WrongFileType(path, f"it starts with {what}")
    start = head.removeprefix(_UTF8_BOM).lstrip()[:64].lower()
    if start.startswith(_HTML):
        raise WrongFileType(path, "it starts with an HTML page")
    if start.startswith(b"<"):
        return FileType.XML
    if start.startswith(b"["):
        raise WrongFileType(path, "it starts with a JSON array; write one object a line instead")
    if start.startswith(b"{"):
        return FileType.JSON_LINES
    if start.startswith(b"begin laundering attempt"):
        return FileType.PATTERNS
    if b"\x00" in head[:65536]:
        raise WrongFileType(path, "it holds NUL bytes, as binary files do")
    return FileType.CSV
