"""Money in and out per day, with the alerts' window marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import pandas as pd
import streamlit as st

from app.ui import columns, formats
from casedesk.domain.alerts import Alert
from casedesk.services.casefile import Leg

DAYS: Final = 90
_WINDOW: Final = ("rgba(194, 87, 12, 0.10)", "rgba(224, 138, 75, 0.12)")
_INK: Final = ("#5B626B", "#A2A9B2")


def since(alerts: Sequence[Alert], now: datetime) -> datetime:
    """Return the first day to show: 90 days before the newest evidence, or before now if there is none."""
    return max((alert.window_end for alert in alerts), default=now) - timedelta(days=DAYS)


def show(legs: Sequence[Leg], alerts: Sequence[Alert], currency: str) -> None:
    """Draw the bars: in above the line, out below."""
    totals: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for leg in legs:
        totals[leg.transaction.booked_at.date()][0 if leg.into else 1] += leg.transaction.base_minor
    days = sorted(totals)
    frame = pd.DataFrame(
        {
            "day": [day.isoformat() for day in days],
            "In": [formats.units(totals[day][0], currency) for day in days],
            "Out": [-formats.units(totals[day][1], currency) for day in days],
        }
    )
    st.echarts_chart(_option(frame, alerts), key="money_chart", height=250, alt="Money in and out per day")


def _option(frame: pd.DataFrame, alerts: Sequence[Alert]) -> dict[str, Any]:
    ink = _INK[columns.dark()]
    bars: dict[str, Any] = {"type": "bar", "stack": "money", "barMaxWidth": 6}
    marked = {**bars, "encode": {"x": "day", "y": "In"}, "name": "In"}
    if alerts:
        worst = alerts[0]
        start, end = worst.window_start.date(), worst.window_end.date() + timedelta(days=1)
        marked["markArea"] = {
            "silent": True,
            "itemStyle": {"color": _WINDOW[columns.dark()]},
            "label": {"color": ink, "fontSize": 11},
            "data": [[
                {"name": f"{formats.rule(worst.rule)} window", "xAxis": start.isoformat()}, {"xAxis": end.isoformat()},
            ]],
        }  # fmt: skip
    return {
        "animation": False,
        "dataset": {"source": frame},
        "legend": {"top": 0, "left": 0, "itemWidth": 9, "itemHeight": 7, "textStyle": {"color": ink}},
        "grid": {"left": 4, "right": 8, "top": 34, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": "localized"},
        "xAxis": {"type": "time", "axisLabel": {"color": ink, "formatter": "{d} {MMM}"}, "axisLine": {"show": False}},
        "yAxis": {"type": "value", "axisLabel": {"color": ink}},
        "series": [marked, {**bars, "encode": {"x": "day", "y": "Out"}, "name": "Out"}],
    }
