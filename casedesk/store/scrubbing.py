"""Give the bytes of what was removed free: a database keeps them in its files until something else needs the room."""

from __future__ import annotations

from typing import Final

from sqlalchemy.engine import Engine

from casedesk.store.engines import DatabaseBusy, translated

#: Each database's own way. SQL Server has a procedure for it that takes rights over the whole server, which the desk's role should
#: not have.
_WAYS: Final = {
    # VACUUM writes every page anew; the log has the old ones until it is brought home and cut to nothing.
    "sqlite": ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
    "postgresql": ("VACUUM (FULL) case_events, cases, filings, batches",),
}


def scrub(engine: Engine) -> bool:
    """Rewrite the database's files, so that nothing is left in them of what was removed.

    :return: False where the database's administrator has to do it.
    :raises DatabaseBusy: if somebody reads or writes; what was removed is removed all the same, and this can be tried again.
    """
    statements = _WAYS.get(engine.dialect.name, ())
    with translated(engine), engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # none of it works inside the transaction that a connection begins with
        for statement in statements:
            result = connection.exec_driver_sql(statement)
            if result.returns_rows and result.scalar_one():  # the checkpoint met a reader
                raise DatabaseBusy("Somebody is reading, so the log could not be cut. Try again: casedesk db scrub.")
    return bool(statements)
