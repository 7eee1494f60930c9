"""`casedesk stream run`: take transactions from Kafka until stopped, and announce the alerts there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from casedesk.cli.kafka import ALERTS, TOPIC, Alerts, Bootstrap, Topic, broker, stopped_by_signal
from casedesk.cli.printing import remark, say
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, opened
from casedesk.domain.counts import counted

if TYPE_CHECKING:
    from casedesk.bootstrap import Desk
    from casedesk.stream.decoding import Decode
    from casedesk.stream.worker import Worker

app = typer.Typer(help="Take transactions from Kafka.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _stream() -> None:
    pass


@app.command("run")
def run(
    bootstrap: Bootstrap = "",
    topic: Topic = TOPIC,
    alerts: Alerts = ALERTS,
    dead_letters: Annotated[
        str, typer.Option(metavar="T", help="The topic of messages that cannot be taken.")
    ] = "transactions_dlq",
    group: Annotated[str, typer.Option(metavar="G", help="Workers of one group share the partitions.")] = "casedesk",
    batch: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="Messages stored together.")] = 5_000,
    linger_ms: Annotated[
        int,
        typer.Option(
            min=1, max=60_000, metavar="N", help="How long a batch waits for more messages while no run is under way."
        ),
    ] = 50,
    max_message_bytes: Annotated[
        int, typer.Option(min=1_000, max=100_000_000, metavar="N", help="A larger message is a dead letter.")
    ] = 1_000_000,
    metrics_port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65_535,
            metavar="PORT",
            help="Answer /metrics, /health and /ready there, at the address in CASEDESK_METRICS_HOST; 0 listens nowhere.",
        ),
    ] = 0,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Take transactions until stopped; start as many of these as the topic has partitions.

    A message is one transaction as a JSON object, with the fields of a file's columns. What cannot be taken goes to the topic
    of dead letters, with the reason. Ctrl-C and SIGTERM end it after the batch that is under way.
    """
    where = broker(bootstrap)
    with opened(user) as session:
        from casedesk import traces
        from casedesk.stream.assembly import Job, worker
        from casedesk.stream.worker import Sizes
        from casedesk.turns import take_short_turns

        job = Job(
            topic, alerts, dead_letters, group, Sizes(batch, seconds=linger_ms / 1000), max_message_bytes,
            _decoder(session.desk.settings.schema_registry_url, topic),
        )  # fmt: skip
        take_short_turns()
        found = worker(session.desk, session.actor, where, job)
        remark(f"Taking transactions from {topic}, as one of the group {group} (Ctrl-C ends it)")
        told = _told(found, session.desk, metrics_port)
        with stopped_by_signal(found.stop), told, traces.sending(session.desk.settings, "stream"):
            found.run()
    say(
        f"{counted(found.stored, 'transaction')} stored, {found.duplicates:,} known already, "
        f"{counted(found.refused, 'dead letter')}."
    )


@contextmanager
def _told(found: Worker, desk: Desk, port: int) -> Iterator[None]:
    """Tell the worker's figures while it runs, where somebody is to ask."""
    if not port:
        yield
        return
    from casedesk.stream.listening import listening

    with listening(desk.settings.metrics_host, port, found.figures, desk.require_current):
        yield


def _decoder(registry: str, topic: str) -> Decode:
    if registry:
        from casedesk.stream.registry import by_registry

        return by_registry(registry, topic)
    from casedesk.stream.decoding import plain

    return plain
