"""The counterparties around the subject: payers left, payees right, arrows with the money."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, Final

import streamlit as st

from app.ui import columns, formats, session
from casedesk.domain.jurisdictions import high_risk
from casedesk.services.casefile import Flow

SMALL: Final = 14
LARGE: Final = 49  # with the subject, fifty nodes
_IN: Final = ("#3A5BC7", "#7C96F0")
_OUT: Final = ("#C2570C", "#E08A4B")
_RED: Final = ("#C4353B", "#C4353B")
_GRAY: Final = ("#5B626B", "#A2A9B2")


def show(name: str, flows: Sequence[Flow], *, large: bool) -> None:
    """Draw the graph of the largest flows. Cash has no counterparty and is not drawn."""
    shown = [flow for flow in flows if flow.counterparty][: LARGE if large else SMALL]
    if not shown:
        st.markdown(formats.small("No counterparty: all money in the period was cash."))
        return
    st.echarts_chart(
        _option(name, shown, large=large),
        key="network_large" if large else "network_small",
        height=_pixels(len(shown)) if large else 250,
        alt=f"Payers and payees of {name}",
    )
    st.markdown(
        ":small[:blue[→ in] :gray[·] :orange[→ out] :gray[·] :red[◆] :gray[high-risk country · width = amount]]"
    )


def _option(name: str, flows: Sequence[Flow], *, large: bool) -> dict[str, Any]:
    night = columns.dark()
    most = max(flow.into + flow.out for flow in flows)
    left = [flow for flow in flows if flow.into >= flow.out]
    right = [flow for flow in flows if flow.into < flow.out]
    while abs(len(left) - len(right)) > 1:  # an hour-glass with one empty half reads badly
        longer, shorter = (left, right) if len(left) > len(right) else (right, left)
        shorter.append(longer.pop())
    # ECharts keeps the aspect, so the heights must fill the frame that the widths leave: about 360 px across.
    stretch = (_pixels(len(flows)) - 40) / 360 if large else 0.0
    nodes = [_subject(name, 34 if large else 24, night)]
    for side, group in ((-1, left), (1, right)):
        for place, flow in enumerate(group):
            nodes.append(
                _node(flow, side, _height(place, len(group)), sqrt((flow.into + flow.out) / most), night, stretch)
            )
    links = [link for flow in flows for link in _links(flow, most, night)]
    margin = "24%" if large else "31%"
    return {
        "animation": False,
        "tooltip": {},
        "series": [{
            "type": "graph", "layout": "none", "preserveAspect": True, "roam": False, "data": nodes, "links": links,
            "left": margin, "right": margin, "top": 16, "bottom": 16, "edgeSymbol": ["none", "arrow"],
            "edgeSymbolSize": 7, "emphasis": {"focus": "adjacency"},
        }],
    }  # fmt: skip


def _pixels(size: int) -> int:
    """Return how tall the large graph must be for its names not to touch."""
    side = (size + 1) // 2
    return max(320, (36 if side <= 14 else 27) * side + 60)


def _height(place: int, size: int) -> float:
    return 0.0 if size == 1 else -1 + 2 * place / (size - 1)


def _subject(name: str, size: int, night: bool) -> dict[str, Any]:
    return {
        "name": "subject", "x": 0, "y": 0, "symbol": "roundRect", "symbolSize": size, "value": "subject",
        "itemStyle": {"color": _IN[night]},
        "label": {"show": True, "position": "bottom", "color": _GRAY[night], "fontSize": 11,
                  "formatter": _safe(formats.clip(name.split()[0] if name.split() else name, 16))},
    }  # fmt: skip


def _node(flow: Flow, side: int, y: float, weight: float, night: bool, stretch: float) -> dict[str, Any]:
    """Place a counterparty.

    :param stretch: half the height of the large graph in units of its width; 0 for the small one.
    """
    large = stretch > 0
    risky = high_risk(flow.country, session.now().date())
    code = session.currency()
    words = f"{formats.clip(flow.name or flow.counterparty, 34 if large else 15)} {flow.country}".strip()
    return {
        "name": flow.counterparty,
        "x": side * (1.0 - 0.35 * abs(y) ** 1.5 if large else 0.75 - 0.25 * abs(y)) * (1.1 if large else 1.0),
        "y": y * (stretch or 1.2),
        "symbol": "diamond" if risky else "circle",
        "symbolSize": (9 if large else 10) + 8 * weight,
        "value": f"in {formats.money(flow.into, code)}, out {formats.money(flow.out, code)}, {flow.transactions:,} tx",
        "itemStyle": {"color": (_RED if risky else _GRAY)[night]},
        "label": {"show": True, "position": "left" if side < 0 else "right", "color": _GRAY[night], "fontSize": 10.5,
                  "formatter": _safe(words)},
    }  # fmt: skip


def _links(flow: Flow, most: int, night: bool) -> list[dict[str, Any]]:
    found = []
    code = session.currency()
    for amount, source, target, colors in (
        (flow.into, flow.counterparty, "subject", _IN),
        (flow.out, "subject", flow.counterparty, _OUT),
    ):
        if amount:
            found.append({
                "source": source, "target": target, "value": formats.money(amount, code),
                "lineStyle": {"color": colors[night], "width": 1 + 3 * sqrt(amount / most), "curveness": 0.12,
                              "opacity": 0.55},
            })  # fmt: skip
    return found


def _safe(text: str) -> str:
    """Keep a name from being read as a template: ECharts fills in what stands in braces."""
    return text.replace("{", "(").replace("}", ")")
