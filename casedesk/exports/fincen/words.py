"""Words that stand for a missing value, or for a second one, where a value belongs.

Source: FinCEN SAR electronic filing instructions, “prohibited words and phrases”: AKA, computer generated, customer, DBA, non
customer, none, not applicable, other, same, same as above, see above, see narrative, signature card, T/A, unknown, various,
XX, and variations. They are free in the narrative.

FinCEN names words, not places in them. The desk reads them so that a real name passes (Customers Bank, Akamai, Brothers): those
that real names hold count only as the whole value, the others as a word or phrase anywhere in it.
"""

from __future__ import annotations

import re
from typing import Final

from casedesk.exports.fincen.document import Document, Element, local
from casedesk.exports.fincen.findings import quoted

#: As a word or phrase anywhere in a name, an address or an occupation.
_ANYWHERE: Final = re.compile(
    r"(?<![\w])(A\.?K\.?A\.?|A/K/A|D\.?B\.?A\.?|D/B/A|T/A|ALSO KNOWN AS|DOING BUSINESS AS|TRADING AS|"
    r"UNKNOWN|UNK|XX+|N/A|NOT APPLICABLE|NOT AVAILABLE|NOT GIVEN|NOT PROVIDED|NON[ -]?CUSTOMER|COMPUTER GENERATED|"
    r"SAME AS|SEE ABOVE|SEE BELOW|SEE NARRATIVE|SEE ATTACHED|SIGNATURE CARD)(?![\w])",
    re.IGNORECASE,
)
#: Only as the whole value.
_WHOLE: Final = re.compile(
    r"[(\[]?(NONE|OTHERS?|SAME|VARIOUS|CUSTOMER|NA|N\.A\.|NULL|NIL|TBD|NONE GIVEN|NOT KNOWN|X+|\?+|-+|\.+)[)\]]?\.?",
    re.IGNORECASE,
)

_TEXTS: Final = (
    "RawEntityIndividualLastName",
    "RawIndividualFirstName",
    "RawIndividualMiddleName",
    "RawPartyFullName",
    "RawStreetAddress1Text",
    "RawCityText",
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
        found = _barred(value, whole=name in _NUMBERS)
        if found:
            document.spoil("SAR-0308", element, name=name, got=quoted(value), word=quoted(found))


def _barred(value: str, *, whole: bool) -> str:
    """Return the barred word of a value; empty if it has none. A single X may be somebody's name."""
    if len(value) > 1 and _WHOLE.fullmatch(value):
        return value
    found = _ANYWHERE.fullmatch(value) if whole else _ANYWHERE.search(value)
    return found[0] if found else ""
