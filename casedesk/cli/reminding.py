"""`casedesk remind`: tell people what is due, for the bank's own mailer to carry."""

from __future__ import annotations

import json as jsons
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.moments import day as day_of
from casedesk.cli.printing import emit, emit_line, say, table
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, opened
from casedesk.errors import Unavailable

if TYPE_CHECKING:
    from casedesk.domain.reminders import Notice


class NoOutbox(Unavailable):
    """The folder for the messages cannot be written to."""


def remind(
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Put each message into this folder as a file of one JSON object.")
    ] = None,
    log: Annotated[
        str, typer.Option("--log", metavar="DAY", help="Give nothing; list who was reminded of what on that day.")
    ] = "",
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Remind people of work items that are due, and managers of what is overdue. Nothing is said twice on one day."""
    if log:
        _show_log(log, json, user)
        return
    with opened(user) as session:
        from casedesk.services import reminding

        notices = reminding.give(
            uow=session.desk.writing(), actor=session.actor, at=session.at, via="cli",
            deliver=(lambda found, event: _put(out, found, event)) if out else None,
        )  # fmt: skip
    if json:
        for notice in notices:
            emit_line(_message(notice))
        return
    if not notices:
        say("Nobody is to be reminded of anything that was not said today.")
    table(
        ("Person", "Due", "Overdue with others"),
        ((notice.person.name, len(notice.own), len(notice.escalated)) for notice in notices),
    )


def _show_log(day: str, as_json: bool, user: str) -> None:
    asked = day_of(day, "--log")
    with opened(user) as session:
        from casedesk.services import reminding

        found = reminding.log(uow=session.desk.reading(), actor=session.actor, day=asked)
    if as_json:
        emit([{name: getattr(one, name) for name in ("event_id", "ts", "user_id", "case_id")} for one in found])
        return
    if not found:
        say(f"Nobody was reminded of anything on {asked}.")
    table(("Event", "Time", "Person", "Case"), ((g.event_id, f"{g.ts[:16]}Z", g.user_id, g.case_id) for g in found))


def _message(notice: Notice) -> dict[str, Any]:
    from casedesk.services.reminding import SUBJECT

    return {
        "to": notice.person.email,
        "user_id": notice.person.user_id,
        "name": notice.person.name,
        "day": notice.day.isoformat(),
        "subject": SUBJECT,
        "text": notice.text,
    }


def _put(folder: Path, notices: Sequence[Notice], event: int) -> None:
    """Write one file a person; a file has its name only when it is whole, and the name says nothing of anybody."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, notice in enumerate(notices, start=1):
            path = folder / f"{notice.day.isoformat()}-{event}-{number}.json"
            part = path.with_suffix(".part")
            part.write_text(jsons.dumps(_message(notice), ensure_ascii=False) + "\n", encoding="utf-8")
            part.replace(path)
    except OSError as error:
        raise NoOutbox(f"The messages cannot be put into {folder}: {error.strerror}. Nothing was given.") from None
