"""Names of parties.

Source: FinCEN SAR XML Schema User Guide, PartyName: one legal name a party; a subject's legal name stands in
RawEntityIndividualLastName (and for a person RawIndividualFirstName), everybody else's in RawPartyFullName.
"""

from __future__ import annotations

from typing import Final

from casedesk.exports.fincen.document import Document, Element, child, children, text
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.identification import TAXPAYER_TYPES
from casedesk.exports.fincen.schema import PARTIES

_NAMED: Final = ("35", "37", "30", "8", "34", "33")
_LAST: Final = "RawEntityIndividualLastName"
_FIRST: Final = "RawIndividualFirstName"
_FULL: Final = "RawPartyFullName"
_LAST_UNKNOWN: Final = "EntityLastNameUnknownIndicator"
_FIRST_UNKNOWN: Final = "FirstNameUnknownIndicator"
_OF_PERSONS: Final = (_FIRST, "RawIndividualMiddleName", "RawIndividualNameSuffixText", _FIRST_UNKNOWN)
_PARTS: Final = (_LAST, _FIRST, _FULL, "RawIndividualMiddleName", "RawIndividualNameSuffixText")


def check_names(document: Document, party: Element) -> None:
    """Check the names of one party."""
    code = text(party, "ActivityPartyTypeCode")
    names = list(children(party, "PartyName"))
    legal = [name for name in names if text(name, "PartyNameTypeCode") == "L"]
    malformed = any(document.value(name, "PartyNameTypeCode") == "" for name in names)
    unavailable = document.flag(party, "AllCriticalSubjectInformationUnavailableIndicator")
    if code in _NAMED and not legal and not malformed and not unavailable:
        document.say("SAR-0801", party, role=PARTIES[code])
    if len(legal) > 1:
        document.say("SAR-0802", legal[1], role=PARTIES.get(code, "party"), got=len(legal))
    for name in names:
        document.forbid_both("SAR-0804", name, _LAST_UNKNOWN, _LAST)
        document.forbid_both("SAR-0804", name, _FIRST_UNKNOWN, _FIRST)
        is_legal = bool(legal) and name is legal[0]
        if code == "33" and is_legal:
            _check_subject_name(document, party, name, unavailable=unavailable)
        else:
            _check_full_name(document, name, code, is_legal=is_legal)


def _check_subject_name(document: Document, party: Element, name: Element, *, unavailable: bool) -> None:
    if document.flag(party, "PartyAsEntityOrganizationIndicator"):
        for part in _OF_PERSONS:
            found = child(name, part)
            if found is not None and found.text:
                document.say("SAR-0809" if part == _FIRST_UNKNOWN else "SAR-0806", found, name=part)
    if document.holds(name, _FULL) and document.flag(party, "PartyAsEntityOrganizationIndicator"):
        document.say("SAR-0807", name, role=PARTIES["33"], got=_FULL, expected=_LAST)
        return
    if unavailable:
        return
    _require(document, name, _LAST, _LAST_UNKNOWN)
    if not document.flag(party, "PartyAsEntityOrganizationIndicator"):
        _require(document, name, _FIRST, _FIRST_UNKNOWN)


def _require(document: Document, name: Element, part: str, flag: str) -> None:
    if not document.holds(name, part) and not document.flag(name, flag):
        document.say("SAR-0805", name, name=part, flag=flag)


def _check_full_name(document: Document, name: Element, code: str, *, is_legal: bool) -> None:
    if document.holds(name, _FULL):
        return
    held = [part for part in _PARTS if document.holds(name, part)]
    if not held:
        document.say("SAR-0803", name, role=PARTIES.get(code, "party"), expected=_FULL)
    elif is_legal:
        document.say("SAR-0807", name, role=PARTIES.get(code, "party"), got=held[0], expected=_FULL)


def check_unavailable(document: Document, party: Element) -> None:
    """Check that a subject of whom nothing critical is known has no name, date of birth or TIN.

    Source: user guide, AllCriticalSubjectInformationUnavailableIndicator (item 3).
    """
    flag = child(party, "AllCriticalSubjectInformationUnavailableIndicator")
    if flag is None or not flag.text:
        return
    held = [(part, text(name, part)) for name in children(party, "PartyName") for part in (_LAST, _FIRST, _FULL)]
    held.append(("IndividualBirthDateText", text(party, "IndividualBirthDateText")))
    held += [
        ("PartyIdentificationNumberText", text(found, "PartyIdentificationNumberText"))
        for found in children(party, "PartyIdentification")
        if text(found, "PartyIdentificationTypeCode") in TAXPAYER_TYPES
    ]
    for part, value in held:
        if value:
            document.say("SAR-0808", flag, name=part, got=quoted(value))
            return
