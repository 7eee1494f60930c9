"""Parameters of an address that it does not know: refused, because `?atomc=true` would otherwise be passed over in silence."""

from __future__ import annotations

from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from casedesk.errors import Invalid


class UnknownParameter(Invalid):
    """The address has no such parameter."""

    def __init__(self, name: str, known: frozenset[str]) -> None:
        shown = name.encode("utf-8", "backslashreplace").decode()[:80]
        has = f"its parameters are: {', '.join(sorted(known))}" if known else "it has none"
        super().__init__(f"This address has no parameter “{shown}”; {has}.")


async def only_known(request: HTTPConnection) -> None:
    """Refuse a request with a parameter in its query that the address does not know.

    :raises UnknownParameter: naming it, and those that there are.
    """
    if not request.scope.get("query_string"):
        return
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    operation = request.app.openapi()["paths"].get(route.path_format, {}).get(request.scope["method"].lower(), {})
    known = frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
    for name in request.query_params:
        if name not in known:
            raise UnknownParameter(name, known)
