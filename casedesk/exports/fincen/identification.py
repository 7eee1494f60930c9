"""Identification numbers: taxpayers', transmitters', and documents.

Sources: FinCEN SAR XML Schema User Guide, PartyIdentification; its error C21 “the value recorded for the EIN or SSN/ITIN is an
invalid number string” (an acknowledgement shows it); IRS Publication 1635 and 26 CFR 301.6109-1 for nine digits.
"""

from __future__ import annotations

import re
from typing import Final

from casedesk.exports.fincen.addresses import check_issuers
from casedesk.exports.fincen.document import Document, Element, child, children, text
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.schema import PARTIES

_TINS: Final = {"1": "SSN or ITIN", "2": "EIN", "4": "TIN"}
#: Numbers that tell who a taxpayer is; a foreign one (9) has a form of its own.
TAXPAYER_TYPES: Final = (*_TINS, "9")
TRANSMITTER_CODE: Final = "28"
_OTHER: Final = "999"

#: FinCEN's production codes, and the one for tests (BSA E-Filing, batch testing procedures).
_CONTROL_CODE: Final = re.compile(r"P[A-Z0-9]{7}|TBSATEST")
#: Runs that are typed to get past a form.
_RUNS: Final = ("123456789", "987654321", "012345678")

_NUMBER: Final = "PartyIdentificationNumberText"
_TYPE: Final = "PartyIdentificationTypeCode"


def check_identifications(document: Document, party: Element) -> None:
    """Check the numbers of one party, and that it has those it must have."""
    code = text(party, "ActivityPartyTypeCode")
    held = list(children(party, "PartyIdentification"))
    for identification in held:
        _check_pair(document, identification)
        check_issuers(document, identification)
        _check_number(document, identification, code)
    tins = [text(i, _NUMBER) for i in held if text(i, _TYPE) in TAXPAYER_TYPES and text(i, _NUMBER)]
    unknown = [i for i in held if document.flag(i, "TINUnknownIndicator")]
    if unknown and tins:
        document.say("SAR-1007", unknown[0], role=PARTIES.get(code, "party"), got=quoted(tins[0]))
    _check_presence(document, party, code, known=bool(tins), unknown=bool(unknown))


def _check_pair(document: Document, identification: Element) -> None:
    """Check number against type, and both against what says they are unknown."""
    number, kind = text(identification, _NUMBER), text(identification, _TYPE)
    unknown = document.flag(identification, "IdentificationPresentUnknownIndicator")
    if unknown and number and kind not in TAXPAYER_TYPES:
        flag = child(identification, "IdentificationPresentUnknownIndicator")
        document.say("SAR-1012", identification if flag is None else flag, got=quoted(number))
    if number and not kind:
        document.say("SAR-1003", identification, got=quoted(number))
    elif kind and not number and not unknown and not document.flag(identification, "TINUnknownIndicator"):
        document.say("SAR-1004", identification, got=quoted(kind))
    said = text(identification, "OtherPartyIdentificationTypeText")
    words = {"name": _TYPE, "expected": "OtherPartyIdentificationTypeText"}
    if kind == _OTHER and not said:
        document.say("SAR-1202", identification, got=quoted(kind), **words)
    elif said and kind != _OTHER:
        document.say("SAR-1203", identification, got=quoted(said), **words)


def _check_number(document: Document, identification: Element, code: str) -> None:
    number, kind = document.value(identification, _NUMBER), text(identification, _TYPE)
    at = child(identification, _NUMBER)
    if not number or at is None:
        return
    if kind in _TINS:
        if not re.fullmatch(r"[0-9]{9}", number):
            document.spoil("SAR-1001", at, name=_NUMBER, got=quoted(number), kind=f"{kind} ({_TINS[kind]})")
        elif len(set(number)) == 1 or number in _RUNS:
            document.spoil("SAR-1002", at, name=_NUMBER, got=quoted(number), kind=_TINS[kind])
    elif kind == TRANSMITTER_CODE:
        if code in PARTIES and code != "35":
            document.say("SAR-1013", identification, role=PARTIES[code])
        elif not _CONTROL_CODE.fullmatch(number):
            document.spoil("SAR-1010", at, got=quoted(number))


def _check_presence(document: Document, party: Element, code: str, *, known: bool, unknown: bool) -> None:
    if code == "35":
        kinds = [text(i, _TYPE) for i in children(party, "PartyIdentification")]
        if TRANSMITTER_CODE not in kinds:
            document.say("SAR-1009", party)
        if not known:
            document.say("SAR-1011", party)
    elif known or unknown:
        return
    elif code == "33":
        if not document.flag(party, "AllCriticalSubjectInformationUnavailableIndicator"):
            document.say("SAR-1008", party)
    elif code in ("30", "34"):
        document.say("SAR-1015", party, role=PARTIES[code], expected="TINUnknownIndicator")
    elif code == "41" and not document.flag(party, "NonUSFinancialInstitutionIndicator"):
        document.say("SAR-1015", party, role=PARTIES[code], expected="NonUSFinancialInstitutionIndicator")
