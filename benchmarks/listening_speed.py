"""How soon alerts are pushed to many listeners of `/ws/alerts`: seconds from the commit to each client.

Usage: python -m benchmarks.listening_speed [--clients 500] [--alerts 20]
One server process on loopback over a SQLite desk of its own; the clients and whoever stores the alerts in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.http_speed import serving
from casedesk.domain.people import SYSTEM
from casedesk.services import api_keys
from casedesk.services.api_keys import Scope
from casedesk.store import schema
from casedesk.store.engines import make_engine
from tests.builders import TestDesk


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clients", type=int, default=500)
    options.add_argument("--alerts", type=int, default=20)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="casedesk-bench-") as folder:
        address = f"sqlite:///{folder}/listen.db"
        engine = make_engine(address)
        schema.upgrade(engine)
        desk = TestDesk(engine, start=datetime.now(UTC))
        desk.staff()
        desk.customer()
        key = api_keys.create(
            uow=desk.writing(),
            actor=SYSTEM,
            at=datetime.now(UTC),
            label="listen",
            user_id="ann",
            scopes={Scope.READ},
            days=1,
        ).sent_as
        with serving(address, Path(folder)) as (port, _):
            taken, opened = asyncio.run(_measured(port, key, desk, given.clients, given.alerts))
        engine.dispose()
    taken.sort()
    expected = given.clients * given.alerts
    print(f"{given.clients} clients connected in {opened:.1f} s; {len(taken):,} of {expected:,} messages arrived")
    for part in (0.5, 0.99, 1.0):
        print(f"p{part * 100:g}: {taken[min(len(taken) - 1, int(part * len(taken)))] * 1000:.0f} ms after the commit")


async def _measured(port: int, key: str, desk: TestDesk, clients: int, alerts: int) -> tuple[list[float], float]:
    begun = time.perf_counter()
    lines: list[ClientConnection] = []
    for start in range(0, clients, 25):
        asked = (_connected(port, key) for _ in range(min(25, clients - start)))
        lines += await asyncio.gather(*asked)
    opened = time.perf_counter() - begun
    committed: dict[str, float] = {}
    arrived: list[tuple[str, float]] = []
    tasks = [asyncio.create_task(_heard(line, arrived, alerts)) for line in lines]
    for _ in range(alerts):
        case_id = await asyncio.to_thread(desk.open)
        moment = time.perf_counter()
        committed[desk.history(case_id)[-1].data["alert_id"]] = moment
        await asyncio.sleep(0.4)
    await asyncio.wait(tasks, timeout=10)
    for line in lines:
        line.transport.abort()
    return [moment - committed[alert_id] for alert_id, moment in arrived], opened


async def _connected(port: int, key: str) -> ClientConnection:
    headers = {"Authorization": f"Bearer {key}"}
    line = await connect(f"ws://127.0.0.1:{port}/ws/alerts", additional_headers=headers, proxy=None, compression=None)
    await line.recv()
    return line


async def _heard(line: ClientConnection, arrived: list[tuple[str, float]], count: int) -> None:
    while count:
        message = await line.recv()
        moment = time.perf_counter()
        told = json.loads(message)
        if "alert" in told:
            arrived.append((told["alert"]["alert_id"], moment))
            count -= 1


if __name__ == "__main__":
    main()
