"""The app and the API in one process: what ``casedesk serve`` runs.

``streamlit run app/serving.py`` imports this file and finds ``app``. A request for one of the API's addresses goes to the API
before Streamlit sees it, so neither Streamlit's cookies nor its compression touch it; everything else is the app's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.ui import failures, navigation
from casedesk.api.app import ADDRESSES, begin, create, end


class Beside:
    """Gives the API its addresses, and the app all others."""

    def __init__(self, app: ASGIApp, api: ASGIApp) -> None:
        self._app, self._api = app, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        theirs = scope["type"] in ("http", "websocket") and any(
            scope["path"] == address or scope["path"].startswith(f"{address}/") for address in ADDRESSES
        )
        await (self._api if theirs else self._app)(scope, receive, send)


navigation.declare()
_api = create()


@asynccontextmanager
async def _closing(_: st.App) -> AsyncIterator[None]:
    """Begin and end the API with the server: one that stands beside another application has no lifespan of its own."""
    begin(_api)
    yield
    end(_api)


app = st.App(
    Path(__file__).with_name("main.py"),
    on_script_error=failures.show,
    middleware=[Middleware(Beside, api=_api)],
    lifespan=_closing,
)
