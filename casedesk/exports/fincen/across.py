"""What no two reports of one batch may have in common, and what all of them must.

Source: FinCEN SAR XML Schema User Guide, Party (code 35: one transmitter sends the batch) and ActivitySupportDocument (the files of a
batch go into one archive, under their names).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from casedesk.exports.fincen.document import Document, Element, child, children, local, text
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.identification import TRANSMITTER_CODE

_TRANSMITTER = "35"


def check_across(document: Document) -> None:
    """Compare the reports of a batch with those before them."""
    names: dict[str, int] = {}
    contents: dict[bytes, int] = {}
    first = ""
    for place, activity in enumerate(document.activities(), start=1):
        for at in _control_codes(document, activity):
            code = document.value(at, "PartyIdentificationNumberText")
            first = first or code
            if code and code != first:
                document.say("SAR-0705", at, got=quoted(code), expected=quoted(first))
        support = child(activity, "ActivitySupportDocument")
        name, told = document.value(support, "OriginalAttachmentFileName"), _told(activity)
        if contents.setdefault(told, place) != place:
            document.say("SAR-0213", activity, place=contents[told])
        elif support is not None and name and names.setdefault(name.lower(), place) != place:
            document.say("SAR-1604", support, got=quoted(name), place=names[name.lower()])


def _control_codes(document: Document, activity: Element) -> Iterator[Element]:
    for party in document.parties(activity):
        if text(party, "ActivityPartyTypeCode") == _TRANSMITTER:
            for number in children(party, "PartyIdentification"):
                if text(number, "PartyIdentificationTypeCode") == TRANSMITTER_CODE:
                    yield number


def _told(activity: Element) -> bytes:
    """Return a digest of what a report says, its numbering left out."""
    content = sha256()
    for element in activity.iter():
        content.update(f"{local(element)}\x1f{(element.text or '').strip()}\x1e".encode("utf-8", "surrogatepass"))
    return content.digest()
