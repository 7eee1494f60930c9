"""The table of `casedesk watch`: the newest alerts on top, and how many there were of each band."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, Final

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from casedesk.cli.following import took
from casedesk.cli.printing import harmless
from casedesk.domain.alerts import BANDS

_ROWS: Final = 20
#: A colour beside the word, never instead of it.
_COLOURS: Final = {"High": "bold red", "Medium": "yellow", "Low": "cyan", "Minimal": "dim"}


def live(alerts: Iterator[dict[str, Any]]) -> None:
    """Show alerts until there are no more."""
    shown: deque[tuple[dict[str, Any], str]] = deque(maxlen=_ROWS)
    counts: Counter[str] = Counter()
    with Live(drawn(shown, counts), auto_refresh=False) as screen:
        for alert in alerts:
            shown.appendleft((alert, took(alert)))
            counts[alert["band"]] += 1
            screen.update(drawn(shown, counts), refresh=True)


def drawn(shown: deque[tuple[dict[str, Any], str]], counts: Counter[str]) -> Group:
    """Draw the table, and the counts below it."""
    table = Table(expand=True, title="Alerts", title_justify="left")
    for name, options in (("Band", {"no_wrap": True}), ("Customer", {"no_wrap": True}), ("What", {"ratio": 1}),
                          ("Took", {"justify": "right", "no_wrap": True})):  # fmt: skip
        table.add_column(name, **options)
    for alert, seconds in shown:
        band = Text(f"{alert['severity']:3} {alert['band']}", style=_COLOURS.get(alert["band"], ""))
        table.add_row(band, harmless(alert["customer_id"]), Text(harmless(alert["sentence"])), seconds)
    total = "  ".join(f"{risk.value} {counts[risk.value]:,}" for _, risk in BANDS)
    return Group(table, Text(total if shown else "Waiting for the next alert (Ctrl-C ends it)", style="dim"))
