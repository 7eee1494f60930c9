"""Read a file as a FinCEN SAR batch, or say why it is none. What comes from outside gets no entities, no network, no endless trees.

A document type declaration is refused before a parser sees it: no batch has one, and entities and external references are
how XML attacks its reader.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lxml import etree

from casedesk.errors import Invalid
from casedesk.exports.fincen.document import Element
from casedesk.exports.fincen.schema import FORM, ROOT

#: A batch of ten thousand long reports is smaller; more is refused by its size, before it is read.
LARGEST: Final = 200_000_000

_BATCH: Final = "a FinCEN SAR batch in XML"
_DOCTYPES: Final = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
#: The form types of FinCEN's other batches: a file of one of them is no defective SAR batch but another document.
_OTHER_FORMS: Final = {
    "CTRX": "currency transaction reports",
    "8300X": "reports of cash payments (Form 8300)",
    "FBARX": "reports of foreign accounts",
    "DOEPX": "designations of exempt persons",
    "RMSBX": "registrations of money services businesses",
}


class Unreadable(Invalid):
    """The file is no SAR batch at all, so no rule can be asked about it."""


def read(path: Path) -> Element:
    """Return the root element of a batch file.

    :raises Unreadable: if the file is missing, too large, not XML, not safe, or another document.
    """
    root = parse(content_of(path), path.name)
    _require_batch(root, path.name)
    return root


def parse(content: bytes, name: str, wanted: str = _BATCH) -> Element:
    """Parse XML from outside; comments and processing instructions are left out.

    :param wanted: what the caller expects, for the sentence of a refusal.
    :raises Unreadable: if it is not well-formed or has a document type declaration.
    """
    if not content.strip():
        raise Unreadable(f"{name} is empty; give {wanted}.")
    if any(mark in content for mark in _DOCTYPES):
        raise Unreadable(
            f"{name} has a document type declaration, which can make a reader open other files or run out of memory. "
            "No file of FinCEN has one; take it away."
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"{name} is not well-formed XML: {error.msg}. Write the file again.") from None


def content_of(path: Path, wanted: str = _BATCH) -> bytes:
    """Return the bytes of a file from outside.

    :raises Unreadable: if it is missing or too large.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Unreadable(f"{path.name} has more than {LARGEST:,} bytes, too many for {wanted}.")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}); give the path of {wanted}.") from None
    if len(content) > LARGEST:
        raise Unreadable(f"{path.name} has more than {LARGEST:,} bytes, too many for {wanted}.")
    return content


def _require_batch(root: Element, name: str) -> None:
    tag = etree.QName(root).localname
    if tag != ROOT:
        raise Unreadable(f"{name} is XML, but no SAR batch: its root element is {tag}, expected {ROOT}.")
    if root.find("{*}EFilingSubmissionXML") is not None:
        raise Unreadable(f"{name} is FinCEN's acknowledgement of a batch, not a batch.")
    form = (root.findtext("{*}FormTypeCode") or "").strip()
    if form in _OTHER_FORMS and root.find(".//{*}SuspiciousActivity") is None:
        raise Unreadable(f"{name} is a batch of {_OTHER_FORMS[form]} ({form}), not of SARs ({FORM}).")
