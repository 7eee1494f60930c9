"""What came in and how the ledger grew, as bars over an hour, a day or a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from app.ui import columns, formats
from casedesk.domain.counts import counted
from casedesk.services.operation_history import Piece, Span

_INK: Final = ("#5B626B", "#A2A9B2")
_LINE: Final = ("#ECEEF1", "#24282D")
#: Stored, known already, rejected: the accent, grey, and the colour of what somebody has to look at. From the theme.
_COLORS: Final = (("#3A5BC7", "#8B8D98", "#C2570C"), ("#7C96F0", "#8B8D98", "#E08A4B"))
_LABEL: Final = {Span.HOUR: "%H:%M", Span.DAY: "%H:00", Span.MONTH: "%d %b"}


def show_rows(pieces: Sequence[Piece], span: Span) -> None:
    """Draw the rows that came in, by what became of them."""
    sums = {
        "Stored": [piece.stored for piece in pieces],
        "Known already": [piece.duplicates for piece in pieces],
        "Rejected": [piece.rejected for piece in pieces],
    }
    total = {name: sum(values) for name, values in sums.items()}
    said = f"{total['Stored']:,} stored, {total['Known already']:,} known already, {total['Rejected']:,} rejected"
    st.markdown(f"**Rows that came in** :gray[{said}]")
    _bars("operations_rows", pieces, span, sums, f"Rows that came in, {span.value.lower()}: {said}.")


def show_events(pieces: Sequence[Piece], span: Span) -> None:
    """Draw the events that joined the ledger."""
    events = [piece.events for piece in pieces]
    said = counted(sum(events), "event")
    st.markdown(f"**Growth of the ledger** :gray[{said}]")
    _bars("operations_events", pieces, span, {"Events": events}, f"Growth of the ledger, {span.value.lower()}: {said}.")


def _bars(key: str, pieces: Sequence[Piece], span: Span, series: Mapping[str, list[int]], alt: str) -> None:
    frame = pd.DataFrame({"time": [f"{piece.start:{_LABEL[span]}}" for piece in pieces], **series})
    if not any(any(values) for values in series.values()):
        with st.container(height=180, border=True, horizontal_alignment="center", vertical_alignment="center"):
            st.markdown(
                formats.small(f"Nothing within the {span.value.lower().removeprefix('last ')}."), width="content"
            )
        return
    st.echarts_chart(_option(frame, list(series)), key=key, height=180, alt=alt)


def _option(frame: pd.DataFrame, names: list[str]) -> dict[str, Any]:
    ink, line = _INK[columns.dark()], _LINE[columns.dark()]
    bars = [
        {"type": "bar", "stack": "all", "barMaxWidth": 14, "name": name, "encode": {"x": "time", "y": name}}
        for name in names
    ]
    return {
        "animation": False,
        "color": _COLORS[columns.dark()],
        "dataset": {"source": frame},
        "legend": {
            "show": len(names) > 1,
            "top": 0,
            "left": 0,
            "itemWidth": 9,
            "itemHeight": 7,
            "textStyle": {"color": ink},
        },
        "grid": {"left": 4, "right": 8, "top": 30 if len(names) > 1 else 12, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": "localized"},
        "xAxis": {
            "type": "category",
            "axisLabel": {"color": ink},
            "axisLine": {"show": False},
            "axisTick": {"show": False},
        },
        "yAxis": {
            "type": "value",
            "minInterval": 1,
            "axisLabel": {"color": ink},
            "splitLine": {"lineStyle": {"color": line}},
        },
        "series": bars,
    }
