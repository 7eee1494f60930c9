"""An expression as SQL: written the same way for every engine, and written once.

Writing takes longer than running over a few thousand transactions, so whoever writes the same expression again gets the
text of the first time.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Final, Literal

import ibis
from ibis.expr.operations import Relation
from ibis.expr.types import Table

__all__ = ["Dialect", "written"]

Dialect = Literal["duckdb", "pyspark"]

#: Every engine joins nested selects by itself. That Ibis does so first is a third of the time it takes to write.
_NESTED: Final = "sql.fuse_selects"


def written(expression: Table, dialect: Dialect) -> str:
    """Return the expression in an engine's SQL."""
    return _written(expression.op(), dialect)


@lru_cache(maxsize=256)
def _written(relation: Relation, dialect: Dialect) -> str:
    before = ibis.options.get(_NESTED)
    ibis.options.set(_NESTED, False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # pyspark's, about a pandas that is not used
            if dialect == "pyspark":  # a column of floats is written by an option that is there once this was looked at
                getattr(ibis, dialect)
            return str(ibis.to_sql(relation.to_expr(), dialect=dialect, pretty=False))
    finally:
        ibis.options.set(_NESTED, before)
