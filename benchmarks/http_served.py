"""The API with an empty FastAPI endpoint beside it, in one process of one server: what ``http_speed`` compares."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from casedesk.api.app import create as create_api

EMPTY = "/empty"


class Beside:
    """Gives the empty endpoint to a plain application, and everything else to the API."""

    def __init__(self, api: ASGIApp) -> None:
        self._api, self._plain = api, FastAPI()

        @self._plain.post(EMPTY)
        async def empty() -> dict[str, str]:
            return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = scope["type"] == "http" and scope["path"] == EMPTY
        await (self._plain if plain else self._api)(scope, receive, send)


def create() -> ASGIApp:
    """Build what is served."""
    return Beside(create_api())
