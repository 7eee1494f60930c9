"""The subjects of a report, by the form. What is not known is said by the indicator that the form has for it.

Source: FinCEN SAR XML Schema User Guide, Party of code 33, and 41 for the institutions that hold its accounts.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

from casedesk.domain.reports.institution import Institution
from casedesk.domain.reports.parties import (
    TAXPAYER,
    Address,
    Answer,
    Gender,
    HeldAccount,
    Identification,
    IdentificationKind,
    Name,
    NameKind,
    Phone,
    PhoneKind,
    Relationship,
    RelationshipKind,
    RelationshipStatus,
    Role,
    Subject,
)
from casedesk.exports.fincen.writing_parties import TIN, full_name, number
from casedesk.exports.fincen.writing_values import birth, day, digits, flags, one_line

#: Countries whose addresses have states and postal codes.
_WITH_STATES: Final = ("US", "CA", "MX")

_GENDERS: Final = {
    Gender.EMPTY: "",
    Gender.FEMALE: "FemaleGenderIndicator",
    Gender.MALE: "MaleGenderIndicator",
    Gender.UNKNOWN: "UnknownGenderIndicator",
}
_ROLES: Final = {
    Role.EMPTY: "",
    Role.SENDER: "PurchaserSenderIndicator",
    Role.RECEIVER: "PayeeReceiverIndicator",
    Role.BOTH: "BothPurchaserSenderPayeeReceiveIndicator",
}
_CONFESSED: Final = {
    Answer.EMPTY: "",
    Answer.YES: "AdmissionConfessionYesIndicator",
    Answer.NO: "AdmissionConfessionNoIndicator",
}
_PHONES: Final = {
    PhoneKind.EMPTY: "",
    PhoneKind.RESIDENCE: "R",
    PhoneKind.WORK: "W",
    PhoneKind.MOBILE: "M",
    PhoneKind.FAX: "F",
}
_NAMES: Final = {NameKind.LEGAL: "L", NameKind.AKA: "AKA", NameKind.DBA: "DBA"}
_IDENTIFICATIONS: Final = {
    IdentificationKind.SSN: "1",
    IdentificationKind.EIN: "2",
    IdentificationKind.TIN: "4",
    IdentificationKind.LICENCE: "5",
    IdentificationKind.PASSPORT: "6",
    IdentificationKind.ALIEN: "7",
    IdentificationKind.FOREIGN_TIN: "9",
    IdentificationKind.OTHER: "999",
}
_RELATIONSHIPS: Final = {
    RelationshipKind.ACCOUNTANT: "AccountantIndicator",
    RelationshipKind.AGENT: "AgentIndicator",
    RelationshipKind.APPRAISER: "AppraiserIndicator",
    RelationshipKind.ATTORNEY: "AttorneyIndicator",
    RelationshipKind.BORROWER: "BorrowerIndicator",
    RelationshipKind.CUSTOMER: "CustomerIndicator",
    RelationshipKind.DIRECTOR: "DirectorIndicator",
    RelationshipKind.EMPLOYEE: "EmployeeIndicator",
    RelationshipKind.OFFICER: "OfficerIndicator",
    RelationshipKind.OTHER: "OtherRelationshipIndicator",
    RelationshipKind.OWNER: "OwnerShareholderIndicator",
}
_STATUSES: Final = {
    RelationshipStatus.EMPTY: "",
    RelationshipStatus.CONTINUES: "RelationshipContinuesIndicator",
    RelationshipStatus.RESIGNED: "ResignedIndicator",
    RelationshipStatus.SUSPENDED: "SuspendedBarredIndicator",
    RelationshipStatus.TERMINATED: "TerminatedIndicator",
}


def subject(one: Subject, institution: Institution) -> dict[str, Any]:
    """Return a subject."""
    named = one.names or (() if one.unavailable else (Name(),))
    addresses = one.addresses or (() if one.unavailable else (Address(),))
    person = not one.entity and not one.unavailable
    born = birth(one.born)
    occupation = {"NAICSCode": one.naics, "OccupationBusinessText": one_line(one.occupation)}
    return {
        "ActivityPartyTypeCode": 33,
        "AllCriticalSubjectInformationUnavailableIndicator": one.unavailable,
        "BirthDateUnknownIndicator": person and not born,
        "IndividualBirthDateText": born,
        "NoKnownAccountInvolvedIndicator": not one.accounts,
        "PartyAsEntityOrganizationIndicator": one.entity,
        **flags(_GENDERS[one.gender], _ROLES[one.role], _CONFESSED[one.confessed]),
        "PartyName": [_name(name, entity=one.entity) for name in named],
        "Address": [_address(address) for address in addresses],
        "PhoneNumber": [_phone(phone) for phone in one.phones],
        "PartyIdentification": _identifications(one),
        "PartyOccupationBusiness": occupation if any(occupation.values()) else [],
        "ElectronicAddress": [
            {"ElectronicAddressText": one_line(each.text), "ElectronicAddressTypeCode": "U" if each.url else "E"}
            for each in one.online
        ],
        "PartyAssociation": [_relationship(each, institution) for each in one.relationships],
        "PartyAccountAssociation": _accounts(one.accounts, institution),
    }


def _name(name: Name, *, entity: bool) -> dict[str, Any]:
    if name.kind is not NameKind.LEGAL:
        return full_name(name.full, _NAMES[name.kind])
    return {
        "EntityLastNameUnknownIndicator": not name.last,
        "FirstNameUnknownIndicator": not entity and not name.first,
        "PartyNameTypeCode": _NAMES[name.kind],
        "RawEntityIndividualLastName": one_line(name.last),
        "RawIndividualFirstName": one_line(name.first),
        "RawIndividualMiddleName": one_line(name.middle),
        "RawIndividualNameSuffixText": one_line(name.suffix),
    }


def _address(address: Address) -> dict[str, Any]:
    with_state = address.country in _WITH_STATES
    return {
        "CityUnknownIndicator": not address.city,
        "CountryCodeUnknownIndicator": not address.country,
        "RawCityText": one_line(address.city),
        "RawCountryCodeText": address.country,
        "RawStateCodeText": address.state,
        "RawStreetAddress1Text": one_line(address.street),
        "RawZIPCode": digits(address.postal_code),
        "StateCodeUnknownIndicator": with_state and not address.state,
        "StreetAddressUnknownIndicator": not address.street,
        "ZIPCodeUnknownIndicator": with_state and not address.postal_code,
    }


def _phone(phone: Phone) -> dict[str, Any]:
    return {
        "PhoneNumberExtensionText": digits(phone.extension),
        "PhoneNumberText": digits(phone.number),
        "PhoneNumberTypeCode": _PHONES[phone.kind],
    }


def _identifications(one: Subject) -> list[dict[str, Any]]:
    found = [_identification(each) for each in one.identifications]
    if one.unavailable or any(each.kind in TAXPAYER for each in one.identifications):
        return found
    return [{"TINUnknownIndicator": True}, *found]


def _identification(each: Identification) -> dict[str, Any]:
    written = digits(each.number) if each.kind in TAXPAYER else one_line(each.number)
    return {
        "OtherIssuerCountryText": each.country,
        "OtherIssuerStateText": each.state,
        "OtherPartyIdentificationTypeText": one_line(each.other),
        "PartyIdentificationNumberText": written,
        "PartyIdentificationTypeCode": _IDENTIFICATIONS[each.kind],
    }


def _relationship(each: Relationship, institution: Institution) -> dict[str, Any]:
    tin = digits(each.institution_tin) or (institution.filer.tin if each.kinds else "")
    return {
        "ActionTakenDateText": day(each.action_on),
        "NoRelationshipToInstitutionIndicator": not each.kinds,
        "OtherPartyAssociationTypeText": one_line(each.other),
        "SubjectRelationshipFinancialInstitutionTINText": tin,
        **flags(_STATUSES[each.status], *(_RELATIONSHIPS[kind] for kind in each.kinds)),
    }


def _accounts(accounts: tuple[HeldAccount, ...], institution: Institution) -> dict[str, Any] | None:
    """Return the link with the accounts, one institution after the other."""
    if not accounts:
        return None

    def holder(account: HeldAccount) -> tuple[bool, str]:
        tin = digits(account.institution_tin)
        return account.outside_us, tin or ("" if account.outside_us else institution.filer.tin)

    grouped = groupby(sorted(accounts, key=holder), key=holder)
    return {
        "PartyAccountAssociationTypeCode": 7,
        "Party": [
            {
                "ActivityPartyTypeCode": 41,
                "NonUSFinancialInstitutionIndicator": outside,
                "PartyIdentification": number(tin, TIN) if tin else [],
                "Account": [_account(account) for account in held],
            }
            for (outside, tin), held in grouped
        ],
    }


def _account(account: HeldAccount) -> dict[str, Any]:
    return {
        "AccountNumberText": one_line(account.number),
        "PartyAccountAssociation": {
            "AccountClosedIndicator": account.closed,
            "PartyAccountAssociationTypeCode": 5,
        },
    }
