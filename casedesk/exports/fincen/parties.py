"""Which parties a report must have, where each may stand, and what belongs to which.

Source: FinCEN SAR XML Schema User Guide, Party: a report has one transmitter, one transmitter contact, one filing institution,
one contact for assistance, and at least one institution where the activity occurred and one subject.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from casedesk.exports.fincen.document import Document, Element, child, children, local, text
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.schema import CODES, PARTIES

_REQUIRED: Final = ("35", "37", "30", "8", "34", "33")
_ONCE: Final = ("35", "37", "30", "8")

#: Parent of a Party to the codes it may have there.
_PLACES: Final = {"PartyAssociation": ("46",), "PartyAccountAssociation": ("41",)}
_TOP: Final = tuple(code for code in CODES["party"] if code not in ("46", "41"))

#: Element to the codes of the parties it is a field of.
_OWNERS: Final = {
    **dict.fromkeys(
        (
            "AdmissionConfessionNoIndicator",
            "AdmissionConfessionYesIndicator",
            "AllCriticalSubjectInformationUnavailableIndicator",
            "BirthDateUnknownIndicator",
            "BothPurchaserSenderPayeeReceiveIndicator",
            "FemaleGenderIndicator",
            "IndividualBirthDateText",
            "MaleGenderIndicator",
            "NoKnownAccountInvolvedIndicator",
            "PayeeReceiverIndicator",
            "PurchaserSenderIndicator",
            "UnknownGenderIndicator",
            "PartyOccupationBusiness",
            "ElectronicAddress",
            "PartyAccountAssociation",
        ),
        ("33",),
    ),
    **dict.fromkeys(("NoBranchActivityInvolvedIndicator",), ("34",)),
    **dict.fromkeys(
        ("PayLocationIndicator", "SellingLocationIndicator", "SellingPayingLocationIndicator"), ("34", "46")
    ),
    "PrimaryRegulatorTypeCode": ("30", "34"),
    "OrganizationClassificationTypeSubtype": ("30", "34"),
    "NonUSFinancialInstitutionIndicator": ("41",),
}
_CLASSIFIED: Final = ("OrganizationClassificationTypeSubtype", "PrimaryRegulatorTypeCode")
_WITH_PHONE: Final = ("35", "8")
#: No subscriber's number is shorter than seven digits (ITU-T E.164 and national plans).
_PHONES: Final = (
    ("PhoneNumberText", "SAR-1101", "(?!0+$)[0-9]{7,16}"),
    ("PhoneNumberExtensionText", "SAR-1102", "[0-9]+"),
)


def check_parties(document: Document, activity: Element) -> None:
    """Check which parties a report has."""
    codes = Counter(text(party, "ActivityPartyTypeCode").strip() for party in document.parties(activity))
    malformed = any(code not in PARTIES for code in codes)
    misplaced = any(code not in _TOP for code in codes if code in PARTIES)
    for code in _REQUIRED:
        # A party whose code is wrong or that stands in the wrong place is found as such; it may well be the missing one.
        if not codes[code] and not malformed and not misplaced:
            document.say("SAR-0701", activity, expected=code, role=PARTIES[code])
        elif code in _ONCE and codes[code] > 1:
            surplus = [p for p in document.parties(activity) if text(p, "ActivityPartyTypeCode").strip() == code][1]
            document.say("SAR-0702", surplus, got=codes[code], party=code, role=PARTIES[code])


def check_party(document: Document, party: Element) -> bool:
    """Check that a party stands where its code belongs, with the fields that its code has.

    Return whether the other rules can be asked about it.
    """
    code = document.value(party, "ActivityPartyTypeCode")
    if not code:
        return False
    parent = party.getparent()
    place = "Activity" if parent is None else local(parent)
    allowed = _PLACES.get(place, _TOP)
    if code not in allowed:
        document.say("SAR-0703", party, got=code, role=PARTIES[code], parent=place, expected=" or ".join(allowed))
        return False
    for element in party:
        owners = _OWNERS.get(local(element), (code,))
        if code not in owners and (element.text or len(element)):
            roles = " and ".join(f"{owner} ({PARTIES[owner]})" for owner in owners)
            document.say("SAR-0704", element, name=local(element), got=code, role=PARTIES[code], expected=roles)
    _check_completeness(document, party, code)
    if code in ("34", "46"):
        _check_location(document, party, code)
    return True


def _check_completeness(document: Document, party: Element, code: str) -> None:
    if code in ("30", "34"):
        for name in _CLASSIFIED:
            if child(party, name) is None:
                document.say("SAR-1207", party, role=PARTIES[code], expected=name)
    if code in _WITH_PHONE and child(party, "PhoneNumber") is None:
        document.say("SAR-1104", party, role=PARTIES[code])
    for phone in children(party, "PhoneNumber"):
        _check_phone(document, phone)


def _check_phone(document: Document, phone: Element) -> None:
    """Check a phone number. Source: user guide, PhoneNumberText: no punctuation, no formatting."""
    for name, finding, shape in _PHONES:
        value = document.value(phone, name)
        at = child(phone, name)
        if value and at is not None and not re.fullmatch(shape, value):
            document.spoil(finding, at, got=quoted(value))
    others = [n for n in ("PhoneNumberTypeCode", "PhoneNumberExtensionText") if document.holds(phone, n)]
    if others and not document.holds(phone, "PhoneNumberText"):
        document.say("SAR-1103", phone, got=" and ".join(others))


def _check_location(document: Document, party: Element, code: str) -> None:
    branches = [p for a in children(party, "PartyAssociation") for p in children(a, "Party")]
    flag = child(party, "NoBranchActivityInvolvedIndicator")
    if code == "34" and branches and flag is not None and flag.text:
        document.say("SAR-1407", flag)
    names = ("SellingLocationIndicator", "PayLocationIndicator", "SellingPayingLocationIndicator")
    said = [name for name in names if document.flag(party, name)]
    if len(said) > 1:
        document.say("SAR-1304", party, got=" and ".join(said))
