"""The column types of the first migrations. Frozen: a type that changes gets a new name here, or a file of its own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, postgresql

BIG = sa.BigInteger()

# Only an INTEGER key is SQLite's own row number; a BIGINT key would be a second index beside it.
EVENT_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def code(length: int) -> Any:
    """Ids, codes and hashes: compared and ordered byte by byte on every database."""
    return (
        sa.String(length)
        .with_variant(mssql.VARCHAR(length, collation="Latin1_General_100_BIN2_UTF8"), "mssql")
        .with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")
    )


def human(length: int | None = None) -> Any:
    """What people write."""
    return sa.Unicode(length)


def day() -> Any:
    """A day. Written out without a server to ask for its version, SQL Server's DATE would become DATETIME."""
    return sa.Date().with_variant(mssql.DATE(), "mssql")


def instant() -> Any:
    """UTC with microseconds and without a zone. SQL Server's DATETIME would round to 3.33 ms."""
    return (
        sa.DateTime()
        .with_variant(mssql.DATETIME2(6), "mssql")
        .with_variant(postgresql.TIMESTAMP(precision=6), "postgresql")
    )
