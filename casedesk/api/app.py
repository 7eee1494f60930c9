"""The application: its addresses, what guards them, and what becomes of a refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

import casedesk
from casedesk import logs, traces
from casedesk.api import (
    advising,
    alerts,
    cases,
    documents,
    exports,
    filings,
    forms,
    health,
    live,
    payment_scores,
    problems,
    scores,
    steps,
    transactions,
    webhooks,
)
from casedesk.api.access import TooOften, too_often
from casedesk.api.ahead import Ahead
from casedesk.api.guards import Guards
from casedesk.api.parameters import only_known
from casedesk.api.sending import Sender
from casedesk.api.state import Served
from casedesk.api.warming_up import begin_warming
from casedesk.outbox.worker import Worker
from casedesk.turns import take_short_turns

#: The addresses that are the API's where one server has the app, too.
ADDRESSES: Final = ("/api", "/health", "/ready", "/metrics", "/docs", "/ws")


def create(served: Served | None = None) -> FastAPI:
    """Build the application over a desk; without one given, over the desk that the settings name.

    :raises BadSettings: if a setting is unknown or wrong.
    """
    held = served or Served()
    logs.configure(held.settings)
    traces.configure(held.settings, "api")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        begin(app)
        yield
        end(app)

    app = FastAPI(
        dependencies=[Depends(only_known)],
        title="AML Case Desk API", version=casedesk.__version__, docs_url=None, redoc_url=None,
        openapi_url="/api/v1/openapi.json", lifespan=lifespan,
    )  # fmt: skip
    app.state.served = held
    app.state.sender = Sender(held)
    app.state.pulse = live.Pulse(held.settings.api_listeners)
    for part in (
        transactions, alerts, cases, steps, exports, forms, filings, advising, payment_scores, scores, webhooks, health, live,
    ):  # fmt: skip
        app.include_router(part.router)
    problems.install(app)
    app.add_exception_handler(TooOften, _too_often)
    app.add_middleware(Ahead, route=transactions.sending())
    app.add_middleware(Guards, served=held)
    documents.describe(app)
    return app


def begin(app: FastAPI) -> None:
    """Start what the application does by itself. An application that stands beside another one is begun and ended by that."""
    held: Served = app.state.served
    take_short_turns()
    tell = partial(webhooks.told, currency=held.settings.base_currency)
    app.state.worker = Worker(lambda: held.desk().outbox(tell))
    app.state.worker.start()
    begin_warming(held)


def end(app: FastAPI) -> None:
    """Let what is under way come to its end, and close the desk."""
    app.state.worker.stop()
    app.state.sender.close()
    app.state.served.close()
    traces.close()


def _too_often(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooOften)  # noqa: S101 - the type under which the handler is installed
    return too_often(error)
