"""Open the desk for one command: settings, logs, the database, and the person who acts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from casedesk.domain.people import SYSTEM, Person
from casedesk.errors import Invalid

if TYPE_CHECKING:  # the database layer takes a second to import, and `--help` needs none of it
    from casedesk.bootstrap import Desk
    from casedesk.settings import Settings


class NobodyActs(Invalid):
    """The command needs a person, and none was named."""

    def __init__(self) -> None:
        super().__init__("Say who acts: add --as USER, or set CASEDESK_USER; “casedesk users list” shows the user ids.")


#: Not required by the parser, so that its absence is refused with a sentence like any other.
As = Annotated[
    str, typer.Option("--as", metavar="USER", help="Who acts: a user id. Default: CASEDESK_USER.", show_default=False)
]
AsOrDesk = Annotated[
    str, typer.Option("--as", metavar="USER", help="Who acts: a user id. Default: the desk itself.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
#: In MiB, up to 16 TiB: the engines stumble over much larger numbers.
Memory = Annotated[int, typer.Option(min=64, max=1 << 24, metavar="N", help="Memory the rules may use.")]

DESK_ITSELF = SYSTEM.user_id


@dataclass(frozen=True, slots=True)
class Session:
    """An open desk, who acts, and when."""

    desk: Desk
    actor: Person
    at: datetime

    def now(self) -> datetime:
        """Return the time of this moment; ``at`` is when the command began."""
        return datetime.now(UTC)


@contextmanager
def opened(user_id: str) -> Iterator[Session]:
    """Open the desk as a person: the one named, otherwise the one that the settings name.

    :raises NobodyActs: if neither names one.
    :raises UnknownPerson: naming the known ids.
    :raises Unavailable: for a wrong setting, or a database that cannot be used as it is.
    """
    settings = configured()
    user_id = user_id.strip() or settings.user
    if not user_id:
        raise NobodyActs
    from casedesk.bootstrap import open_desk
    from casedesk.services import people

    desk = open_desk(settings)
    try:
        yield Session(desk, people.find(uow=desk.reading(), user_id=user_id), datetime.now(UTC))
    finally:
        desk.close()


def configured() -> Settings:
    """Read the settings and start the log."""
    from casedesk import logs
    from casedesk.settings import load_settings

    settings = load_settings()
    logs.configure(settings)
    if settings.log_level != "DEBUG":  # it speaks whenever the schema is looked at, which is before every command
        logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
    return settings
