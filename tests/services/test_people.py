"""Signing in, and the people of the desk."""

from __future__ import annotations

import pytest

from casedesk.domain.people import SYSTEM, Person, Role, RoleForbids
from casedesk.errors import Invalid, NotFound
from casedesk.services import people
from casedesk.services.people import NotKnown
from tests.builders import TestDesk

LEA = Person("lea", "Lea Lund", Role.ANALYST, email="Lea.Lund@Bank.example")


def add(desk: TestDesk, person: Person, by: Person = SYSTEM) -> None:
    people.add(uow=desk.writing(), actor=by, at=desk.at(), person=person)


def test_an_active_person_signs_in_by_address_whatever_its_case(any_desk: TestDesk) -> None:
    add(any_desk, LEA)
    for written in ("lea.lund@bank.example", "LEA.LUND@BANK.EXAMPLE", "  Lea.Lund@Bank.example "):
        assert people.sign_in(uow=any_desk.reading(), email=written).user_id == "lea"


@pytest.mark.parametrize("email", ["nobody@bank.example", "", " "])
def test_an_address_of_nobody_is_turned_away(desk: TestDesk, email: str) -> None:
    with pytest.raises(NotKnown, match="is not an active user of this desk"):
        people.sign_in(uow=desk.reading(), email=email)


def test_who_was_switched_off_is_turned_away(desk: TestDesk) -> None:
    add(desk, LEA)
    add(desk, Person("lea", "Lea Lund", Role.ANALYST, active=False, email=LEA.email))
    with pytest.raises(NotKnown):
        people.sign_in(uow=desk.reading(), email=LEA.email)


def test_a_role_given_or_changed_is_an_event(any_desk: TestDesk) -> None:
    desk = any_desk
    add(desk, LEA)
    add(desk, Person("lea", "Lea Lund", Role.MANAGER))
    events = [event for event in desk.history("DESK") if event.action == "person_added"][-2:]
    assert [(e.data["user_id"], e.data["role"], e.data["active"]) for e in events] == [
        ("lea", "Analyst", True),
        ("lea", "Manager", True),
    ]
    assert desk.verify().verdict.value == "VERIFIED"


@pytest.mark.parametrize(
    ("person", "sentence"),
    [
        (Person("", "X", Role.ANALYST), "a user id and a name"),
        (Person("x", " ", Role.ANALYST), "a user id and a name"),
        (Person("system", "X", Role.ANALYST), "is the desk itself"),
        (Person("x", "X", Role.SYSTEM), "is the desk itself"),
        (Person("x", "X", Role.ANALYST, email="ANN@bank.example"), "belongs to ann already"),
        (Person("x" * 65, "X", Role.ANALYST), "at most 64"),
        (Person("x", "X" * 201, Role.ANALYST), "at most 200"),
    ],
)
def test_a_person_who_cannot_be_is_refused_with_a_sentence_and_leaves_nothing(
    any_desk: TestDesk, person: Person, sentence: str
) -> None:
    desk = any_desk
    add(desk, Person("ann", "Ann", Role.ANALYST, email="ann@bank.example"))
    before = desk.dump()
    with pytest.raises(Invalid, match=sentence):
        add(desk, person)
    assert desk.dump() == before


@pytest.mark.parametrize("who", ["ann", "queenie", "mia", "otto"])
def test_nobody_gives_roles_but_the_desk_itself(desk: TestDesk, who: str) -> None:
    before = desk.dump()
    with pytest.raises(RoleForbids, match="nobody but the desk itself"):
        add(desk, LEA, by=desk.people[who])
    assert desk.dump() == before


def test_an_unknown_user_id_is_refused_and_the_known_ones_are_named(desk: TestDesk) -> None:
    with pytest.raises(NotFound, match="Nobody has the user id “zoe”; known are: ann, ben"):
        people.find(uow=desk.reading(), user_id="zoe")


def test_a_session_of_somebody_who_is_not_in_the_database_changes_nothing(desk: TestDesk) -> None:
    case_id = desk.open()
    desk.people["eve"] = Person("eve", "Eve", Role.MANAGER)
    before = desk.dump()
    with pytest.raises(NotFound, match="Nobody has the user id “eve”"):
        desk.take("eve", case_id)
    assert desk.dump() == before
