"""What a change of thresholds would have cost: past reports that the rule would no longer have led to."""

from __future__ import annotations

from collections.abc import Sequence

from app.ui import formats
from casedesk.domain.counts import counted

#: So many cases are named.
NAMED = 12


def sentence(cases: Sequence[str], caught: int) -> str:
    """Name the cases whose reports the rule would miss, and say how many of them another rule alerted."""
    names = formats.plain(", ".join(cases[:NAMED]) + ("…" if len(cases) > NAMED else ""))
    if len(cases) == 1:
        return f"It would miss 1 past report: {names}. {'Another' if caught else 'No other'} rule alerted it."
    others = f"Another rule alerted {caught:,} of them." if caught else "No other rule alerted them."
    return f"It would miss {counted(len(cases), 'past report')}: {names}. {others}"
