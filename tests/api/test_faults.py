"""What goes wrong around a post: nothing is lost, nothing stored twice, nothing half, and the next one is answered."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from casedesk.api.app import create
from casedesk.api.state import Served
from casedesk.detection.rules import RULES
from casedesk.services import detecting
from casedesk.services.api_keys import Scope
from casedesk.settings import load_settings
from casedesk.store.engines import make_engine
from casedesk.store.tables import imports, transactions
from tests.api.conftest import Client, Server, running
from tests.api.test_transactions import PATH, item
from tests.builders import TestDesk
from tests.databases import Postgres
from tests.logs import restored


def counts(server: Server) -> tuple[int, int]:
    """Transactions in the table, and stored by the word of the imports."""
    with server.desk.engine.connect() as connection:
        rows = connection.execute(sa.select(sa.func.count()).select_from(transactions)).scalar_one()
        told = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(imports.c.rows_stored), 0))).scalar_one()
    return rows, told


def test_a_million_bytes_of_garbage_and_a_body_of_50_mib_store_nothing_and_harm_nobody(
    client: Client, server: Server
) -> None:
    feed, before = client("system", Scope.INGEST), counts(server)
    noise = random.Random(1).randbytes(1_000_000)
    for body in (noise, b"[" + noise, b'[{"transaction_id":"' + noise + b'"}]', b"[" * 1_000_000, b"{" * 1_000_000):
        assert feed.post(PATH, content=body).status_code == 422

    large = (b" " * 1024 * 1024 for _ in range(50))
    assert feed.post(PATH, content=large).status_code == 413
    assert feed.post(PATH, content=b" " * 50 * 1024 * 1024).status_code == 413
    assert counts(server) == before
    assert feed.post(PATH, json=item("x-after-garbage")).json()["stored"] == 1


def test_a_full_disk_refuses_whole_lists_and_the_same_lists_are_stored_once_there_is_room(
    client: Client, server: Server
) -> None:
    feed = client("system", Scope.INGEST)
    before = counts(server)[0]
    lists = [[item(f"full-{k}-{n}", n % 60, reference="x" * 100) for n in range(1000)] for k in range(4)]
    full = threading.Event()
    engine = server.app.state.served.desk()._engine

    @sa.event.listens_for(engine, "checkout")
    def limited(connection: Any, *_: Any) -> None:
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={used + 3 if full.is_set() else 2**30}")

    try:
        full.set()
        refused = [feed.post(PATH, json=one) for one in lists]
        assert {answer.status_code for answer in refused} == {503}
        assert "disk that is full" in refused[0].json()["detail"]
        assert counts(server)[0] == before
        full.clear()
        assert [feed.post(PATH, json=one).json()["stored"] for one in lists] == [1000] * 4
    finally:
        full.clear()
        sa.event.remove(engine, "checkout", limited)
    rows, told = counts(server)
    assert (rows, told) == (before + 4000, rows)


def test_a_rule_that_raises_fails_those_who_wait_and_loses_nothing_that_was_stored(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.desk.customer("K-r", accounts=["K-r/1"])
    feed, before = client("system", Scope.INGEST), counts(server)[0]
    good = [rule for rule in RULES if rule.name == "structuring"]
    run = detecting.detect

    def broken(**_: Any) -> None:
        raise ZeroDivisionError

    items = [item(f"r{n}", n, to_account="K-r/1") for n in range(6)]
    monkeypatch.setattr(detecting, "detect", broken)
    answers = [feed.post(PATH, params={"wait": True}, json=one) for one in items]
    assert {answer.status_code for answer in answers} == {500}
    assert all(answer.json()["reference"] for answer in answers)
    assert feed.post(PATH, json=items).json()["duplicates"] == 6
    assert counts(server)[0] == before + 6
    monkeypatch.setattr(detecting, "detect", partial(run, rules=good))
    said = feed.post(PATH, params={"wait": True}, json=items).json()
    assert {alert["rule"] for alert in said["results"][5]["alerts"]} == {"structuring"}


def test_sixteen_callers_at_once_late_twice_and_in_any_order_store_each_transaction_once(
    client: Client, server: Server
) -> None:
    before = counts(server)[0]
    wanted = [item(f"o{n}", n % 60, booked_at=f"2026-0{n % 9 + 1}-01T09:00:00Z") for n in range(64)]
    bad = item("o-bad", amount="-1")
    clients = [client("system", Scope.INGEST) for _ in range(16)]
    became: list[str] = []

    def send(number: int) -> None:
        mine = [*wanted, bad]
        random.Random(number).shuffle(mine)
        for one in mine[:40]:
            answer = clients[number].post(PATH, json=one)
            assert answer.status_code == (422 if one is bad else 200)
            became.append(answer.json()["results"][0]["status"])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (became.count("stored"), len(became)) == (64, 640)
    rows, told = counts(server)
    assert (rows, told) == (before + 64, rows)
    with server.desk.engine.connect() as connection:
        groups = connection.execute(sa.select(sa.func.count()).where(imports.c.rows_read > 1)).scalar_one()
    assert groups, "not two of them were ever stored together"


def test_a_database_that_goes_away_is_said_to_be_away_and_takes_the_same_posts_when_it_is_back(
    postgres_kind: Postgres,
) -> None:
    address = postgres_kind.fresh()
    name = sa.engine.make_url(address).database
    desk = TestDesk(make_engine(address), start=datetime.now(UTC))
    desk.staff()
    settings = load_settings({"CASEDESK_DATABASE_URL": address, "CASEDESK_API_RATE": "100000"})
    with restored():
        app = create(Served(settings))
        for url in running(app):
            server = Server(url, desk, app)
            with httpx.Client(
                base_url=url,
                headers={"Authorization": f"Bearer {server.key('system', Scope.INGEST)}"},
                timeout=30,
                trust_env=False,
            ) as feed:
                lists = [[item(f"away-{k}-{n}") for n in range(150)] for k in range(3)]
                assert feed.post(PATH, json=lists[0]).json()["stored"] == 150
                desk.engine.dispose()
                postgres_kind.server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
                postgres_kind.server.run(
                    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                )
                try:
                    away = [feed.post(PATH, json=one) for one in lists[1:]]
                finally:
                    postgres_kind.server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
                assert {answer.status_code for answer in away} == {503}
                assert "cannot be reached; nothing was saved" in away[0].json()["detail"]
                again = [feed.post(PATH, json=one).json() for one in lists]
                assert [(one["stored"], one["duplicates"]) for one in again] == [(0, 150), (150, 0), (150, 0)]
            assert counts(server) == (450, 450)
            assert desk.verify().verdict.value == "VERIFIED"
    desk.engine.dispose()
    postgres_kind.drop(address)
