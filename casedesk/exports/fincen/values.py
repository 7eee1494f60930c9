"""A single value: its characters, its length, its codes, its date.

Sources: the facets of EFL_SARXBatchSchema.xsd, version 1.2; FinCEN SAR XML Schema User Guide, section 3.2 (no leading or
trailing spaces, no carriage returns, line feeds and tabs).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from casedesk.exports.fincen.document import Document, Element, local
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.schema import CODES, FORM, PATTERNS, Child, length

_CONTROLS: Final = {"\r": "a carriage return", "\n": "a line feed", "\t": "a tab"}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

#: Values of which another rule says what they must look like; too long is then not what is wrong with them.
_SHAPED: Final = frozenset(
    {
        "CumulativeTotalViolationAmountText", "IPAddressText", "LossToFinancialAmountText", "NAICSCode", "OtherIssuerCountryText",
        "OtherIssuerStateText", "PartyIdentificationNumberText", "PhoneNumberExtensionText", "PhoneNumberText", "RawCountryCodeText",
        "RawStateCodeText", "RawZIPCode", "SubjectRelationshipFinancialInstitutionTINText", "TotalSuspiciousAmountText",
    }
)  # fmt: skip

#: Values that the schema lets be empty but whose place is needless without one; FinCEN takes them.
_EMPTY_IS_LEGAL: Final = ("text", "flag")


def check_value(document: Document, element: Element, place: Child) -> None:
    """Check one value against its kind; at most one finding."""
    value = element.text or ""
    name = local(element)
    if not value:
        # An element that is there and empty says nothing; where one must be, something is missing.
        takes_empty = place.least == 0 and (place.kind.startswith(_EMPTY_IS_LEGAL) or place.kind.endswith("?"))
        document.spoil("SAR-0303" if takes_empty else "SAR-0304", element, name=name)
        return
    control = _CONTROL.search(value)
    if control:
        found = _CONTROLS.get(control[0], f"the control character U+{ord(control[0]):04X}")
        document.spoil("SAR-0301", element, name=name, got=found)
    elif value != _bare(value):
        document.spoil("SAR-0302", element, name=name, got=quoted(value), expected=quoted(_bare(value)))
    else:
        _check_kind(document, element, place.kind.rstrip("?"), value)


def _bare(value: str) -> str:
    """Return a value without the spaces at its ends, those included that nobody sees."""
    return value.strip().strip("\u200b\ufeff").strip()


def _check_kind(document: Document, element: Element, kind: str, value: str) -> None:
    name = local(element)
    most = length(kind)
    if kind == "form":
        if value != FORM:
            document.spoil("SAR-0103", element, got=quoted(value))
    elif kind == "flag":
        if value != "Y":
            document.spoil("SAR-0307", element, name=name, got=quoted(value))
    elif kind.startswith("code:"):
        codes = CODES[kind.removeprefix("code:")]
        if value not in codes:
            document.spoil("SAR-0306", element, name=name, got=quoted(value), expected=", ".join(codes))
    elif kind == "long14":
        return  # what it must look like depends on the kind of report: see reports.py
    elif kind == "time":
        if not PATTERNS["time"].fullmatch(value):
            document.spoil("SAR-0309", element, name=name, got=quoted(value))
    elif most is not None:
        _check_length(document, element, most)
    else:
        _check_date(document, element, kind, value)


def check_lengths(document: Document) -> None:
    """Find the values that are too long and that no rule about their shape found. Call it after those."""
    for element, most in document.long:
        if not document.is_bad(element):
            _spoil_long(document, element, most)


def _check_length(document: Document, element: Element, most: int) -> None:
    if len(element.text or "") <= most:
        return
    if local(element) in _SHAPED:
        document.long.append((element, most))
    else:
        _spoil_long(document, element, most)


def _spoil_long(document: Document, element: Element, most: int) -> None:
    got = f"{len(element.text or ''):,}"
    document.spoil("SAR-0305", element, name=local(element), got=got, expected=f"{most:,}")


def _check_date(document: Document, element: Element, kind: str, value: str) -> None:
    name = local(element)
    if not re.fullmatch(r"(19|20)[0-9]{6}", value):
        document.spoil("SAR-0401", element, name=name, got=quoted(value))
        return
    month, day = value[4:6], value[6:]
    if kind == "birth" and "00" in (month, day):
        if month == "00" and day != "00":
            document.spoil("SAR-0406", element, name=name, got=quoted(value))
            return
        value = f"{value[:4]}{month if month != '00' else '01'}01"
    if not PATTERNS["date"].fullmatch(value) or not _is_real(value):
        document.spoil("SAR-0402", element, name=name, got=quoted(element.text or ""))


def _is_real(value: str) -> bool:
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True
