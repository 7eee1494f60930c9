"""Kill -9 of the API at random points while lists and single posts come in, and what is left: a count, all 0 if nothing is wrong.

Usage: python -m benchmarks.http_kills [--kills 50] [--seed 7] [--postgres]
Callers send lists and single transactions over loopback, each some of them twice and in any order, and send again what was not
answered. After the last kill everything is sent once more and compared with the database.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvicorn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.http_speed import PATH, database, prepared
from casedesk.api.app import create
from casedesk.api.state import Served
from casedesk.services import audit
from casedesk.settings import load_settings
from casedesk.store.engines import make_engine
from casedesk.store.tables import imports, transactions
from casedesk.store.unit_of_work import Reading
from tests.browser.server import free_port

_PROCESSES = multiprocessing.get_context("forkserver")
CALLERS = 8
LIST = 200


def main() -> None:
    _PROCESSES.set_forkserver_preload(["casedesk.api.app", "benchmarks.http_kills"])
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seconds", type=float, default=1800.0, help="begin no further kill after so long")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--postgres", action="store_true")
    given = options.parse_args()
    draws = random.Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="casedesk-kills-") as folder, database(folder, given.postgres) as address:
        feed = _Feed(prepared(address), given.seed)
        begun, kills = time.monotonic(), 0
        while kills < given.kills and time.monotonic() - begun < given.seconds:
            kills += 1
            served, url = _serve(address)
            before = len(feed.answered)
            threads = [threading.Thread(target=feed.send, args=(url, caller)) for caller in range(CALLERS)]
            for thread in threads:
                thread.start()
            while len(feed.answered) < before + 2 and served.is_alive():
                time.sleep(0.002)
            time.sleep(draws.uniform(0.0, 0.5))
            served.kill()
            served.join()
            for thread in threads:
                thread.join()
            print(f"kill {kills}: {len(feed.answered):,} answered", file=sys.stderr)
        served, url = _serve(address)
        half = feed.again(url)
        served.kill()
        _judge(address, feed, half, kills)


def _serve(address: str) -> tuple[Any, str]:
    """Start a serving process from one that has everything loaded already: a kill should not cost half a minute."""
    port = free_port()
    served = _PROCESSES.Process(target=_served, args=(address, port), daemon=True)
    served.start()
    url = f"http://127.0.0.1:{port}"
    while served.is_alive():
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/ready", trust_env=False, timeout=30).status_code == 200:
                break
        time.sleep(0.02)
    return served, url


def _served(address: str, port: int) -> None:
    settings = load_settings(
        {"CASEDESK_DATABASE_URL": address, "CASEDESK_API_RATE": "1000000", "CASEDESK_LOG_LEVEL": "ERROR"}
    )
    uvicorn.run(create(Served(settings)), host="127.0.0.1", port=port, log_config=None, access_log=False)


class _Feed:
    """What is sent: each body by its number, and which of them were answered."""

    def __init__(self, key: str, seed: int) -> None:
        self._headers = {"Authorization": f"Bearer {key}"}
        self._seed = seed
        self._lock = threading.Lock()
        self.sent: list[list[dict[str, Any]]] = []
        self.answered: set[int] = set()

    def send(self, url: str, caller: int) -> None:
        """Send until the server is gone: mostly new bodies, now and then an old one."""
        draws = random.Random(f"{self._seed}-{caller}-{len(self.sent)}")
        with contextlib.suppress(httpx.TransportError), self._client(url) as client:
            while True:
                with self._lock:
                    old = self.sent and draws.random() < 0.2
                    number = draws.randrange(len(self.sent)) if old else len(self.sent)
                    if not old:
                        self.sent.append(_body(number, LIST if caller % 2 else 1, draws))
                client.post(PATH, content=json.dumps(self.sent[number])).raise_for_status()
                with self._lock:
                    self.answered.add(number)

    def again(self, url: str) -> tuple[int, int]:
        """Send everything once more; return how many bodies were stored by half, and how many answered ones were lost."""
        half = lost = 0
        with self._client(url) as client:
            for number, body in enumerate(self.sent):
                statuses = {one["status"] for one in client.post(PATH, content=json.dumps(body)).json()["results"]}
                half += len(statuses) != 1
                lost += number in self.answered and statuses != {"duplicate"}
        return half, lost

    def _client(self, url: str) -> httpx.Client:
        return httpx.Client(base_url=url, headers=self._headers, timeout=30, trust_env=False)


def _body(number: int, rows: int, draws: random.Random) -> list[dict[str, Any]]:
    return [
        {"transaction_id": f"T-{number}-{n}", "booked_at": f"2026-0{draws.randint(1, 9)}-{draws.randint(10, 28)}T09:00:00Z",
         "to_account": f"A-{draws.randrange(500)}", "amount": "1.00", "currency": "USD", "channel": "CASH"}
        for n in range(rows)
    ]  # fmt: skip


def _judge(address: str, feed: _Feed, half: tuple[int, int], kills: int) -> None:
    engine = make_engine(address)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(sa.func.count()).select_from(transactions)).scalar_one()
        told = connection.execute(sa.select(sa.func.sum(imports.c.rows_stored))).scalar_one()
    verdict = audit.verify_database(uow=Reading(engine)).verdict.value
    engine.dispose()
    wanted = sum(map(len, feed.sent))
    print(
        f"{kills} kills, {len(feed.sent):,} bodies of {wanted:,} transactions, {len(feed.answered):,} answered: "
        f"{half[1]} lost, {rows - wanted} twice or missing, {half[0]} half-written, {told - rows} told and not stored; {verdict}"
    )


if __name__ == "__main__":
    main()
