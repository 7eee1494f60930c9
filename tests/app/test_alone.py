"""The app without the API beside it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.responses import PlainTextResponse

from app.alone import Probes
from app.ui import session
from casedesk.services.detecting import RULES
from tests.databases import Sqlite
from tests.loops import finished


def asked(*paths: str) -> list[httpx.Response]:
    async def answers() -> list[httpx.Response]:
        transport = httpx.ASGITransport(Probes(PlainTextResponse("streamlit")))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return [await client.get(path) for path in paths]

    return finished(answers())


@pytest.fixture
def address(sqlite_kind: Sqlite, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    made = sqlite_kind.fresh()
    monkeypatch.setenv("CASEDESK_DATABASE_URL", made)
    session.desk.clear()
    yield made
    session.desk().close()
    session.desk.clear()
    sqlite_kind.drop(made)


def test_the_app_alone_answers_probes_and_leaves_everything_else_to_streamlit(address: str) -> None:
    assert [one.text for one in asked("/health", "/", "/healthy", "/ready/x")] == [
        '{"status":"alive"}', "streamlit", "streamlit", "streamlit",
    ]  # fmt: skip
    (ready,) = asked("/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "rules": len(RULES)})


def test_an_app_whose_database_is_away_is_alive_and_not_ready_until_it_is_back(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEDESK_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/none")
    health, ready = asked("/health", "/ready")
    assert (health.status_code, ready.status_code) == (200, 503)
    assert "cannot be reached" in ready.json()["detail"]
    monkeypatch.setenv("CASEDESK_DATABASE_URL", address)
    assert asked("/ready")[0].status_code == 200
