"""`casedesk generate` and `casedesk produce`: a feed of transactions that do not exist, as lines or to Kafka."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from casedesk.cli.kafka import TOPIC, Bootstrap, Topic, broker
from casedesk.cli.moments import moment
from casedesk.cli.printing import remark
from casedesk.domain.counts import counted
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from seeds.book import Row
    from seeds.feed import Feed

#: The words of :class:`seeds.feed.Mode`, which takes too long to load for a command's help.
MODES: Final = ("normal", "structuring", "velocity", "geo", "mixed")
Mode = Annotated[str, typer.Option(metavar="|".join(MODES), help="What the feed holds besides everyday life.")]
Events = Annotated[int, typer.Option(min=1, metavar="N", help="How many transactions.")]
Customers = Annotated[int, typer.Option(metavar="N", help="How many customers, as of “casedesk seed”.")]
Seed = Annotated[int, typer.Option(metavar="N", help="The same seed gives the same feed.")]
Start = Annotated[
    str, typer.Option(metavar="TIME", help="When it begins (ISO 8601, with zone). Default: so that it ends about now.")
]
Delay = Annotated[float, typer.Option(min=0, max=3_600, metavar="SECONDS", help="Pause after each transaction.")]
Loop = Annotated[bool, typer.Option("--loop", help="Go on without end; --events says when it would have ended.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Tell on standard error how far it is.")]
Bank = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write customers.csv and accounts.csv here first, for “casedesk import”."),
]


def generate(
    mode: Mode = MODES[-1],
    events: Events = 1_000,
    customers: Customers = 400,
    delay: Delay = 0.0,
    loop: Loop = False,
    seed: Seed = 7,
    start: Start = "",
    bank: Bank = None,
    verbose: Verbose = False,
) -> None:
    """Print transactions of the demo bank's customers, one JSON object a line.

    The feed's own clock runs so that each customer moves money every ten hours or so, whatever --delay is.
    """
    feed = made(mode, customers, seed, start, events)
    if bank is not None:
        from seeds.dataset import write_parties

        write_parties(feed.bank(), bank)
    with _pipe_may_close():
        for row in paced(feed, events, delay, loop=loop, verbose=verbose):
            sys.stdout.write(f"{written(row).decode()}\n")
            if delay:
                sys.stdout.flush()
        sys.stdout.flush()


def produce(
    bootstrap: Bootstrap = "",
    topic: Topic = TOPIC,
    mode: Mode = MODES[-1],
    events: Events = 1_000,
    customers: Customers = 400,
    delay: Delay = 0.0,
    loop: Loop = False,
    seed: Seed = 7,
    start: Start = "",
    verbose: Verbose = False,
) -> None:
    """Send to Kafka what “casedesk generate” would print, under the account as the key."""
    where = broker(bootstrap)
    from casedesk.stream.producing import produce as send

    feed = made(mode, customers, seed, start, events)
    rows = paced(feed, events, delay, loop=loop, verbose=verbose)
    sent = send(where, topic, ((account_of(row), written(row)) for row in rows))
    remark(f"{counted(sent, 'transaction')} sent to {topic}.")


def made(mode: str, customers: int, seed: int, start: str, events: int) -> Feed:
    """Make a feed that begins at a moment, or so that it ends about now.

    :raises Invalid: for a number of customers that cannot be, or no moment.
    """
    if mode not in MODES:
        raise Invalid(f"“--mode {mode}” is unknown; choose one of {', '.join(MODES)}.")
    from seeds.feed import Feed
    from seeds.feed import Mode as Kind

    kind = Kind(mode)
    if start:
        return Feed(mode=kind, customers=customers, seed=seed, start=moment(start, "--start"))
    now = datetime.now(UTC).replace(microsecond=0)
    pause = Feed(mode=kind, customers=customers, seed=seed, start=now).pause
    return Feed(mode=kind, customers=customers, seed=seed, start=now - timedelta(seconds=int(events * pause)))


def paced(feed: Feed, events: int, delay: float, *, loop: bool, verbose: bool) -> Iterator[Row]:
    """Yield rows at the pace that was asked for."""
    begun = time.monotonic()
    for number, row in enumerate(feed.rows() if loop else islice(feed.rows(), events), 1):
        yield row
        if verbose and number % max(1, events // 10) == 0:
            remark(f"{counted(number, 'transaction')}, booked until {row.booked_at}, {number / max(1e-6, time.monotonic() - begun):,.0f} a second")  # fmt: skip
        if delay:
            time.sleep(delay)


def written(row: Row) -> bytes:
    """Write a row as one JSON object; what is blank is left out."""
    import orjson

    return orjson.dumps({name: value for name, value in row._asdict().items() if value})


def account_of(row: Row) -> bytes:
    """Return a message's key: the account that pays, for a deposit the one that is paid."""
    return (row.from_account or row.to_account).encode()


@contextmanager
def _pipe_may_close() -> Iterator[None]:
    """Let whoever reads stop reading: “casedesk generate --loop | head” is no failure."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
