"""What Alembic runs for every command, from the desk itself or from the ``alembic`` program."""

from __future__ import annotations

from logging.config import fileConfig
from typing import Any

from alembic import context
from sqlalchemy.engine import Connection, make_url

from casedesk.settings import load_settings
from casedesk.store.engines import lock_for_upgrade, make_engine, translated
from casedesk.store.tables import metadata


def write_out(dialect: str) -> None:
    """Print the statements for a database instead of executing them."""
    options: dict[str, Any] = {"paramstyle": "named"}
    if dialect == "mssql":
        options["deprecate_large_types"] = True  # NVARCHAR(max), not NTEXT; a live server is asked for its version
    context.configure(dialect_name=dialect, dialect_opts=options, target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_on(connection: Connection) -> None:
    """Migrate over a connection whose transaction the caller began and will commit."""
    lock_for_upgrade(connection)
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters a table by copying it
    )
    with context.begin_transaction():
        context.run_migrations()


def run_on_own() -> None:
    """Migrate the database that ``CASEDESK_DATABASE_URL`` names, in one transaction."""
    engine = make_engine(load_settings().database_url)
    with translated(engine), engine.connect() as connection:
        connection = connection.execution_options(casedesk_writes=True)
        with connection.begin():
            run_on(connection)
    engine.dispose()


given = context.config.attributes
if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)
if context.is_offline_mode():
    write_out(given.get("dialect") or make_url(load_settings().database_url).get_backend_name())
elif "connection" in given:
    run_on(given["connection"])
else:
    run_on_own()
