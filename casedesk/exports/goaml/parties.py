"""Subjects as goAML's persons and entities, and the accounts money went through.

The plain types are written, not those of “my client”: these demand balances, dates of birth and documents that the desk does not
hold, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from casedesk.domain.reports.parties import (
    TAXPAYER,
    Address,
    Identification,
    IdentificationKind,
    Name,
    NameKind,
    Subject,
)
from casedesk.exports.goaml.elements import Element, add, under
from casedesk.exports.goaml.names import NoSuchLetters, written
from casedesk.exports.goaml.profile import Profile

_MOST_EMAILS: Final = 5


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a transaction. ``subject`` is whom the report is about, where it is their account."""

    account: str
    holder: str
    bank: str
    country: str
    currency: str
    subject: Subject | None = None


def add_subject(parent: Element, subject: Subject, profile: Profile, *, entity: str, person: str) -> None:
    """Add a subject as one of the two, under the element's name for each."""
    if subject.entity:
        _entity(under(parent, entity), subject, profile)
    else:
        _person(under(parent, person), subject, profile)


def add_account(element: Element, side: Side, profile: Profile) -> None:
    """Fill in an account, with the subject as its holder where it is theirs."""
    add(element, "institution_code", side.bank or profile.unknown, 50)
    add(element, "account", side.account, 255)
    add(element, "currency_code", side.currency)
    holder = _holder(side, profile)
    add(element, "account_name", holder or profile.unknown, 255)
    if side.subject is not None and side.subject.entity:
        _entity(under(element, "t_entity"), side.subject, profile)
    elif side.subject is not None:
        signatory = under(element, "signatory")
        _person(under(signatory, "t_person"), side.subject, profile)
        add(signatory, "role", profile.codes.signatory)
    if side.holder != holder:
        add(element, "comments", f"Holder as known: {side.holder}")


def _holder(side: Side, profile: Profile) -> str:
    """Return the holder's name in the form's letters; empty for a counterparty's in others, whom the report's form does not name.

    :raises NoSuchLetters: for a subject, whose name the analyst can write otherwise.
    """
    if side.subject is not None:
        return written(side.subject.called or side.holder, profile.names)
    try:
        return written(side.holder, profile.names)[:255].strip()
    except NoSuchLetters:
        return ""


#: Where the form of a person, and of an entity, has a place for one number, and for which kinds.
_OF_A_PERSON: Final[dict[str, frozenset[IdentificationKind]]] = {
    "ssn": frozenset({IdentificationKind.SSN}),
    "passport_number": frozenset({IdentificationKind.PASSPORT}),
    "id_number": frozenset(
        {IdentificationKind.LICENCE, IdentificationKind.ALIEN, IdentificationKind.OTHER}
    ),
    "tax_number": TAXPAYER - {IdentificationKind.SSN},
}  # fmt: skip
_OF_AN_ENTITY: Final[dict[str, frozenset[IdentificationKind]]] = {
    "incorporation_number": frozenset(IdentificationKind) - TAXPAYER,
    "tax_number": TAXPAYER,
}


def _numbers(subject: Subject, places: dict[str, frozenset[IdentificationKind]]) -> dict[str, Identification]:
    """Return the number for each place: the first of its kinds. A passport has a place only with its country."""
    found: dict[str, Identification] = {}
    for place, kinds in places.items():
        fitting = (
            one for one in subject.identifications
            if one.kind in kinds and (place != "passport_number" or one.country)
        )  # fmt: skip
        if (first := next(fitting, None)) is not None:
            found[place] = first
    return found


def _person(element: Element, subject: Subject, profile: Profile) -> None:
    name = _legal(subject)
    numbers = _numbers(subject, _OF_A_PERSON)
    whole_day = len(subject.born) == len("1980-02-17")
    add(element, "gender", profile.codes.gender.get(subject.gender, ""))
    add(element, "first_name", written(name.first, profile.names) or profile.unknown, 100)
    add(element, "middle_name", written(name.middle, profile.names), 100)
    add(element, "last_name", written(name.last, profile.names) or profile.unknown, 100)
    add(element, "birthdate", f"{subject.born}T00:00:00" if whole_day else "")
    add(element, "full_name_frn", name.full if written(name.full, profile.names) != name.full else "", 255)
    _number(element, "ssn", numbers, 25)
    _number(element, "passport_number", numbers, 255)
    if "passport_number" in numbers:
        add(element, "passport_country", numbers["passport_number"].country)
    _number(element, "id_number", numbers, 255)
    add(element, "residence", next((one.country for one in subject.addresses if one.country), ""))
    _reach(element, subject, profile)
    add(element, "occupation", subject.occupation, 255)
    _number(element, "tax_number", numbers, 100)
    born = f"Born {subject.born}" if subject.born and not whole_day else ""
    add(element, "comments", _rest(subject, numbers, born))


def _entity(element: Element, subject: Subject, profile: Profile) -> None:
    name = _legal(subject).full
    latin = written(name, profile.names)
    numbers = _numbers(subject, _OF_AN_ENTITY)
    add(element, "name", latin or profile.unknown, 255)
    _number(element, "incorporation_number", numbers, 50)
    add(element, "business", subject.occupation, 255)
    _reach(element, subject, profile)
    _number(element, "tax_number", numbers, 100)
    add(element, "comments", _rest(subject, numbers, f"Name as known: {name}" if latin != name else ""))


def _legal(subject: Subject) -> Name:
    return next((name for name in subject.names if name.kind is NameKind.LEGAL), Name())


def _number(element: Element, place: str, numbers: dict[str, Identification], longest: int) -> None:
    add(element, place, numbers[place].number if place in numbers else "", longest)


def _rest(subject: Subject, numbers: dict[str, Identification], first: str) -> str:
    """Write down what the form has no place of its own for: second names, and numbers beyond one of a kind."""
    names = (f"{one.kind.value.capitalize()} {one.full}" for one in subject.names if one.kind is not NameKind.LEGAL)
    placed = list(numbers.values())
    others = [one for one in subject.identifications if not any(one is known for known in placed)]
    words = (f"{one.other or one.kind.value} {one.number} {one.state or one.country}".strip() for one in others)
    return "; ".join(part for part in (first, *names, *words) if part)


def _reach(element: Element, subject: Subject, profile: Profile) -> None:
    """Add phones, addresses and e-mail, which stand in this order in persons and entities alike."""
    if subject.phones:
        phones = under(element, "phones")
        for one in subject.phones:
            phone = under(phones, "phone")
            contact, communication = profile.codes.phones.get(one.kind, profile.codes.phone)
            add(phone, "tph_contact_type", contact)
            add(phone, "tph_communication_type", communication)
            add(phone, "tph_number", one.number, 50)
            add(phone, "tph_extension", one.extension, 10)
    known = [one for one in subject.addresses if one.street or one.city]
    if known:
        addresses = under(element, "addresses")
        for place in known:
            _address(under(addresses, "address"), place, profile)
    for text in list(_emails(subject))[:_MOST_EMAILS]:
        add(element, "email", text, 255)


def _address(element: Element, place: Address, profile: Profile) -> None:
    add(element, "address_type", profile.codes.address)
    add(element, "address", place.street or profile.unknown, 100)
    add(element, "city", place.city or profile.unknown, 255)
    add(element, "zip", place.postal_code, 10)
    add(element, "country_code", place.country or profile.codes.country_unknown)
    add(element, "state", place.state or profile.unknown, 255)


def _emails(subject: Subject) -> Iterator[str]:
    return (one.text for one in subject.online if not one.url)
