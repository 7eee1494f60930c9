"""The address that programs ask a thousand times a second, answered before the routing of all others and its layers.

It is answered by the route's own handler, and what that raises becomes what the application makes of it.
"""

from __future__ import annotations

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


class Ahead:
    """Gives one route its requests, and the application behind it all others."""

    def __init__(self, app: ASGIApp, route: APIRoute) -> None:
        self._app, self._route = app, route
        self._methods, self._answer = frozenset(route.methods or ()), route.get_route_handler()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["path"] == self._route.path
        if not asked or scope["method"] not in self._methods:
            await self._app(scope, receive, send)
            return
        scope["route"] = self._route
        request = Request(scope, receive, send)
        try:
            response = await self._answer(request)
        except Exception as error:  # noqa: BLE001 - it is raised again where the application has no answer to it
            response = _handled(request, error)
        await response(scope, receive, send)


def _handled(request: Request, error: Exception) -> Response:
    """Let the application's own handler answer; those of the API answer at once, none of them waits.

    :raises Exception: what nobody foresaw, as it is.
    """
    handlers = request.app.exception_handlers
    for kind in type(error).__mro__:
        if kind in handlers:
            response: Response = handlers[kind](request, error)
            return response
    raise error
