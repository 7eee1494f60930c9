"""A step of an expression that several later steps read, written and run once."""

from __future__ import annotations

import ibis.expr.operations as ops
from ibis.expr.types import Table


def shared(table: Table, name: str) -> Table:
    """Name a step that several later ones read, so that its expression is written, and run, once.

    ``Table.alias`` does the same, but compiles the expression each time it is called.
    """
    expression: Table = ops.AliasedRelation(name=name, parent=table).to_expr()
    return expression
