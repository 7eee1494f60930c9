"""ISO 20022 messages, entry by entry: any version, in any namespace prefix, without holding the file in memory.

A document type declaration is refused before anything of it is followed: ISO 20022 messages have none, and entities and
external references are how XML attacks its reader.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
import numpy as np
import pyarrow as pa
from defusedxml.common import DefusedXmlException

from casedesk.errors import Invalid
from casedesk.formats.file_types import DamagedArchive, Opened
from casedesk.formats.mapping import TRANSACTION_FIELDS
from casedesk.formats.records import Records
from casedesk.formats.rejects import RejectedRow, rejected

#: Columns of a message's rows: the desk's fields, and what tells equal rows apart.
XML_COLUMNS: Final = (*TRANSACTION_FIELDS, "identity")

_BLOCK_ROWS: Final = 20_000
#: ISO 20022 messages are about twenty deep; more is no message.
_DEEPEST: Final = 100


class UnsafeXml(Invalid):
    """The file declares a document type, entities or external references."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} has a document type declaration, which can make a reader open other files or run out of memory. "
            "No ISO 20022 message has one; ask for the file as the bank sent it. Nothing of it was stored."
        )


class BrokenXml(Invalid):
    """The file is not well-formed."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name} is not well-formed XML: {why}. Get the file again; nothing of it was stored.")


class OtherXml(Invalid):
    """The file is XML, but none of the messages the desk reads."""

    def __init__(self, path: Path, root: str) -> None:
        super().__init__(
            f"{path.name} is XML, but neither a camt.053 account statement nor a pacs.008 credit transfer: "
            f"its root element is {root}."
        )


class EntryRefused(Exception):
    """An entry that cannot become a row, with field, value and reason."""

    def __init__(self, field: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.value, self.reason = field, value, reason


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message: the element it is known by, the element of an entry, and the rows of one.

    ``rows`` gets the entry and the element it stands in, whose earlier children are complete.
    """

    name: str
    container: str
    entry: str
    rows: Callable[[Element, Element], list[dict[str, str]]]


class _Parse(Protocol):
    def __iter__(self) -> Iterator[tuple[str, Element]]: ...


def local(element: Element) -> str:
    """Give an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def inside(element: Element | None, *path: str) -> Element | None:
    """Follow a path of local names to its first element."""
    for name in path:
        element = next((child for child in element if local(child) == name), None) if element is not None else None
    return element


def text(element: Element | None, *path: str) -> str:
    """Give the text at a path, white space folded; empty where there is none."""
    found = inside(element, *path)
    return " ".join((found.text or "").split()) if found is not None else ""


def first_text(element: Element | None, *paths: tuple[str, ...]) -> str:
    """Give the first text that is not empty."""
    return next((found for path in paths if (found := text(element, *path))), "")


class XmlReader:
    """Read one message. The whole file is parsed once at opening, so that a broken end is found before its start is stored.

    Row numbers count entries from 1; an entry of several transactions gives several rows of its number.

    :raises UnsafeXml, BrokenXml, OtherXml, DamagedArchive: if the file is not one of the messages.
    """

    first_number = 1
    header: Final = XML_COLUMNS

    def __init__(self, opened: Opened, messages: Sequence[Message]) -> None:
        self._opened = opened
        self._messages = {message.container: message for message in messages}
        self.message, self.rows = self._survey()

    def blocks(self, wanted: Sequence[int]) -> Iterator[Records]:
        names = [self.header[i] for i in wanted]
        values: list[list[str]] = [[] for _ in names]
        numbers: list[int] = []
        broken: list[RejectedRow] = []

        def block() -> Records:
            return Records(
                tuple(pa.array(column, pa.string()) for column in values),
                np.array(numbers, dtype=np.int64),
                tuple(broken),
                self._opened.position(stream),
            )

        with self._opened.stream() as stream:
            for number, (entry, around) in enumerate(self._entries(stream), start=1):
                try:
                    rows = self.message.rows(entry, around)
                except EntryRefused as refused:
                    broken.append(rejected(number, refused.field, refused.value, refused.reason))
                    continue
                for row in rows:
                    numbers.append(number)
                    for column, name in zip(values, names, strict=True):
                        column.append(row.get(name, ""))
                if len(numbers) >= _BLOCK_ROWS:
                    yield block()
                    values, numbers, broken = [[] for _ in names], [], []
            yield block()

    def _survey(self) -> tuple[Message, int]:
        try:
            with self._opened.stream() as stream:
                found = self._find(stream)
            with self._opened.stream() as stream:
                return found, sum(1 for _ in self._entries(stream, found))
        except DefusedXmlException:
            raise UnsafeXml(self._opened.path) from None
        except (ParseError, ValueError, LookupError) as error:
            raise BrokenXml(self._opened.path, str(error)) from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise DamagedArchive(self._opened.path) from None

    def _find(self, stream: IO[bytes]) -> Message:
        root = ""
        for event, element in self._parse(stream):
            root = root or _shown(element)
            if event == "start" and local(element) in self._messages:
                return self._messages[local(element)]
            if event == "start" and local(element) == "Document":
                root = _shown(element)
            if event == "end":
                element.clear()
        raise OtherXml(self._opened.path, root)

    def _entries(self, stream: IO[bytes], message: Message | None = None) -> Iterator[tuple[Element, Element]]:
        message = message or self.message
        above: list[Element] = []
        for event, element in self._parse(stream):
            if event == "start":
                above.append(element)
                if len(above) > _DEEPEST:
                    raise BrokenXml(self._opened.path, f"its elements are nested more than {_DEEPEST} deep")
                continue
            above.pop()
            if local(element) == message.entry and above:
                yield element, above[-1]
                above[-1].remove(element)

    def _parse(self, stream: IO[bytes]) -> _Parse:
        found: _Parse = defusedxml.ElementTree.iterparse(stream, events=("start", "end"), forbid_dtd=True)
        return found


def _shown(element: Element) -> str:
    namespace, _, name = element.tag.rpartition("}")
    return f"“{name[:64]}” of “{namespace[1:][:120]}”" if namespace else f"“{name[:64]}” of no namespace"
