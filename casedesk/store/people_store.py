"""The people of the desk."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.people import SYSTEM, Person, Role
from casedesk.errors import NotFound
from casedesk.store.tables import users


class UnknownPerson(NotFound):
    """No such user."""

    def __init__(self, user_id: str, known: tuple[str, ...]) -> None:
        shown = ", ".join(known[:8]) + (" …" if len(known) > 8 else "")
        super().__init__(f"Nobody has the user id “{user_id}”; known are: {shown or 'nobody yet'}.")


class PeopleReader:
    """Reads ``users``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, user_id: str) -> Person:
        """Return a person, or the desk itself for ``system``.

        :raises UnknownPerson: naming the known ids.
        """
        if user_id == SYSTEM.user_id:
            return SYSTEM
        row = self._connection.execute(sa.select(users).where(users.c.user_id == user_id)).one_or_none()
        if row is None:
            raise UnknownPerson(user_id, tuple(p.user_id for p in self.all()))
        return _person(row)

    def by_email(self, email: str) -> Person | None:
        """Return who signs in with this address, upper and lower case being the same."""
        row = self._connection.execute(sa.select(users).where(users.c.email == email.strip().lower())).one_or_none()
        return None if row is None else _person(row)

    def all(self) -> tuple[Person, ...]:
        """Return everybody, by name."""
        return tuple(_person(row) for row in self._connection.execute(sa.select(users).order_by(users.c.name)))

    def names(self) -> dict[str, str]:
        """Return the name of every user id, the desk itself included."""
        rows = self._connection.execute(sa.select(users.c.user_id, users.c.name))
        return {SYSTEM.user_id: SYSTEM.name, **{row.user_id: row.name for row in rows}}


class PeopleStore(PeopleReader):
    """Writes ``users``."""

    def put(self, person: Person) -> None:
        """Add a person, or replace what is stored under the id."""
        values = {
            "name": person.name,
            "role": person.role.value,
            "active": person.active,
            "email": person.email.lower() or None,
        }
        changed = self._connection.execute(sa.update(users).where(users.c.user_id == person.user_id).values(values))
        if changed.rowcount == 0:
            self._connection.execute(sa.insert(users).values(user_id=person.user_id, **values))


def _person(row: sa.Row[*tuple[object, ...]]) -> Person:
    return Person(row.user_id, row.name, Role(row.role), bool(row.active), row.email or "")
