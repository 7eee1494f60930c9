"""The app alone: what ``casedesk serve --ui`` runs. It answers `/health` as the API does, for whoever keeps both running."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.ui import failures, navigation


class Alive:
    """Says that the process is alive, before Streamlit sees the question."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["path"] == "/health"
        await (JSONResponse({"status": "alive"}) if asked else self._app)(scope, receive, send)


navigation.declare()
app = st.App(Path(__file__).with_name("main.py"), on_script_error=failures.show, middleware=[Middleware(Alive)])
