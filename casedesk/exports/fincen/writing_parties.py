"""The parties of a report that the institution's profile gives, and the agency that was told.

Source: FinCEN SAR XML Schema User Guide, Party: codes 35, 37, 30, 8, 34, 46, 18 and 19.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from casedesk.domain.reports.institution import Filer, Institution, InstitutionKind, Place, TinKind
from casedesk.domain.reports.report import Agency, Report
from casedesk.errors import Invalid
from casedesk.exports.fincen.writing_values import day, digits, one_line

TIN: Final = "4"
_RSSD: Final = "14"
_CONTROL_CODE: Final = "28"
_OWN_NUMBER: Final = "29"
_EIN: Final = {TinKind.EIN: "2", TinKind.TIN: TIN}
_OTHER_TYPE: Final = "999"


class UnknownBranch(Invalid):
    """A report names a branch that the institution's profile does not have."""

    def __init__(self, code: str, known: list[str]) -> None:
        has = f"it has {', '.join(known[:5])}" if known else "it has none"
        super().__init__(
            f"Where it happened: the branch “{code}” is not in the institution's profile ({has}). Take it out of the form, or "
            "add it to the profile."
        )


def filers(institution: Institution, own_number: str) -> Iterator[dict[str, Any]]:
    """Yield transmitter, its contact, the filing institution and the contact for assistance.

    :param own_number: the report's number at the institution, which FinCEN keeps with it.
    """
    transmitter, filer, office = institution.transmitter, institution.filer, institution.contact
    yield {
        "ActivityPartyTypeCode": 35,
        "PartyName": full_name(transmitter.name),
        "Address": _place(transmitter.address),
        "PhoneNumber": {"PhoneNumberText": transmitter.phone},
        "PartyIdentification": [number(transmitter.tin, TIN), number(institution.control_code, _CONTROL_CODE)],
    }
    yield {"ActivityPartyTypeCode": 37, "PartyName": full_name(transmitter.contact)}
    numbers = [number(filer.tin, _EIN[filer.tin_kind]), number(own_number, _OWN_NUMBER)]
    yield {**_filer(filer, "30"), "PartyIdentification": [*numbers, *_rssd(filer.rssd)]}
    phone = {"PhoneNumberExtensionText": office.extension, "PhoneNumberText": office.phone}
    yield {"ActivityPartyTypeCode": 8, "PartyName": full_name(office.name), "PhoneNumber": phone}


def agency(told: Agency | None) -> Iterator[dict[str, Any]]:
    """Yield the agency that was told, and the person there."""
    if told is None:
        return
    if told.agency:
        yield {"ActivityPartyTypeCode": 18, "PartyName": full_name(told.agency)}
    if told.person or told.phone or told.on:
        called = {"PhoneNumberExtensionText": digits(told.extension), "PhoneNumberText": digits(told.phone)}
        yield {
            "ActivityPartyTypeCode": 19,
            "ContactDateText": day(told.on),
            "PartyName": full_name(told.person) if told.person else [],
            "PhoneNumber": called if told.phone else [],
        }


def location(institution: Institution, report: Report) -> dict[str, Any]:
    """Return the institution where the activity occurred, with its branches.

    :raises UnknownBranch: if the profile does not have one of them.
    """
    filer = institution.filer
    branches = [_branch(institution, code) for code in report.branches]
    return {
        **_filer(filer, "34"),
        "LossToFinancialAmountText": report.activity.loss,
        "NoBranchActivityInvolvedIndicator": not branches,
        "PartyIdentification": [number(filer.tin, _EIN[filer.tin_kind]), *_rssd(filer.rssd)],
        "PartyAssociation": [{"Party": branches}] if branches else [],
    }


def _branch(institution: Institution, code: str) -> dict[str, Any]:
    found = institution.branch(code)
    if found is None:
        raise UnknownBranch(code, [one.code for one in institution.filer.branches])
    return {"ActivityPartyTypeCode": 46, "Address": _place(found.address), "PartyIdentification": _rssd(found.rssd)}


def _filer(filer: Filer, code: str) -> dict[str, Any]:
    return {
        "ActivityPartyTypeCode": code,
        "PrimaryRegulatorTypeCode": filer.regulator,
        "PartyName": [full_name(filer.name), *(full_name(name, "AKA") for name in filer.also_known_as)],
        "Address": _place(filer.address),
        "OrganizationClassificationTypeSubtype": [_kind(one) for one in filer.kinds],
    }


def _kind(kind: InstitutionKind) -> dict[str, Any]:
    field = "OtherOrganizationTypeText" if kind.type == _OTHER_TYPE else "OtherOrganizationSubTypeText"
    return {"OrganizationSubtypeID": kind.subtype, "OrganizationTypeID": kind.type, field: kind.other}


def full_name(name: str, code: str = "L") -> dict[str, Any]:
    return {"PartyNameTypeCode": code, "RawPartyFullName": one_line(name)}


def number(digits_: str, code: str) -> dict[str, Any]:
    return {"PartyIdentificationNumberText": digits_, "PartyIdentificationTypeCode": code}


def _rssd(rssd: str) -> list[dict[str, Any]]:
    return [number(rssd, _RSSD)] if rssd else []


def _place(address: Place) -> dict[str, Any]:
    return {
        "RawCityText": address.city,
        "RawCountryCodeText": address.country,
        "RawStateCodeText": address.state,
        "RawStreetAddress1Text": address.street,
        "RawZIPCode": address.postal_code,
    }
