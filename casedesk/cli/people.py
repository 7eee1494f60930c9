"""`casedesk users`: who works here, and in which role."""

from __future__ import annotations

from typing import Annotated

import typer

from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, opened
from casedesk.domain.people import PERSON_ROLES, Person, Role
from casedesk.errors import Invalid

app = typer.Typer(help="The people of the desk: list them, or add one.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_people(json: Json = False) -> None:
    """List everybody, by name."""
    with opened(DESK_ITSELF) as session:
        from casedesk.services import people

        found = people.everybody(uow=session.desk.reading())
    if json:
        emit([
            {"user_id": p.user_id, "name": p.name, "role": p.role.value, "active": p.active, "email": p.email}
            for p in found
        ])  # fmt: skip
    elif found:
        rows = [(p.user_id, p.name, p.role.value, "yes" if p.active else "no", p.email) for p in found]
        table(("User id", "Name", "Role", "Active", "E-mail"), rows)
    else:
        say("Nobody works here yet; add somebody with: casedesk users add USER_ID NAME ROLE.")


@app.command()
def add(
    user_id: Annotated[str, typer.Argument(help="A short name that never changes, such as ana.")],
    name: Annotated[str, typer.Argument(help="The name as it is shown.")],
    role: Annotated[str, typer.Argument(help="Analyst, QA, Manager or Auditor.")],
    email: Annotated[str, typer.Option(help="The address with which the person signs in.")] = "",
    inactive: Annotated[bool, typer.Option("--inactive", help="Switch the person's access off.")] = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Add a person, or replace what is stored under the user id."""
    roles = {known.value.casefold(): known for known in PERSON_ROLES}
    if role.casefold() not in roles:
        raise Invalid(f"“{role}” is not a role; choose one of {', '.join(known.value for known in PERSON_ROLES)}.")
    person = Person(user_id, name, Role(roles[role.casefold()]), active=not inactive, email=email)
    with opened(user) as session:
        from casedesk.services import people

        people.add(uow=session.desk.writing(), actor=session.actor, at=session.at, person=person)
    say(f"{name} ({user_id}) is {person.role.value}{', and not active' if inactive else ''}.")
