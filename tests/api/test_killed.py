"""A server that is killed: what it answered is stored, what it did not answer is stored whole or not at all."""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from casedesk.domain.people import SYSTEM
from casedesk.services import api_keys
from casedesk.services.api_keys import Scope
from casedesk.store.engines import make_engine
from casedesk.store.tables import imports, transactions
from tests.browser.server import Process, free_port
from tests.builders import TestDesk

SIZE = 1000


def batch(number: int) -> list[dict[str, Any]]:
    return [
        {"transaction_id": f"T-{number}-{n}", "booked_at": "2026-07-01T09:00:00Z", "to_account": f"A-{n}", "amount": "1.00",
         "currency": "USD", "channel": "CASH"}
        for n in range(SIZE)
    ]  # fmt: skip


def serve(address: str, log: Path) -> Process:
    port = free_port()
    served = Process(
        [sys.executable, "-m", "casedesk", "serve", "--api", "--port", str(port)], f"http://127.0.0.1:{port}", log,
        {"CASEDESK_DATABASE_URL": address, "CASEDESK_API_RATE": "100000"},
    )  # fmt: skip
    served.wait("/health")
    return served


def test_after_a_kill_in_the_middle_of_posts_and_posting_again_nothing_is_lost_and_nothing_twice(
    sqlite_address: str, tmp_path: Path
) -> None:
    desk = TestDesk(make_engine(sqlite_address))
    key = api_keys.create(
        uow=desk.writing(),
        actor=SYSTEM,
        at=datetime.now(UTC),
        label="feed",
        user_id="system",
        scopes={Scope.INGEST},
        days=1,
    ).sent_as
    client = httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False)
    server = serve(sqlite_address, tmp_path / "killed.log")
    numbers, answered = itertools.count(1), set[int]()

    def feed() -> None:
        with contextlib.suppress(httpx.TransportError):
            for number in numbers:
                client.post(f"{server.url}/api/v1/transactions", json=batch(number)).raise_for_status()
                answered.add(number)

    threads = [threading.Thread(target=feed) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(answered) < 3 and any(thread.is_alive() for thread in threads):
        time.sleep(0.002)
    server.kill_after(0.01)  # four lists are under way
    for thread in threads:
        thread.join()
    sent = next(numbers) - 1
    assert 3 <= len(answered) < sent
    server = serve(sqlite_address, tmp_path / "last.log")
    for number in range(1, sent + 1):
        said = client.post(f"{server.url}/api/v1/transactions", json=batch(number)).json()
        assert {result["status"] for result in said["results"]} in ({"stored"}, {"duplicate"}), "half a list was stored"
        assert said["duplicates"] == SIZE or number not in answered, "an answered list was lost"
    server.stop()
    client.close()
    with desk.engine.connect() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(transactions)).scalar_one()
        stored = connection.execute(sa.select(sa.func.sum(imports.c.rows_stored))).scalar_one()
    assert (count, stored) == (sent * SIZE, sent * SIZE)
    assert desk.verify().verdict.value == "VERIFIED"
    desk.engine.dispose()
