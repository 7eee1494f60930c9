"""The subject: person or entity, birth, role, relationship to the institution, accounts.

Source: FinCEN SAR XML Schema User Guide, Party (code 33), PartyAssociation and PartyAccountAssociation; Part I of the report.
"""

from __future__ import annotations

import re
from typing import Final

from casedesk.exports.fincen.document import Document, Element, child, children, local, text
from casedesk.exports.fincen.findings import quoted

_GENDERS: Final = ("FemaleGenderIndicator", "MaleGenderIndicator", "UnknownGenderIndicator")
_ADMISSIONS: Final = ("AdmissionConfessionNoIndicator", "AdmissionConfessionYesIndicator")
_ROLES: Final = ("PurchaserSenderIndicator", "PayeeReceiverIndicator", "BothPurchaserSenderPayeeReceiveIndicator")
_OF_PERSONS: Final = (*_GENDERS, "BirthDateUnknownIndicator", "IndividualBirthDateText")
_RELATIONSHIPS: Final = (
    "AccountantIndicator",
    "AgentIndicator",
    "AppraiserIndicator",
    "AttorneyIndicator",
    "BorrowerIndicator",
    "CustomerIndicator",
    "DirectorIndicator",
    "EmployeeIndicator",
    "OfficerIndicator",
    "OtherRelationshipIndicator",
    "OwnerShareholderIndicator",
)
_ENDED: Final = ("ResignedIndicator", "SuspendedBarredIndicator", "TerminatedIndicator")
_STATUSES: Final = ("RelationshipContinuesIndicator", *_ENDED)


def check_subject(document: Document, party: Element) -> None:
    """Check a party of code 33."""
    for group, finding in ((_GENDERS, "SAR-1301"), (_ADMISSIONS, "SAR-1301"), (_ROLES, "SAR-1304")):
        said = _said(document, party, group)
        if len(said) > 1:
            document.say(finding, party, got=" and ".join(said))
    _check_birth(document, party)
    _check_formats(document, party)
    for association in children(party, "PartyAssociation"):
        _check_relationship(document, party, association)
    _check_accounts(document, party)


def _said(document: Document, parent: Element, flags: tuple[str, ...]) -> list[str]:
    return [flag for flag in flags if document.flag(parent, flag)]


def _check_birth(document: Document, party: Element) -> None:
    if document.flag(party, "PartyAsEntityOrganizationIndicator"):
        for name in _OF_PERSONS:
            found = child(party, name)
            if found is not None and found.text:
                document.say("SAR-0809" if "Unknown" in name else "SAR-0806", found, name=name)
        return
    document.forbid_both("SAR-1302", party, "BirthDateUnknownIndicator", "IndividualBirthDateText")
    known = (
        "IndividualBirthDateText",
        "BirthDateUnknownIndicator",
        "AllCriticalSubjectInformationUnavailableIndicator",
    )
    if not any(document.holds(party, name) for name in known):
        document.say("SAR-1303", party)


def _check_formats(document: Document, party: Element) -> None:
    """Check industry codes (2 to 6 digits, Census Bureau) and e-mail addresses (RFC 5321: one name, one domain)."""
    for occupation in children(party, "PartyOccupationBusiness"):
        _check_format(document, occupation, "NAICSCode", "[0-9]{2,6}", "2 to 6 digits")
    for address in children(party, "ElectronicAddress"):
        if document.value(address, "ElectronicAddressTypeCode") == "E":
            _check_format(document, address, "ElectronicAddressText", r"[^@\s]+@[^@\s]+", "an e-mail address")


def _check_format(document: Document, parent: Element, name: str, shape: str, expected: str) -> None:
    at = child(parent, name)
    value = document.value(parent, name)
    if at is not None and value and not re.fullmatch(shape, value):
        document.spoil("SAR-0310", at, name=name, got=quoted(value), expected=expected)


def _check_relationship(document: Document, party: Element, association: Element) -> None:
    none = child(association, "NoRelationshipToInstitutionIndicator")
    held = _said(document, association, _RELATIONSHIPS)
    if none is not None and none.text and held:
        document.say("SAR-1401", none, got=" and ".join(held))
    statuses = _said(document, association, _STATUSES)
    if len(statuses) > 1:
        document.say("SAR-1402", association, got=" and ".join(statuses))
    ended = _said(document, association, _ENDED)
    day = child(association, "ActionTakenDateText")
    if day is not None and day.text and not ended:
        document.say("SAR-1403", day, got=quoted(day.text))
    elif ended and (day is None or not day.text):
        document.say("SAR-1406", association, got=ended[0])
    _check_other(document, association)
    _check_institution(document, party, association)


def _check_other(document: Document, association: Element) -> None:
    flag = document.flag(association, "OtherRelationshipIndicator")
    said = text(association, "OtherPartyAssociationTypeText")
    words = {"name": "OtherRelationshipIndicator", "expected": "OtherPartyAssociationTypeText"}
    if flag and not said:
        document.say("SAR-1202", association, got=quoted("Y"), **words)
    elif said and not flag:
        document.say("SAR-1203", association, got=quoted(said), **words)


def _check_institution(document: Document, party: Element, association: Element) -> None:
    name = "SubjectRelationshipFinancialInstitutionTINText"
    tin = document.value(association, name)
    at = child(association, name)
    activity = party.getparent()
    if not tin or at is None or activity is None:
        return
    if not re.fullmatch(r"[0-9]{9}", tin):
        document.spoil("SAR-1001", at, name=name, got=quoted(tin), kind="a TIN")
        return
    institutions = (p for p in document.parties(activity) if text(p, "ActivityPartyTypeCode") in ("30", "34"))
    numbers = {
        text(found, "PartyIdentificationNumberText")
        for institution in institutions
        for found in children(institution, "PartyIdentification")
    }
    if tin not in numbers:
        document.say("SAR-1014", at, got=quoted(tin))


def _check_accounts(document: Document, party: Element) -> None:
    association = child(party, "PartyAccountAssociation")
    flag = child(party, "NoKnownAccountInvolvedIndicator")
    none = flag is not None and bool(flag.text)
    if none and association is not None and flag is not None:
        document.say("SAR-1404", flag)
    elif not none and association is None:
        document.say("SAR-1405", party)
    if association is None:
        return
    _check_link(document, association, "7")
    if document.flag(association, "AccountClosedIndicator"):
        document.say("SAR-1410", association)
    for institution in children(association, "Party"):
        for account in children(institution, "Account"):
            if not document.holds(account, "AccountNumberText"):
                document.say("SAR-1408", account)
            inner = child(account, "PartyAccountAssociation")
            if inner is not None:
                _check_link(document, inner, "5")


def _check_link(document: Document, association: Element, expected: str) -> None:
    name = "PartyAccountAssociationTypeCode"
    got = document.value(association, name)
    if got and got != expected:
        document.say("SAR-1409", association, parent=f"{name} of {local(association)}", got=got, expected=expected)
