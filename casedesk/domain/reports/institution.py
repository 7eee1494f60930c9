"""The institution that reports, from a file of the desk's settings: who transmits, who files, whom to ask, where it happens.

Source: FinCEN SAR XML Schema User Guide, Parts III and IV of the report: parties 35 (transmitter), 37 (its contact), 30 (filing
institution), 8 (contact for assistance), 34 (where the activity occurred) and 46 (branches).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import Field, ValidationError, model_validator

from casedesk.domain.countries import COUNTRIES
from casedesk.domain.reports.codes import INSTITUTION_SUBTYPES, INSTITUTION_TYPES, REGULATORS, is_other, type_of
from casedesk.domain.reports.part import Part, Text, shaped, wrong_fields
from casedesk.errors import Invalid

#: What a test transmits under (BSA E-Filing, batch testing procedures).
TEST_CODE: Final = "TBSATEST"

_OTHER: Final = "999"
#: Institutions whose kinds have subtypes: casinos and card clubs, securities and futures.
_WITH_SUBTYPES: Final = ("1", "5")
#: Countries whose addresses have states and postal codes.
_WITH_STATES: Final = ("US", "CA", "MX")

Name = Annotated[Text, Field(min_length=1, max_length=150)]
Short = Annotated[Text, Field(min_length=1, max_length=50)]
Nine = Annotated[str, shaped("[0-9]{9}", "9 digits")]
Digits = Annotated[str, shaped("[0-9]{7,16}", "7 to 16 digits and nothing else")]
Extension = Annotated[str, shaped("[0-9]{0,6}", "up to 6 digits")]
Country = Annotated[str, shaped("[A-Z]{2}", "a country of two capital letters (ISO 3166-1)")]
State = Annotated[str, shaped("[A-Z]{0,3}", "two or three capital letters")]
PostalCode = Annotated[str, shaped("[A-Z0-9]{0,9}", "up to 9 letters and digits, without spaces and hyphens")]
Rssd = Annotated[str, shaped("[0-9]{0,10}", "up to 10 digits")]
ControlCode = Annotated[
    str, shaped(f"P[A-Z0-9]{{7}}|{TEST_CODE}", f"P and seven capital letters or digits, or {TEST_CODE}")
]


class BadInstitution(Invalid):
    """A field of the institution's profile is missing, unknown or wrong."""


class TinKind(StrEnum):
    """What sort of number a TIN is."""

    EIN = "EIN"
    TIN = "TIN"


class Place(Part):
    """An address that is known: an institution knows where it is."""

    street: Annotated[Text, Field(min_length=1, max_length=100)]
    city: Short
    state: State = ""
    postal_code: PostalCode = ""
    country: Country = "US"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.country not in COUNTRIES:
            raise ValueError(f"“{self.country}” is no country of ISO 3166-1")
        if self.country in _WITH_STATES and not (self.state and self.postal_code):
            raise ValueError(f"an address in {self.country} needs state and postal_code")
        return self


class Transmitter(Part):
    """Who sends the batches (35, 37). ``control_code`` is the one FinCEN assigned; a test sends another."""

    name: Name
    address: Place
    phone: Digits
    tin: Nine
    control_code: ControlCode
    contact: Name


class InstitutionKind(Part):
    """What sort of institution it is, by FinCEN's codes. ``other`` says what an “other” is."""

    type: str
    subtype: str = ""
    other: Annotated[Text, Field(max_length=50)] = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.type not in INSTITUTION_TYPES:
            raise ValueError(f"type “{self.type}” is none of {', '.join(INSTITUTION_TYPES)}")
        if self.subtype and (self.subtype not in INSTITUTION_SUBTYPES or type_of(self.subtype) != self.type):
            raise ValueError(f"subtype “{self.subtype}” is none of type {self.type}")
        if self.type in _WITH_SUBTYPES and not self.subtype:
            raise ValueError(f"type {self.type} needs a subtype")
        if self.needs_words != bool(self.other):
            raise ValueError("other is for what is “other”, and is needed there")
        return self

    @property
    def needs_words(self) -> bool:
        return self.type == _OTHER or (self.subtype != "" and is_other(self.subtype))


class Branch(Part):
    """A branch (46). ``code`` is what transactions call it."""

    code: Short
    address: Place
    rssd: Rssd = ""


class Filer(Part):
    """The filing institution (30), and where the activity occurred (34): its head office, or its branches."""

    name: Name
    also_known_as: tuple[Name, ...] = ()
    address: Place
    tin: Nine
    tin_kind: TinKind = TinKind.EIN
    kinds: Annotated[tuple[InstitutionKind, ...], Field(min_length=1, max_length=15)]
    regulator: str
    rssd: Rssd = ""
    branches: tuple[Branch, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.regulator not in REGULATORS:
            raise ValueError(f"regulator “{self.regulator}” is none of {', '.join(REGULATORS)}")
        codes = [branch.code for branch in self.branches]
        if len(set(codes)) < len(codes):
            raise ValueError("two branches have the same code")
        return self


class Office(Part):
    """Whom FinCEN may call (8)."""

    name: Name
    phone: Digits
    extension: Extension = ""


class Institution(Part):
    """The profile. ``test`` makes every batch a test, which FinCEN takes as such and files nowhere."""

    test: bool = False
    transmitter: Transmitter
    filer: Filer
    contact: Office

    @property
    def control_code(self) -> str:
        return TEST_CODE if self.test else self.transmitter.control_code

    @property
    def is_test(self) -> bool:
        return self.control_code == TEST_CODE

    def branch(self, code: str) -> Branch | None:
        return next((branch for branch in self.filer.branches if branch.code == code), None)


def institution(values: Any) -> Institution:
    """Make a profile of the values of a file.

    :raises BadInstitution: naming each field that is wrong.
    """
    try:
        return Institution.model_validate(values)
    except ValidationError as error:
        raise BadInstitution(wrong_fields(error, "The profile")) from None
