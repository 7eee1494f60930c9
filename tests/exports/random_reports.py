"""Random reports that an institution could file: every part of the form, every kind, names in every script."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from casedesk.domain.reports import codes
from casedesk.domain.reports.activity import (
    Activity,
    Attribute,
    Classification,
    CyberIndicator,
    Involved,
    IpAddress,
    Product,
)
from casedesk.domain.reports.parties import (
    Address,
    Answer,
    Gender,
    HeldAccount,
    Identification,
    IdentificationKind,
    Name,
    NameKind,
    OnlineAddress,
    Phone,
    PhoneKind,
    Relationship,
    RelationshipKind,
    RelationshipStatus,
    Role,
    Subject,
)
from casedesk.domain.reports.report import Agency, Attachment, Report

FILED_ON = date(2026, 7, 1)

_DAYS = st.dates(date(2026, 1, 1), FILED_ON)
_WORDS = st.sampled_from(
    ["Köln", "Иванов", "O'Neill", "李", "Müller-Lüdenscheidt", "Brothers", "Akai", "12 Elm St", "a\nb"]
)
_MAYBE = st.one_of(st.just(""), _WORDS)
_TINS = st.sampled_from(["321-45-6789", "461234567", "98 7654320"])
_PHONES = st.builds(
    Phone,
    number=st.sampled_from(["217 555-0199", "+4915112345678"]),
    extension=st.sampled_from(["", "12"]),
    kind=st.sampled_from(PhoneKind),
)
_ADDRESSES = st.one_of(
    st.builds(Address, street=_MAYBE, city=_MAYBE, country=st.sampled_from(["", "DE", "JP"])),
    st.builds(
        Address,
        street=_MAYBE,
        city=_MAYBE,
        state=st.sampled_from(["", "IL"]),
        postal_code=st.sampled_from(["", "62701-0001"]),
        country=st.just("US"),
    ),
)
_TAXPAYER = st.builds(Identification, kind=st.just(IdentificationKind.SSN), number=_TINS)
_DOCUMENTS = st.one_of(
    st.builds(
        Identification,
        kind=st.just(IdentificationKind.LICENCE),
        number=st.just("D1234-5678"),
        country=st.just("US"),
        state=st.sampled_from(["", "IL"]),
    ),
    st.builds(
        Identification, kind=st.just(IdentificationKind.OTHER), number=st.just("Z-1"), other=st.just("Student card")
    ),
)
_ACCOUNTS = st.builds(
    HeldAccount,
    number=st.uuids().map(lambda one: str(one)[:20]),
    closed=st.booleans(),
    institution_tin=st.sampled_from(["", "461234567"]),
) | st.builds(HeldAccount, number=st.just("GB-7"), outside_us=st.just(True))


@st.composite
def _relationships(draw: st.DrawFn) -> Relationship:
    kinds = tuple(draw(st.lists(st.sampled_from(RelationshipKind), unique=True, max_size=3)))
    status = draw(st.sampled_from(RelationshipStatus)) if kinds else RelationshipStatus.EMPTY
    ended = status not in (RelationshipStatus.EMPTY, RelationshipStatus.CONTINUES)
    return Relationship(
        kinds=kinds,
        other="Landlord" if RelationshipKind.OTHER in kinds else "",
        status=status,
        action_on=draw(_DAYS) if ended else None,
    )


@st.composite
def _subjects(draw: st.DrawFn) -> Subject:
    accounts = tuple(draw(st.lists(_ACCOUNTS, max_size=3, unique_by=lambda one: one.number)))
    addresses = tuple(draw(st.lists(_ADDRESSES, max_size=2)))
    if draw(st.integers(0, 9)) == 0:
        return Subject(unavailable=True, accounts=accounts)
    entity = draw(st.booleans())
    legal = Name(last=draw(_MAYBE)) if entity else Name(last=draw(_MAYBE), first=draw(_MAYBE), middle=draw(_MAYBE))
    others = tuple(
        Name(kind=kind, last=draw(_WORDS)) for kind in draw(st.lists(st.sampled_from([NameKind.AKA, NameKind.DBA])))
    )
    return Subject(
        entity=entity,
        names=(legal, *others[:3]) if draw(st.booleans()) else (),
        born="" if entity else draw(st.sampled_from(["", "1980", "1980-02", "1980-02-17"])),
        gender=Gender.EMPTY if entity else draw(st.sampled_from(Gender)),
        addresses=addresses,
        phones=tuple(draw(st.lists(_PHONES, max_size=2))),
        online=tuple(draw(st.lists(st.just(OnlineAddress(text="none@doe.example")), max_size=1))),
        identifications=(*draw(st.lists(_TAXPAYER, max_size=1)), *draw(st.lists(_DOCUMENTS, max_size=2))),
        occupation=draw(st.sampled_from(["", "Baker"])),
        naics=draw(st.sampled_from(["", "311811"])),
        relationships=tuple(draw(st.lists(_relationships(), max_size=2))),
        accounts=accounts,
        role=draw(st.sampled_from(Role)),
        confessed=draw(st.sampled_from(Answer)),
    )


def _other(code: str, *, other: bool) -> dict[str, str]:
    return {"other": "Words\tfor it" if other else ""}


@st.composite
def _activities(draw: st.DrawFn, *, later: bool, continuing: bool) -> Activity:
    involved = draw(st.sampled_from(Involved))
    amount = draw(st.integers(0, 9_999_999)) if involved is Involved.KNOWN else None
    first, last = sorted([draw(_DAYS), draw(_DAYS)])
    subtypes = draw(st.lists(st.sampled_from(sorted(codes.ACTIVITY_SUBTYPES)), min_size=1, max_size=5, unique=True))
    products = draw(st.lists(st.sampled_from(sorted(codes.PRODUCTS)), max_size=4, unique=True))
    indicators = draw(st.lists(st.sampled_from(sorted(codes.CYBER_INDICATORS)), max_size=2))
    return Activity(
        involved=involved,
        amount=amount,
        cumulative=(amount or 0) + 5 if continuing or (later and draw(st.booleans())) else None,
        first_on=first,
        last_on=draw(st.sampled_from([last, None])),
        classifications=tuple(
            Classification(subtype=one, **_other(one, other=codes.is_other(one))) for one in subtypes
        ),
        products=tuple(Product(code=one, **_other(one, other=one in codes.OTHER_PRODUCTS)) for one in products),
        attributes=tuple(draw(st.lists(st.just(Attribute(code="1", text="037833100")), max_size=1))),
        ip_addresses=tuple(
            draw(st.lists(st.just(IpAddress(address="2001:db8::1", on=first, at="23:59:59")), max_size=1))
        ),
        cyber=tuple(
            CyberIndicator(code=one, value="x.example", **_other(one, other=one == "999")) for one in indicators
        ),
        loss=draw(st.sampled_from([None, 0, 77])),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    corrects, continuing = draw(st.booleans()), draw(st.booleans())
    later = corrects or continuing
    agency = Agency(agency="FBI", person="Ann Lee", phone="(217) 555-0142", on=FILED_ON - timedelta(days=3))
    attached = Attachment(name="deposits.csv", content="day,amount\n2026-06-01,9500\n")
    return Report(
        corrects=corrects,
        continuing=continuing,
        joint=draw(st.booleans()),
        prior_bsa_id=draw(st.sampled_from(["", "31000055053784"])) if later else "",
        note=draw(st.sampled_from(["", "Geographic targeting order"])),
        subjects=tuple(draw(st.lists(_subjects(), min_size=1, max_size=2))),
        activity=draw(_activities(later=later, continuing=continuing)),
        branches=tuple(draw(st.lists(st.just("B1"), max_size=1))),
        agency=draw(st.sampled_from([None, agency])),
        attachment=draw(st.sampled_from([None, attached])),
    )
