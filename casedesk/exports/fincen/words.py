"""Words that stand for a missing value, or for a second one, where a value belongs.

Source: FinCEN SAR electronic filing instructions, “prohibited words and phrases”: AKA, computer generated, customer, DBA, non
customer, none, not applicable, other, same, same as above, see above, see narrative, signature card, T/A, unknown, various,
XX, and variations. They are free in the narrative.

FinCEN names words, not places in them. The desk reads them so that what is real passes (Customers Bank, Akamai, Brothers, Via XX
Settembre, Mr. Null, Ms. Na, a DBA of databases): words that real values hold count only as the whole value.
"""

from __future__ import annotations

import re
from typing import Final

from casedesk.exports.fincen.document import Document, Element, local
from casedesk.exports.fincen.findings import quoted


def _word(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)({words})(?!\w)", re.IGNORECASE)


#: What joins a second name to a first, anywhere in a name or an address.
_SECOND_NAME: Final = _word(
    r"A\.?K\.?A\.?|A/K/A|[FN]/K/A|D\.?B\.?A\.?|D/B/A|T/A|(ALSO|FORMERLY|NOW) KNOWN AS|DOING BUSINESS AS|TRADING AS"
)
#: What says that there is no value, anywhere in it.
_NO_VALUE: Final = _word(
    r"UNKNOWN[0-9]*|U N K N O W N|UNK|N/A|NOT APPLICABLE|NOT AVAILABLE|NOT GIVEN|NOT PROVIDED|NON[ -]?CUSTOMER|COMPUTER GENERATED|"
    r"SAME AS|SEE ABOVE|SEE BELOW|SEE NARRATIVE|SEE ATTACHED|SIGNATURE CARD"
)
#: Only as the whole value.
_ALONE: Final = r"(NONE|NONE GIVEN|NOT KNOWN|OTHERS?|SAME|VARIOUS|CUSTOMER|XX+)"
_WHOLE: Final = re.compile(rf"\W*{_ALONE}(\W+{_ALONE})*\W*", re.IGNORECASE)
#: Only as the whole value, and not as a name.
_WHOLE_BUT_NAMES: Final = re.compile(r"NA|N\.A\.|NULL|NIL|TBD|\W+", re.IGNORECASE)

_NAMES: Final = (
    "RawEntityIndividualLastName",
    "RawIndividualFirstName",
    "RawIndividualMiddleName",
    "RawPartyFullName",
)
_ADDRESSES: Final = ("RawStreetAddress1Text", "RawCityText")
_TEXTS: Final = (
    *_NAMES,
    *_ADDRESSES,
    "OccupationBusinessText",
    "OtherAssetSubtypeText",
    "OtherOrganizationSubTypeText",
    "OtherOrganizationTypeText",
    "OtherPartyAssociationTypeText",
    "OtherPartyIdentificationTypeText",
    "OtherSuspiciousActivityTypeText",
    "CyberEventTypeOtherText",
    "AssetAttributeDescriptionText",
)
#: Here only a whole value: letters are part of the numbers, and a note may say what it likes.
_NUMBERS: Final = (
    "AccountNumberText",
    "PartyIdentificationNumberText",
    "ElectronicAddressText",
    "EventValueText",
    "FilingInstitutionNotetoFinCEN",
    "RawIndividualNameSuffixText",
)


def check_words(document: Document, activity: Element) -> None:
    """Find the barred words in every value outside the narrative."""
    for element in activity.iter():
        name = local(element)
        if name not in _TEXTS and name not in _NUMBERS:
            continue
        value = element.text or ""
        if not value or document.is_bad(element):
            continue
        found = _barred(name, value)
        if found:
            document.spoil("SAR-0308", element, name=name, got=quoted(value), word=quoted(found))


def _barred(name: str, value: str) -> str:
    """Return the barred word of a value; empty if it has none."""
    if _WHOLE.fullmatch(value) or (name not in _NAMES and _WHOLE_BUT_NAMES.fullmatch(value)):
        return value
    if name in _NUMBERS:
        return value if _NO_VALUE.fullmatch(value) else ""
    found = _NO_VALUE.search(value)
    if not found and (name in _NAMES or name in _ADDRESSES):
        found = _SECOND_NAME.search(value)
    return found[0] if found else ""
