"""Signing in, and adding people."""

from __future__ import annotations

from datetime import datetime

from casedesk.domain import events
from casedesk.domain.events import DESK
from casedesk.domain.people import Action, Person, Role, require
from casedesk.errors import Invalid, NotPermitted
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing


class NotKnown(NotPermitted):
    """The address belongs to no active user."""

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{email} is not an active user of this desk; ask your administrator to add you, or sign in as somebody else."
        )


def sign_in(*, uow: Reading, email: str) -> Person:
    """Return the active person behind an e-mail address that an identity provider vouched for.

    :raises NotKnown: if there is none, or they are not active.
    """
    with uow:
        person = uow.people.by_email(email)
    if person is None or not person.active:
        raise NotKnown(email)
    return person


def everybody(*, uow: Reading) -> tuple[Person, ...]:
    """Return everybody, by name."""
    with uow:
        return uow.people.all()


def find(*, uow: Reading, user_id: str) -> Person:
    """Return one person by id.

    :raises UnknownPerson: naming the known ids.
    """
    with uow:
        return uow.people.get(user_id)


def add(*, uow: Writing, actor: Person, at: datetime, person: Person) -> None:
    """Add a person or change what is stored of them; the role and whether they are active go into the ledger.

    :raises Invalid: for an empty or overlong id or name, the reserved id, a role no person holds, or an address that
        belongs to somebody else.
    """
    if not person.user_id.strip() or not person.name.strip():
        raise Invalid("A user needs a user id and a name; one of them is empty.")
    if person.user_id == "system" or person.role is Role.SYSTEM:
        raise Invalid("“system” is the desk itself; choose another user id and one of the four roles.")
    # SQLite would take longer ones, and the other databases would then not
    if len(person.user_id) > 64 or len(person.name) > 200:
        raise Invalid("A user id may have at most 64 characters and a name at most 200; shorten it.")
    with uow:
        actor = present(uow, actor)
        require(actor, Action.ADMINISTER)
        holder = uow.people.by_email(person.email) if person.email.strip() else None
        if holder is not None and holder.user_id != person.user_id:
            raise Invalid(f"The address {person.email} belongs to {holder.user_id} already; give each user their own.")
        uow.people.put(person)
        event = events.PersonAdded(user_id=person.user_id, role=person.role.value, active=person.active)
        uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
