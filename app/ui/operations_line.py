"""Where the desk stands, in one line of figures: how long ago something came in, what waits, how soon alerts come."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from app.ui import formats
from casedesk.domain.counts import counted
from casedesk.services.operations import Delays, Standing


def show(standing: Standing, delays: Delays) -> None:
    """Draw the figures."""
    with st.container(border=True, horizontal=True, gap="medium"):
        _figure("Last import", _ago(standing.last_import))
        _figure("Last run", _ago(standing.last_run))
        _figure("Waiting for a run", counted(standing.unseen_rows, "row"))
        _figure("Receipt to alert", _delays(delays), _gloss(delays))
        _figure("Ledger", counted(standing.events, "event"))
        open_cases = sum(queue.cases for queue in standing.queues)
        oldest = max((queue.oldest_seconds for queue in standing.queues), default=0.0)
        age = f", oldest {formats.age(timedelta(seconds=oldest))}" if open_cases else ""
        _figure("Open", f"{counted(open_cases, 'case')}{age}")


def _figure(label: str, value: str, gloss: str | None = None) -> None:
    st.markdown(f"{formats.small(label)}  \n**{value}**", width="content", help=gloss)


def _ago(seconds: float | None) -> str:
    return "never" if seconds is None else f"{formats.age(timedelta(seconds=seconds))} ago"


def _delays(delays: Delays) -> str:
    found = [(percent, delays.percentile(percent)) for percent in (50, 95, 99)]
    known = [f"p{percent} {_seconds(value)}" for percent, value in found if value is not None]
    return " · ".join(known) or "not known"


def _seconds(value: float) -> str:
    """Write a delay as exactly as matters: ``0.4 s``, ``12 s``, ``3 min``."""
    return f"{value:.1f} s" if value < 10 else formats.age(timedelta(seconds=value))


def _gloss(delays: Delays) -> str:
    if not delays.seconds:
        return "No alert has a known receipt and a run that was timed yet."
    return (
        "From an alert's last transaction to the end of the run that raised it: half, 95 and 99 of 100 come within that time. "
        f"Of the newest {counted(delays.alerts, 'alert')}; {len(delays.seconds):,} have a known receipt."
    )
