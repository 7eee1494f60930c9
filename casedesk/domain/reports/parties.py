"""Who a report is about: names, addresses, numbers, accounts, and how a subject stands to the institution.

Source: FinCEN SAR XML Schema User Guide, Part I of the report. An empty value means that it is not known, which the form says by
indicators of its own.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from casedesk.domain.reports.part import Part, Text


class NameKind(StrEnum):
    """What sort of name it is."""

    LEGAL = "legal"
    AKA = "also known as"
    DBA = "doing business as"


class Gender(StrEnum):
    """A person's gender as the institution knows it."""

    EMPTY = ""
    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class PhoneKind(StrEnum):
    """Where a phone number rings."""

    EMPTY = ""
    RESIDENCE = "residence"
    WORK = "work"
    MOBILE = "mobile"
    FAX = "fax"


class IdentificationKind(StrEnum):
    """What a number identifies somebody by. The first four are taxpayers' numbers."""

    SSN = "SSN or ITIN"
    EIN = "EIN"
    TIN = "TIN"
    FOREIGN_TIN = "foreign TIN"
    LICENCE = "driver's license or state ID"
    PASSPORT = "passport"
    ALIEN = "alien registration"
    OTHER = "other"


#: Numbers that tell who a taxpayer is.
TAXPAYER = frozenset(
    {IdentificationKind.SSN, IdentificationKind.EIN, IdentificationKind.TIN, IdentificationKind.FOREIGN_TIN}
)


class Role(StrEnum):
    """Which side of the money a subject stood on."""

    EMPTY = ""
    SENDER = "purchaser or sender"
    RECEIVER = "payee or receiver"
    BOTH = "both"


class Answer(StrEnum):
    """A question that can stay open."""

    EMPTY = ""
    YES = "yes"
    NO = "no"


class RelationshipKind(StrEnum):
    """What a subject is to the institution."""

    CUSTOMER = "customer"
    ACCOUNTANT = "accountant"
    AGENT = "agent"
    APPRAISER = "appraiser"
    ATTORNEY = "attorney"
    BORROWER = "borrower"
    DIRECTOR = "director"
    EMPLOYEE = "employee"
    OFFICER = "officer"
    OWNER = "owner or shareholder"
    OTHER = "other"


class RelationshipStatus(StrEnum):
    """What became of an insider's relationship."""

    EMPTY = ""
    CONTINUES = "continues"
    RESIGNED = "resigned"
    SUSPENDED = "suspended or barred"
    TERMINATED = "terminated"


class Name(Part):
    """A name. Of an entity only ``last`` is used; a second name is written whole, as it is known, into ``last``."""

    kind: NameKind = NameKind.LEGAL
    last: Text = ""
    first: Text = ""
    middle: Text = ""
    suffix: Text = ""

    @property
    def full(self) -> str:
        return " ".join(part for part in (self.first, self.middle, self.last, self.suffix) if part)


class Address(Part):
    """An address. ``country`` is ISO 3166-1 alpha-2; ``state`` is given for US, CA, MX and US territories only."""

    street: Text = ""
    city: Text = ""
    state: Text = ""
    postal_code: Text = ""
    country: Text = ""


class Phone(Part):
    """A phone number in digits."""

    number: Text
    extension: Text = ""
    kind: PhoneKind = PhoneKind.EMPTY


class Identification(Part):
    """A number of a subject; of a document also who issued it. ``other`` says what an ``OTHER`` is."""

    kind: IdentificationKind
    number: Text
    country: Text = ""
    state: Text = ""
    other: Text = ""


class OnlineAddress(Part):
    """An e-mail address, or a URL."""

    text: Text
    url: bool = False


class HeldAccount(Part):
    """An account that was used. ``institution_tin`` is empty where the filing institution holds it."""

    number: Text
    closed: bool = False
    institution_tin: Text = ""
    outside_us: bool = False  # held by an institution outside the US, which has no TIN


class Relationship(Part):
    """How a subject stands to an institution. Without kinds there is no relationship."""

    kinds: tuple[RelationshipKind, ...] = ()
    other: Text = ""
    status: RelationshipStatus = RelationshipStatus.EMPTY
    action_on: date | None = None  # when an insider was suspended or terminated, or resigned
    institution_tin: Text = ""


class Subject(Part):
    """Somebody a report is about. ``born`` is a year, a month or a day: ``1980``, ``1980-02``, ``1980-02-17``.

    ``unavailable`` says that nothing critical is known of the subject, not even a name.
    """

    entity: bool = False
    unavailable: bool = False
    names: tuple[Name, ...] = ()
    born: Text = ""
    gender: Gender = Gender.EMPTY
    addresses: tuple[Address, ...] = ()
    phones: tuple[Phone, ...] = ()
    online: tuple[OnlineAddress, ...] = ()
    identifications: tuple[Identification, ...] = ()
    occupation: Text = ""
    naics: Text = ""  # North American Industry Classification System, 2 to 6 digits
    relationships: tuple[Relationship, ...] = ()
    accounts: tuple[HeldAccount, ...] = ()
    role: Role = Role.EMPTY
    confessed: Answer = Answer.EMPTY

    @property
    def called(self) -> str:
        """The legal name on one line; empty where it is unknown."""
        return next((name.full for name in self.names if name.kind is NameKind.LEGAL), "")
