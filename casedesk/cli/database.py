"""`casedesk db`: bring the database to this desk's migration, and say where it stands."""

from __future__ import annotations

import typer

from casedesk.cli.printing import emit, say
from casedesk.cli.session import Json, configured

app = typer.Typer(help="The database: upgrade it, or see where it stands.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def upgrade() -> None:
    """Run every migration the database lacks; one that lacks none is left alone."""
    from casedesk.bootstrap import database_state, upgrade_database

    settings = configured()
    before = upgrade_database(settings)
    after = database_state(settings)
    if before.current == after.current:
        say(f"The database stands at migration {after.current} already ({settings.shown_database}).")
    else:
        say(f"Upgraded from {before.current or 'nothing'} to {after.current} ({settings.shown_database}).")


@app.command()
def scrub() -> None:
    """Leave nothing in the database's files of what was purged; a purge does it, too, unless somebody is reading."""
    from casedesk.bootstrap import open_desk

    desk = open_desk(configured())
    try:
        done = desk.scrub()
    finally:
        desk.close()
    say("Nothing is left of what was purged." if done else "This database's administrator has to give the bytes free.")


@app.command()
def state(json: Json = False) -> None:
    """Say where the database stands. Exits 0 when it is current, 1 when migrations are missing."""
    from casedesk.bootstrap import database_state

    settings = configured()
    now = database_state(settings)
    current = now.current == now.head
    if json:
        emit({"database": settings.shown_database, "migration": now.current, "newest": now.head, "current": current})
    elif current:
        say(f"The database stands at the newest migration, {now.head} ({settings.shown_database}).")
    else:
        where = f"at {now.current}" if now.current else "before the first migration"
        say(f"The database stands {where}; the newest is {now.head}. Run: casedesk db upgrade.")
    raise typer.Exit(0 if current else 1)
