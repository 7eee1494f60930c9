"""The rules' expressions as Spark runs them well: the same rows, by a way that suits its optimiser.

Three things differ from DuckDB. Spark writes a named step (``paths.shared``) out wherever it is read, so a circle of twelve
hops would be planned hundreds of times over: each step is run first, by itself. And a window that is open to the future
is counted anew for each row, which is quadratic; the same window read backwards in time is open to the past, and is not.
The third are sliding sums, in ``spark_sweeps``.
"""

from __future__ import annotations

from typing import Any, Final

import ibis.expr.operations as ops
from ibis.common.graph import Graph
from ibis.expr.types import Table

from casedesk.detection.spark_sweeps import swept

#: Reductions that do not mind in which order they see the rows.
_ORDERLESS: Final = (ops.Min, ops.Max, ops.Sum, ops.Count, ops.CountStar)


def staged(expression: Table) -> tuple[list[tuple[str, Table]], Table]:
    """Return the named steps in the order to run them, each reading those before it by name; and what is left."""
    node = expression.op().replace(_suited)
    steps: list[tuple[str, Table]] = []
    standing: dict[Any, Any] = {}
    for one in Graph.from_bfs(node).toposort()[0]:
        if isinstance(one, ops.AliasedRelation):
            name = f"step_{len(steps)}_{one.name}"
            steps.append((name, _with(one.parent, standing)))
            standing[one] = ops.UnboundTable(name=name, schema=one.schema)
    return steps, _with(node, standing)


def _with(node: Any, standing: dict[Any, Any]) -> Table:
    found: Table = (node.replace(standing) if standing else node).to_expr()
    return found


def _suited(node: Any, changed: dict[str, Any] | None, **_: Any) -> Any:
    if changed:
        node = node.__recreate__(changed)
    if isinstance(node, ops.Project):
        return swept(node)
    return _backwards(node) if isinstance(node, ops.WindowFunction) else node


def _backwards(node: Any) -> Any:
    if not isinstance(node.func, _ORDERLESS):
        return node
    if node.how != "range" or node.end is not None or node.start is None or len(node.order_by) != 1:
        return node
    key = node.order_by[0]
    turned = ops.SortKey(arg=key.arg, ascending=not key.ascending, nulls_first=not key.nulls_first)
    end = ops.WindowBoundary(node.start.value, preceding=not node.start.preceding)
    return ops.WindowFunction(
        func=node.func, how="range", start=None, end=end, group_by=node.group_by, order_by=(turned,)
    )
