"""`casedesk apikey`: the keys with which programs speak to the desk's API."""

from __future__ import annotations

from typing import Annotated

import typer

from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.api_keys import ApiKey, Scope
from casedesk.errors import Invalid

app = typer.Typer(help="Keys of the API: create, list or revoke one.", no_args_is_help=True, rich_markup_mode=None)

VIA = "cli"


@app.command()
def create(
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for, such as “core banking feed”.")],
    scope: Annotated[
        list[str] | None, typer.Option(metavar="SCOPE", help=f"{', '.join(Scope)}. Repeatable. Default: ingest.")
    ] = None,
    person: Annotated[
        str, typer.Option("--for", metavar="USER", help="Whom it acts as: a user id. Default: who creates it.")
    ] = "",
    days: Annotated[int, typer.Option(metavar="N", help="How many days it lives, 1 to 366.")] = 90,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Create a key. It is shown once, on standard output; the desk keeps only its hash."""
    scopes = frozenset(_scope(word) for word in scope or [Scope.INGEST])
    with opened(user) as session:
        from casedesk.services import api_keys

        issued = api_keys.create(
            uow=session.desk.writing(), actor=session.actor, at=session.at, label=label,
            user_id=person.strip() or session.actor.user_id, scopes=scopes, days=days, via=VIA,
        )  # fmt: skip
    if json:
        emit(_json(issued.key) | {"key": issued.sent_as})
        return
    key = issued.key
    remark(
        f"{key.key_id} acts as {key.user_id} for {', '.join(sorted(key.scopes))} until {key.expires_at.date()}. "
        "This is the only time that it is shown:"
    )
    say(issued.sent_as)


@app.command("list")
def list_keys(json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """List every key, the newest first."""
    with opened(user) as session:
        from casedesk.services import api_keys

        found = api_keys.listed(uow=session.desk.reading(), actor=session.actor)
        now = session.at
    if json:
        emit([_json(key) for key in found])
        return
    table(
        ("Key", "Label", "Acts as", "Scopes", "Created by", "Until", "State"),
        (
            (key.key_id, key.label, key.user_id, ", ".join(sorted(key.scopes)), key.created_by,
             key.expires_at.date(), "revoked" if key.revoked_at else "over" if now >= key.expires_at else "usable")
            for key in found
        ),
    )  # fmt: skip
    if not found:
        say("There is no API key yet; create one with: casedesk apikey create LABEL.")


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, such as K-0123456789AB.")],
    text: Text = None,
    file: File = None,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """End a key at once, with a reason."""
    reason = written(text, file)
    with opened(user) as session:
        from casedesk.services import api_keys

        row = api_keys.revoke(
            uow=session.desk.writing(), actor=session.actor, at=session.at, key_id=key.strip(), reason=reason, via=VIA
        )
    if json:
        emit({name: getattr(row, name) for name in ("event_id", "ts", "user", "action", "event_hash")})
    else:
        say(f"{key.strip()} opens nothing any more (event {row.event_id}).")


def _scope(word: str) -> Scope:
    try:
        return Scope(word.strip().casefold())
    except ValueError:
        raise Invalid(f"“{word}” is not a scope; write one of {', '.join(Scope)}.") from None


def _json(key: ApiKey) -> dict[str, object]:
    names = (
        "key_id",
        "label",
        "user_id",
        "scopes",
        "created_by",
        "created_at",
        "expires_at",
        "revoked_by",
        "revoked_at",
    )
    return {name: getattr(key, name) for name in names}
