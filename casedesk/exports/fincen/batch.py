"""The root's totals and the numbering of elements.

Source: FinCEN SAR XML Schema User Guide, EFilingBatchXML: TotalAmount is the sum of TotalSuspiciousAmountText, PartyCount the
number of subjects, the two attachment counts the number of ActivitySupportDocument elements.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from casedesk.exports.fincen.document import Document, Element, child, local, text
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.reports import NO_AMOUNT, WHOLE_DOLLARS

SUBJECT: Final = "33"


def check_totals(document: Document) -> None:
    """Compare what the root element says with what the batch has."""
    expected: dict[str, tuple[str, Callable[[Document], int]]] = {
        "ActivityCount": ("SAR-0201", _activities),
        "PartyCount": ("SAR-0202", _subjects),
        "ActivityAttachmentCount": ("SAR-0204", _attachments),
        "AttachmentCount": ("SAR-0205", _attachments),
    }
    for name, (code, count) in expected.items():
        got = _whole(document.root, name)
        if got is not None and got != count(document):
            document.say(code, document.root, expected=count(document), got=got)
    _check_amount(document)


def _check_amount(document: Document) -> None:
    said = document.root.get("TotalAmount")
    if said is None or not re.fullmatch(r"\s*[+\-$]?[0-9,]*\.?[0-9]*\s*", said) or not re.search("[0-9]", said):
        return  # missing or no number at all: the structure says so
    if not WHOLE_DOLLARS.fullmatch(said):
        document.say("SAR-0206", document.root, got=quoted(said))
        return
    amounts = [_amount(document, activity) for activity in document.activities()]
    if None in amounts:
        return  # an amount that nobody can read has its own finding, and no sum
    total = sum((amount for amount in amounts if amount is not None), Decimal())
    if Decimal(said) != total:
        document.say("SAR-0203", document.root, expected=total, got=said)


def _amount(document: Document, activity: Element) -> Decimal | None:
    """Return a report's amount: 0 where it says that it has none, None where it is missing or malformed."""
    suspicious = child(activity, "SuspiciousActivity")
    said = text(suspicious, "TotalSuspiciousAmountText")
    if not said:
        return Decimal() if any(document.flag(suspicious, flag) for flag in NO_AMOUNT) else None
    good = document.value(suspicious, "TotalSuspiciousAmountText")
    return Decimal(good) if WHOLE_DOLLARS.fullmatch(good) else None


def _whole(root: Element, name: str) -> int | None:
    said = (root.get(name) or "").strip()
    return int(said) if re.fullmatch(r"[+-]?[0-9]{1,19}", said) else None


def _activities(document: Document) -> int:
    return sum(1 for _ in document.activities())


def _subjects(document: Document) -> int:
    parties = (party for activity in document.activities() for party in document.parties(activity))
    return sum(text(party, "ActivityPartyTypeCode").strip() == SUBJECT for party in parties)


def _attachments(document: Document) -> int:
    return sum(local(element) == "ActivitySupportDocument" for element in document.root.iter())


def check_numbering(document: Document) -> None:
    """Check that sequence numbers are unique over the whole batch, positive, and rise as the elements follow.

    The schema demands that they are unique; the user guide numbers them from 1 on in document order.
    """
    seen: dict[int, Element] = {}
    last: int | None = None
    told = any(found.code == "SAR-0106" for found in document.findings)
    for element in document.root.iter():
        said = element.get("SeqNum")
        if said is None or element is document.root or not re.fullmatch(r"\s*[+-]?[0-9]{1,19}\s*", said):
            continue
        number = int(said)
        if number in seen:
            document.say("SAR-0210", element, got=number, first=seen[number].sourceline)
        elif number < 1 or str(number) != said:
            document.say("SAR-0211", element, got=quoted(said))
        elif last is not None and number < last and not told:
            told = True  # one number, or one element, out of place puts many others out of order
            document.say("SAR-0212", element, got=number, before=last)
        seen.setdefault(number, element)
        last = number
