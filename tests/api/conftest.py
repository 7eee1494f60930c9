"""The API served by the real server on loopback, over a desk of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from casedesk.api.app import create
from casedesk.api.state import Served
from casedesk.domain.people import SYSTEM
from casedesk.services import api_keys, detecting
from casedesk.services.api_keys import Scope
from casedesk.settings import load_settings
from casedesk.store.engines import make_engine
from tests.builders import TestDesk
from tests.databases import Sqlite
from tests.logs import restored
from tests.services.test_incremental import burst


@dataclass(frozen=True)
class Server:
    """A served desk: ``desk`` sets the scene and looks behind it."""

    url: str
    desk: TestDesk
    app: FastAPI

    def key(self, who: str, *scopes: Scope) -> str:
        """Create a key for somebody, with every scope that is named."""
        return api_keys.create(
            uow=self.desk.writing(), actor=SYSTEM, at=datetime.now(UTC), label="test", user_id=who,
            scopes=set(scopes or (Scope.READ, Scope.ACT)), days=1,
        ).sent_as  # fmt: skip

    def client(self, who: str, *scopes: Scope) -> httpx.Client:
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.key(who, *scopes)}"},
            timeout=30,
            trust_env=False,
        )

    def advised(self) -> None:
        """Wait until the desk has advised on the cases that runs changed, which it does beside its answers."""
        end = time.monotonic() + 20
        while self._unadvised():
            assert time.monotonic() < end, "the desk gave no advice"
            time.sleep(0.02)

    def _unadvised(self) -> tuple[str, ...]:
        with self.desk.reading() as uow:
            return uow.advice.alerted()


def running(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port of loopback until the generator goes on."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def burst_desk(sqlite_address: str) -> Iterator[TestDesk]:
    """A desk, not served, that has the five payments of a burst."""
    desk = TestDesk(make_engine(sqlite_address), start=datetime.now(UTC))
    desk.staff()
    desk.customer()
    desk.book(burst("a", 0))
    yield desk
    desk.engine.dispose()


@pytest.fixture(scope="module")
def server(sqlite_kind: Sqlite) -> Iterator[Server]:
    """One server for a file of tests; each test works on customers of its own."""
    address = sqlite_kind.fresh()
    told = {"CASEDESK_DATABASE_URL": address, "CASEDESK_API_RATE": "100000"}
    settings = load_settings(told | {"CASEDESK_API_SCORING_PROCESS": "false"})  # tests change the model within this one
    desk = TestDesk(make_engine(address), start=datetime.now(UTC))
    desk.staff()
    with restored():
        app = create(Served(settings))
        for url in running(app):
            yield Server(url, desk, app)
    desk.engine.dispose()
    sqlite_kind.drop(address)


Client = Callable[..., httpx.Client]


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """Open clients that speak as somebody: ``client("ann")``."""
    opened: list[httpx.Client] = []

    def speak(who: str, *scopes: Scope) -> httpx.Client:
        opened.append(server.client(who, *scopes))
        return opened[-1]

    yield speak
    for one in opened:
        one.close()


@pytest.fixture
def one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server run structuring alone: writing the SQL of all rules anew would take ten seconds."""
    rules = [rule for rule in detecting.RULES if rule.name == "structuring"]
    monkeypatch.setattr(detecting, "detect", partial(detecting.detect, rules=rules))
