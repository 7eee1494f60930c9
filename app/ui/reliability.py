"""How true a model's probabilities are: what it said of the payments that were kept for testing, against what came true."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from app.ui import columns

_POINT: Final = ("#3A5BC7", "#7C96F0")
_INK: Final = ("#5B626B", "#A2A9B2")


def show(bins: list[dict[str, Any]]) -> None:
    """Draw a point for each bin of payments: the larger, the more of them; the dashed line is where both agree."""
    st.markdown("**Reliability** :gray[what was said against what came true; the dashed line is where both agree]")
    st.echarts_chart(
        _option(bins),
        key="reliability",
        height=300,
        alt="Probability that was said, against the share that was labelled",
    )


def _option(bins: list[dict[str, Any]]) -> dict[str, Any]:
    night = columns.dark()
    most = max((one["count"] for one in bins), default=1)
    points = [
        {"value": [round(one["said"], 4), round(one["true"], 4), one["count"]], "symbolSize": 6 + 14 * (one["count"] / most) ** 0.5}
        for one in bins
    ]  # fmt: skip
    return {
        "animation": False,
        "tooltip": {"formatter": "said {@[0]}, true {@[1]}, {@[2]} payments"},
        "grid": {"left": 24, "right": 12, "top": 12, "bottom": 26, "containLabel": True},
        "xAxis": _axis("said: mean probability", 28, night),
        "yAxis": _axis("true: labelled share", 36, night),
        "series": [
            {"type": "line", "data": [[0, 0], [1, 1]], "showSymbol": False, "silent": True,
             "lineStyle": {"type": "dashed", "width": 1, "color": _INK[night]}},
            {"type": "line", "data": points, "symbol": "circle", "itemStyle": {"color": _POINT[night], "opacity": 0.8},
             "lineStyle": {"width": 1, "color": _POINT[night]}},
        ],
    }  # fmt: skip


def _axis(name: str, gap: int, night: bool) -> dict[str, Any]:
    return {
        "type": "value", "min": 0, "max": 1, "interval": 0.25, "name": name, "nameLocation": "middle", "nameGap": gap,
        "nameTextStyle": {"color": _INK[night]}, "axisLabel": {"color": _INK[night], "fontSize": 10.5},
        "splitLine": {"lineStyle": {"opacity": 0.25}},
    }  # fmt: skip
