"""What the commands that speak to Kafka share: where it is, and a signal to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.session import configured
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from casedesk.stream.clients import Broker

Bootstrap = Annotated[
    str,
    typer.Option(metavar="HOST:PORT", help="Where Kafka is. Default: CASEDESK_KAFKA_BOOTSTRAP.", show_default=False),
]
Topic = Annotated[str, typer.Option(metavar="T", help="The topic of transactions.")]
Alerts = Annotated[str, typer.Option(metavar="T", help="The topic of alerts.")]

TOPIC, ALERTS = "transactions_raw", "aml_alerts"


def broker(bootstrap: str) -> Broker:
    """Name the broker: the one given, otherwise the one that the settings name.

    :raises Invalid: if neither names one.
    """
    from casedesk.stream.clients import Broker, read_properties

    settings = configured()
    address = bootstrap.strip() or settings.kafka_bootstrap
    if not address:
        raise Invalid("Say where Kafka is: add --bootstrap HOST:PORT, or set CASEDESK_KAFKA_BOOTSTRAP.")
    return Broker(address, read_properties(settings.kafka_properties_path))


@contextmanager
def stopped_by_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` once somebody asks the process to end, by Ctrl-C or as a supervisor does, while the block runs."""

    def ask(_: int, __: Any) -> None:
        stop()

    before = {one: signal.signal(one, ask) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
