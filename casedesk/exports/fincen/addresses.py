"""Addresses: countries, states, postal codes, and what is said to be unknown.

Source: FinCEN SAR XML Schema User Guide, Address. A state is recorded for US, CA, MX and US territories only. Outside these
countries an address needs neither state nor postal code.
"""

from __future__ import annotations

import re
from typing import Final

from casedesk.domain.countries import COUNTRIES
from casedesk.exports.fincen.document import Document, Element, child, children, text
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.places import POSTAL_CODES, STATES
from casedesk.exports.fincen.schema import PARTIES

#: Indicator to the value it says is unknown.
_UNKNOWN: Final = {
    "StreetAddressUnknownIndicator": "RawStreetAddress1Text",
    "CityUnknownIndicator": "RawCityText",
    "StateCodeUnknownIndicator": "RawStateCodeText",
    "ZIPCodeUnknownIndicator": "RawZIPCode",
    "CountryCodeUnknownIndicator": "RawCountryCodeText",
}
_ALWAYS: Final = ("StreetAddressUnknownIndicator", "CityUnknownIndicator", "CountryCodeUnknownIndicator")
#: Countries whose addresses have states and postal codes.
_WITH_STATES: Final = ("US", "CA", "MX")
#: Those who file know where they are.
_KNOWN: Final = ("35", "30")
_EXPECTED: Final = ("35", "30", "34")
#: A branch may be recorded with an empty address (the user guide's own way to say that there is nothing more).
_MAY_BE_EMPTY: Final = ("46",)


def check_addresses(document: Document, party: Element) -> None:
    """Check the addresses of one party."""
    code = text(party, "ActivityPartyTypeCode")
    addresses = list(children(party, "Address"))
    unavailable = document.flag(party, "AllCriticalSubjectInformationUnavailableIndicator")
    if not addresses and code == "33" and not unavailable:
        document.say("SAR-0909", party)
    if not addresses and code in _EXPECTED:
        document.say("SAR-0910", party, role=PARTIES[code])
    for address in addresses:
        for flag, name in _UNKNOWN.items():
            document.forbid_both("SAR-0907", address, flag, name)
        country = _check_country(document, address)
        _check_state(document, "RawStateCodeText", address, country)
        _check_postal_code(document, address, country)
        if not unavailable and not (code in _MAY_BE_EMPTY and not len(address)):
            _check_complete(document, address, code, country)


def check_issuers(document: Document, identification: Element) -> None:
    """Check the country and state that issued a document."""
    country = _check_country_of(document, identification, "OtherIssuerCountryText")
    _check_state(document, "OtherIssuerStateText", identification, country)


def _check_country(document: Document, address: Element) -> str:
    return _check_country_of(document, address, "RawCountryCodeText")


def _check_country_of(document: Document, parent: Element, name: str) -> str:
    """Return the country, empty if there is none, “?” if it is no country."""
    country = child(parent, name)
    if country is None or not country.text:
        return ""
    code = document.value(parent, name)
    if code in COUNTRIES:
        return code
    if code:
        document.spoil("SAR-0901", country, name=name, got=quoted(code))
    return "?"


def _check_state(document: Document, name: str, parent: Element, country: str) -> None:
    state = document.value(parent, name)
    at = child(parent, name)
    if not state or at is None or country == "?":
        return
    if not country:
        # Without a country the state may be of any of them; that the country is missing is a finding of its own.
        if not any(state in known for known in STATES.values()):
            document.spoil("SAR-0903", at, name=name, got=quoted(state), country=", ".join(_WITH_STATES))
    elif country not in STATES:
        document.spoil("SAR-0902", at, name=name, got=quoted(state), country=quoted(country))
    elif state not in STATES[country]:
        document.spoil("SAR-0903", at, name=name, got=quoted(state), country=country)


def _check_postal_code(document: Document, address: Element, country: str) -> None:
    code = document.value(address, "RawZIPCode")
    at = child(address, "RawZIPCode")
    if not code or at is None:
        return
    if country in POSTAL_CODES:
        shape = POSTAL_CODES[country]
        if not shape.pattern.fullmatch(code):
            document.spoil("SAR-0905", at, got=quoted(code), expected=shape.words, country=country)
    elif country != "?" and not re.fullmatch(r"[A-Za-z0-9]+", code):
        document.say("SAR-0911", at, got=quoted(code))


def _check_complete(document: Document, address: Element, code: str, country: str) -> None:
    """Find parts that are neither given nor said to be unknown."""
    role = PARTIES.get(code, "party")
    if code != "46":
        for flag in _ALWAYS:
            name = _UNKNOWN[flag]
            if not document.holds(address, name) and not document.flag(address, flag):
                document.say("SAR-0908", address, role=role, name=name, flag=flag)
    for flag, name, finding in (
        ("StateCodeUnknownIndicator", "RawStateCodeText", "SAR-0904"),
        ("ZIPCodeUnknownIndicator", "RawZIPCode", "SAR-0906"),
    ):
        needed = country in _WITH_STATES
        if needed and not document.holds(address, name) and not document.flag(address, flag):
            document.say(finding, address, country=country)
    if code in _KNOWN:
        for flag in _UNKNOWN:
            if document.flag(address, flag):
                document.say("SAR-0912", address, role=role, got=flag)
