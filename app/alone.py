"""The app alone: what ``casedesk serve --ui`` runs. It answers `/health` and `/ready` as the API does, for whoever keeps both running."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.ui import failures, navigation, session
from casedesk.errors import CasedeskError
from casedesk.services.detecting import RULES


class Probes:
    """Says that the process is alive, and whether it can work, before Streamlit sees the question."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["path"] if scope["type"] == "http" else ""
        if asked == "/health":
            await JSONResponse({"status": "alive"})(scope, receive, send)
        elif asked == "/ready":
            await (await run_in_threadpool(_ready))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _ready() -> JSONResponse:
    """Look whether the database answers and stands at this desk's migration; that the rules are loaded, the import has shown."""
    try:
        session.desk().require_current()
    except CasedeskError as refusal:
        said = {"title": "Not available", "status": 503, "detail": str(refusal)}
        return JSONResponse(said, 503, media_type="application/problem+json")
    return JSONResponse({"status": "ready", "rules": len(RULES)})


navigation.declare()
app = st.App(Path(__file__).with_name("main.py"), on_script_error=failures.show, middleware=[Middleware(Probes)])
