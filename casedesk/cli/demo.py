"""`casedesk demo`: generator, store, rules and alerts in one process, on a desk that is thrown away afterwards."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casedesk.cli.feeding import MODES, Customers, Delay, Events, Loop, Mode, Seed, Start, Verbose, made, paced, written
from casedesk.cli.following import MostAlerts, line, took
from casedesk.cli.printing import emit_line, remark, say
from casedesk.cli.session import Json, configured
from casedesk.domain.counts import counted
from casedesk.domain.people import SYSTEM

if TYPE_CHECKING:
    from casedesk.bootstrap import Desk
    from seeds.feed import Feed


def demo(
    mode: Mode = MODES[-1],
    events: Events = 2_000,
    customers: Customers = 100,
    delay: Delay = 0.0,
    loop: Loop = False,
    seed: Seed = 7,
    start: Start = "",
    max_alerts: MostAlerts = None,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Let a feed run through the whole desk, and print its alerts: no broker, no server, nothing kept."""
    feed = made(mode, customers, seed, start, events)
    told = 0

    def tell(alert: dict[str, Any]) -> None:
        nonlocal told
        if json:
            emit_line(alert)
        else:
            say(f"{line(alert)} ({took(alert)})")
        sys.stdout.flush()
        told += 1
        if told == max_alerts:
            raise _Enough

    remark("Making a desk that is thrown away afterwards")
    with _thrown_away() as desk:
        from casedesk.stream.rehearsal import rehearse

        _settle(desk, feed)
        remark("The rules are read for the first time, which may take some seconds")
        rows = paced(feed, events, delay, loop=loop, verbose=verbose)
        try:
            done = rehearse(desk, SYSTEM, (written(row) for row in rows), tell, size=500 if not delay else 1)
        except (_Enough, KeyboardInterrupt):
            return
    remark(
        f"{counted(done.kept.stored, 'transaction')}, {counted(done.runs, 'run')} of the rules, "
        f"{counted(done.alerts, 'alert')}."
    )


class _Enough(BaseException):
    """So many alerts were asked for. No failure: nothing on the way may take it for one."""


@contextmanager
def _thrown_away() -> Iterator[Desk]:
    settings = configured()
    from casedesk.bootstrap import open_desk, upgrade_database

    with tempfile.TemporaryDirectory(prefix="casedesk-demo-") as folder:
        # the rules' SQL is kept where this desk keeps it: writing it anew would take longer than the demo
        own = settings.model_copy(
            update={
                "database_url": f"sqlite:///{Path(folder) / 'demo.db'}", "cache_dir": str(settings.cache_path or ""),
                "checkpoint_dir": "", "checkpoint_key": "", "checkpoint_public_key": "",
            }
        )  # fmt: skip
        upgrade_database(own)
        desk = open_desk(own)
        try:
            yield desk
        finally:
            desk.close()


def _settle(desk: Desk, feed: Feed) -> None:
    from casedesk.services import ingestion
    from seeds.dataset import write_parties

    with tempfile.TemporaryDirectory(prefix="casedesk-demo-") as folder:
        write_parties(feed.bank(), Path(folder))
        for name in ("customers.csv", "accounts.csv"):
            ingestion.import_path(
                reading=desk.reading, writing=desk.writing, actor=SYSTEM, at=datetime.now(UTC), path=Path(folder) / name,
                base_currency=desk.settings.base_currency, via="demo",
            )  # fmt: skip
