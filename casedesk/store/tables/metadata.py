"""Where the tables are gathered, how their constraints are named, and the types they share."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData(naming_convention=NAMING)

ID: Final = 64  # characters of an id
BIG: Final = sa.BigInteger()

#: Only an INTEGER key is SQLite's own row number; a BIGINT key would be a second index beside it.
EVENT_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def one_of(column: str, values: list[str]) -> str:
    """Write the condition that a column has one of these values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
