"""Column types that mean the same on SQLite, PostgreSQL and SQL Server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant with microseconds.

    SQLite drops a zone and SQL Server's DATETIME rounds to 3.33 ms, so the column is zoneless everywhere, DATETIME2(6)
    on SQL Server, and the zone is added back on reading.
    """

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "mssql":
            return dialect.type_descriptor(mssql.DATETIME2(6))
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=False, precision=6))
        return dialect.type_descriptor(sqlite.DATETIME())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone reached the store")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def code(length: int) -> sa.types.TypeEngine[str]:
    """Return a type for ids, codes and hashes: compared and ordered byte by byte.

    SQL Server's default collation ignores case and trailing spaces, which would let two ids pass for one. PostgreSQL
    would order them by the rules of a language, and every database shall list cases in the same order.
    """
    return (
        sa.String(length)
        .with_variant(mssql.VARCHAR(length, collation="Latin1_General_100_BIN2_UTF8"), "mssql")
        .with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")
    )


def human(length: int | None = None) -> sa.types.TypeEngine[str]:
    """Return a type for what people write; NVARCHAR on SQL Server."""
    return sa.Unicode(length)
