"""`casedesk consume` and `casedesk watch`: alerts as they come, as lines or as a table that moves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from casedesk.cli.kafka import ALERTS, Alerts, Bootstrap, broker
from casedesk.cli.printing import emit_line, say
from casedesk.cli.session import As, Json, opened
from casedesk.errors import Invalid

MostAlerts = Annotated[
    int | None, typer.Option("--max-alerts", min=1, metavar="N", help="End after so many. Default: when stopped.")
]
Beginning = Annotated[bool, typer.Option("--from-beginning", help="Begin with the oldest, not with the next.")]
Told = Iterator[dict[str, Any] | None]


class Where(StrEnum):
    """From where alerts are watched."""

    LOCAL = "local"
    KAFKA = "kafka"
    API = "api"


def consume(
    bootstrap: Bootstrap = "",
    topic: Alerts = ALERTS,
    group: Annotated[
        str, typer.Option(metavar="G", help="Go on the next time where this group ended. Default: remember nothing.")
    ] = "",
    from_beginning: Beginning = False,
    max_alerts: MostAlerts = None,
    json: Json = False,
) -> None:
    """Print the alerts that workers announce on Kafka, each once."""
    where = broker(bootstrap)
    from casedesk.stream.alert_topic import follow

    for alert in _first(follow(where, topic, group=group, beginning=from_beginning), max_alerts):
        if json:
            emit_line(alert)
        else:
            say(line(alert))
        sys.stdout.flush()


def watch(
    mode: Annotated[Where, typer.Option(help="The desk’s own database, Kafka, or the API.")] = Where.LOCAL,
    bootstrap: Bootstrap = "",
    topic: Alerts = ALERTS,
    url: Annotated[str, typer.Option(metavar="URL", help="Where the API is.")] = "http://127.0.0.1:8501",
    key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file that holds a key with the scope “read”, for the API.")
    ] = None,
    from_beginning: Beginning = False,
    max_alerts: MostAlerts = None,
    user: As = "",
) -> None:
    """Show alerts as they come: band, sentence, and how long it took.

    From Kafka that is the time since the first transaction came that the run was the first to look at; otherwise since the run
    began.
    """
    if mode is Where.LOCAL:
        with opened(user) as session:
            from casedesk.stream.watching import local

            _show(_first(local(session.desk, session.actor, beginning=from_beginning), max_alerts))
    elif mode is Where.KAFKA:
        from casedesk.stream.alert_topic import follow

        _show(_first(follow(broker(bootstrap), topic, beginning=from_beginning), max_alerts))
    else:
        from casedesk.stream.watching import pushed

        if from_beginning:
            raise Invalid(
                "The API pushes what comes from now on; --from-beginning is for the desk’s database and Kafka."
            )
        _show(_first(pushed(url, _key(key_file)), max_alerts))


def _key(file: Path | None) -> str:
    try:
        found = file.read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"The file {file} cannot be read; it should hold a key of “casedesk apikey create”.") from None
    if not found:
        raise Invalid("The API asks for a key; name a file that holds one with --key-file (casedesk apikey create).")
    return found


def _first(alerts: Told, most: int | None) -> Iterator[dict[str, Any]]:
    """Yield so many alerts; ends cleanly when somebody stops it."""
    count = 0
    try:
        for alert in alerts:
            if alert is None:
                continue
            yield alert
            count += 1
            if count == most:
                return
    except KeyboardInterrupt:
        return


def _show(alerts: Iterator[dict[str, Any]]) -> None:
    """Show a table that moves where there is a terminal, and lines where there is none."""
    if sys.stdout.isatty():
        from casedesk.cli.watch_table import live

        live(alerts)
        return
    for alert in alerts:
        say(f"{line(alert)} ({took(alert)})")
        sys.stdout.flush()


def line(alert: dict[str, Any]) -> str:
    """Tell of an alert on one line."""
    return (
        f"{alert['severity']:3}  {alert['band']:7} {alert['customer_id']}  {alert['account_id']}: {alert['sentence']}"
    )


def took(alert: dict[str, Any]) -> str:
    """Say how long an alert took until now."""
    from datetime import UTC, datetime

    since = datetime.fromisoformat(alert.get("announced_at") or alert["raised_at"])
    before = (alert.get("took_ms") or 0) / 1000 if alert.get("announced_at") else 0.0
    seconds = max(0.0, (datetime.now(UTC) - since).total_seconds()) + before
    return f"{seconds:.2f} s" if seconds < 100 else f"{seconds / 60:,.0f} min"
