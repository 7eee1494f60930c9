"""Kill a worker fifty times at random moments, and count what is lost, doubled, half-written or alerted otherwise.

Each round sends a part of the feed, starts a worker in a process of its own and kills it, while it starts or within a second
after it has partitions. A last worker ends by itself. All rules run. What the desk then holds is compared with one import and one run
over everything, alert by alert: those that stand.

Run: ``python -m benchmarks.stream_kills [--kills 50] [--database sqlite|postgresql]``. Target: four times 0.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from casedesk.cli.feeding import account_of, written
from casedesk.services.audit import verify_database
from casedesk.store.tables import alerts, detection_runs, imports
from casedesk.stream.assembly import Job
from seeds.dataset import write_parties
from seeds.feed import Feed, Mode
from tests.databases import Sqlite, migrated
from tests.postgres_server import PostgresServer
from tests.stream.brokers import RealBroker, drained, made
from tests.stream.desks import START, Outcome, in_one_run, opened, outcome, rows_stored, settled
from tests.stream.killing import Workers, behind, killed_again_and_again, told


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        feed = Feed(mode=Mode.MIXED, customers=100, seed=asked.seed, start=START)
        sent = [(account_of(row), written(row)) for row in itertools.islice(feed.rows(), asked.rows)]
        write_parties(feed.bank(), folder / "parties")
        (folder / "sqlite").mkdir()
        kind = Sqlite(folder / "sqlite")
        expected = in_one_run(kind.fresh(), folder / "parties", sent, folder, None)
        server = PostgresServer(durable=True) if asked.database == "postgresql" else None
        if server:
            server.run("CREATE DATABASE desk")
            migrated(server.url("desk"))
        broker = RealBroker(folder / "broker")
        try:
            _kill(
                server.url("desk") if server else kind.fresh(), broker, folder, sent, expected, asked.kills, asked.seed
            )
        finally:
            broker.stop()
            if server:
                server.stop()


def _kill(
    address: str, broker: RealBroker, folder: Path, sent: list[tuple[bytes, bytes]], expected: Outcome, kills: int, seed: int
) -> None:  # fmt: skip
    job = Job("tx", "alerts", "dead", "group")
    made(broker.address, 4, job.topic)
    settled(address, folder / "parties").close()
    workers = Workers(address, broker.address, job, folder, only="")
    begun = time.monotonic()
    try:
        print("The last worker said:", killed_again_and_again(workers, sent, kills, seed))
    finally:
        workers.kill()
    desk = opened(address)
    found = outcome(desk)
    with desk._engine.connect() as connection:  # noqa: SLF001  # it looks behind the desk, as a test does
        raised = set(connection.execute(sa.select(alerts.c.alert_id)).scalars())
        batches = connection.execute(sa.select(sa.func.count()).select_from(imports)).scalar_one()
        duplicates = connection.execute(sa.select(sa.func.sum(imports.c.rows_duplicate))).scalar_one()
        runs = connection.execute(sa.select(sa.func.count()).select_from(detection_runs)).scalar_one()
    announced = told(drained(broker.address, job.alerts, len(raised)))
    verdict = verify_database(uow=desk.reading()).verdict.value
    print(f"{kills} kills in {time.monotonic() - begun:,.0f} s, {batches:,} imports, {runs:,} runs, "
          f"{duplicates:,} transactions read again and known")  # fmt: skip
    print("| what | count |\n|---|---:|")
    print(f"| transactions lost | {len(expected.transactions - found.transactions)} |")
    print(f"| transactions stored twice | {rows_stored(desk) - len(found.transactions)} |")
    print(f"| half-written: ledger {verdict}, messages not committed | {behind(broker.address, job)} |")
    print(f"| alerts missing, of {len(expected.alerts)} | {len(expected.alerts - found.alerts)} |")
    print(f"| alerts too many, or with other evidence | {len(found.alerts - expected.alerts)} |")
    print(f"| alerts that lapsed on the way (allowed) | {len(raised) - len(found.alerts)} |")
    print(f"| findings that differ | {len(expected.findings ^ found.findings)} |")
    print(f"| alerts never announced | {len(raised - set(announced))} |")
    print(f"| announced again under their key (allowed) | {len(announced) - len(set(announced))} |")
    desk.close()


if __name__ == "__main__":
    main()
