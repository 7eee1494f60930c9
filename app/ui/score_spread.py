"""How the scores of the newest run are spread: so many exposed accounts in each band."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import streamlit as st

from app.ui import columns
from casedesk.services import scores
from casedesk.services.scores import Overview

_BAR: Final = ("#3A5BC7", "#7C96F0")
_INK: Final = ("#5B626B", "#A2A9B2")


def show(found: Overview) -> None:
    """Draw a bar for each band."""
    exposed = sum(found.bands)
    st.markdown(f"**Distribution** :gray[{exposed:,} exposed accounts; {found.runs[0].accounts - exposed - found.runs[0].listed:,} "
                f"more have no way to a listed party]")  # fmt: skip
    st.echarts_chart(_option(found), key="score_spread", height=190, alt="Accounts by exposure")


def _option(found: Overview) -> dict[str, Any]:
    night = columns.dark()
    bounds = [one / scores.WHOLE for one in scores.BANDS]
    labels = [f"{low:g}–{high:g}" for low, high in pairwise(bounds)]
    text = {"color": _INK[night], "fontSize": 10.5}
    return {
        "animation": False,
        "tooltip": {"trigger": "axis"},
        "grid": {"left": 8, "right": 8, "top": 20, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "category", "data": labels, "axisLabel": text, "axisTick": {"show": False}},
        "yAxis": {"type": "value", "minInterval": 1, "axisLabel": text, "splitLine": {"lineStyle": {"opacity": 0.25}}},
        "series": [{
            "type": "bar", "name": "Accounts", "data": list(found.bands), "barMaxWidth": 36, "itemStyle": {"color": _BAR[night]},
            "label": {"show": True, "position": "top", **text},
        }],
    }  # fmt: skip
