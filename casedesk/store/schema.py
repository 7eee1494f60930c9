"""Bring a database to the newest migration, say where it stands, and write the schema out as SQL."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection, Engine

from casedesk.errors import Unavailable
from casedesk.store.clock_store import ClockReader, ClockStore
from casedesk.store.engines import address, translated

#: Beside the package, in a checkout and in an installed tree alike; nothing depends on where the program was started.
MIGRATIONS: Final = Path(__file__).resolve().parents[2] / "migrations"


class SchemaBehind(Unavailable):
    """The database lacks migrations that this desk needs."""


class SchemaUnknown(Unavailable):
    """The database was made by a newer desk, or by another program."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where a database stands. ``current`` is empty before the first migration; ``empty`` means no table of anybody's."""

    current: str
    head: str
    empty: bool


def upgrade(engine: Engine) -> None:
    """Run every migration the database lacks, all in one transaction, and derive the clocks that no desk stored before.

    A database that lacks neither is left alone.

    :raises SchemaUnknown: if the database belongs to a newer desk or to another program.
    """
    now = state(engine)
    if now.current == now.head:
        with translated(engine), engine.connect() as connection:
            if not ClockReader(connection).lacking():
                return
    else:
        _refuse_foreign(engine, now)
    with translated(engine), engine.connect() as connection:
        connection = connection.execution_options(casedesk_writes=True)
        with connection.begin():
            if now.current != now.head:
                command.upgrade(_config(connection), "head")
            ClockStore(connection).complete()


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to a revision, or to nothing with ``base``. A migration may refuse, as the first one does over events.

    :raises SchemaUnknown: with the migration's reason.
    """
    with translated(engine), engine.connect() as connection:
        connection = connection.execution_options(casedesk_writes=True)
        try:
            with connection.begin():
                command.downgrade(_config(connection), revision)
        except CommandError as error:
            raise SchemaUnknown(str(error)) from error


def state(engine: Engine) -> SchemaState:
    """Look at where the database stands; nothing is written."""
    with translated(engine), engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision() or ""
        tables = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    return SchemaState(current, _script().get_current_head() or "", empty=not tables)


def require_current(engine: Engine) -> None:
    """Refuse to work on a database that does not stand at the newest migration.

    :raises SchemaBehind: if migrations are missing.
    :raises SchemaUnknown: if the database belongs to a newer desk or to another program.
    """
    now = state(engine)
    if now.current == now.head:
        return
    _refuse_foreign(engine, now)
    where = address(engine)
    if now.empty:
        raise SchemaBehind(f"The database at {where} is empty; run: casedesk db upgrade.")
    missing = len(list(_script().iterate_revisions(now.head, now.current or "base")))
    behind = "one migration" if missing == 1 else f"{missing} migrations"
    raise SchemaBehind(f"The database is {behind} behind this desk ({where}); run: casedesk db upgrade.")


def _refuse_foreign(engine: Engine, now: SchemaState) -> None:
    where = address(engine)
    if not now.current:
        if now.empty:
            return
        raise SchemaUnknown(f"The database at {where} holds tables of another program; give the desk one of its own.")
    known = {script.revision for script in _script().walk_revisions()}
    if now.current not in known:
        raise SchemaUnknown(
            f"The database at {where} stands at migration “{now.current}”, which this desk does not know; "
            "it was made by a newer version: install that one."
        )


def render(dialect: str) -> str:
    """Write all migrations out as SQL for ``sqlite``, ``postgresql`` or ``mssql``, without a database."""
    config = _config(None)
    config.output_buffer = buffer = io.StringIO()
    config.attributes["dialect"] = dialect
    command.upgrade(config, "head", sql=True)
    lines = (line.rstrip() for line in buffer.getvalue().splitlines())
    return "\n".join(lines).strip() + "\n"


@cache
def _script() -> ScriptDirectory:
    # The migrations are files that Alembic runs to read them; they do not change under a running desk.
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config
