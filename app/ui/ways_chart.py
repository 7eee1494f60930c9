"""The strongest ways of money between an account and listed ones: where it came from left, where it went right."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any, Final

import streamlit as st

from app.ui import columns, formats, session
from casedesk.domain.money import format_minor
from casedesk.services.scores import Explanation

_IN: Final = ("#3A5BC7", "#7C96F0")
_OUT: Final = ("#C2570C", "#E08A4B")
_RED: Final = ("#C4353B", "#C4353B")
_GRAY: Final = ("#5B626B", "#A2A9B2")
#: Pixels from the account to the furthest column, and from one account to the next below it. ECharts keeps their proportion.
_ACROSS: Final = 210
_ROW: Final = 36
#: Pixels beside the furthest accounts: as wide as the longest name that is written there, however narrow the chart.
_NAME: Final = 128
#: Which way a side lies of the account.
_TURN: Final = {"received": -1, "sent": 1}


def accounts(told: Explanation) -> list[str]:
    """Return the accounts that the ways go through."""
    return sorted({name for way in told.paths for leg in way.legs for name in (leg.payer, leg.payee)})


def show(told: Explanation, holders: Mapping[str, str]) -> None:
    """Draw the ways.

    :param holders: who holds an account, where that is known.
    """
    if not told.paths:
        return
    longest = max(len(way.legs) for way in told.paths)
    st.echarts_chart(
        _option(told, holders, longest), key=session.key("ways_chart", told.party), height=_height(told),
        alt=f"Ways of money between {told.party} and listed parties",
    )  # fmt: skip
    st.markdown(
        ":small[:blue[→ came] :gray[·] :orange[→ went] :gray[·] :red[◆] :gray[listed · width = part of the exposure]]"
    )


def _most(told: Explanation) -> int:
    """Return how many accounts stand under one another at the most."""
    return max(sum(way.side == side for way in told.paths) for side in _TURN)


def _height(told: Explanation) -> int:
    return 90 + _ROW * _most(told)


def _option(told: Explanation, holders: Mapping[str, str], longest: int) -> dict[str, Any]:
    night = columns.dark()
    places: dict[tuple[str, int], list[str]] = {}  # by side and hops away, the accounts in the order of their ways
    for way in told.paths:
        for hops, leg in enumerate(way.legs, 1):
            column = places.setdefault((way.side, hops), [])
            name = leg.payer if way.side == "received" else leg.payee
            if name not in column:
                column.append(name)
    listed = {way.listed for way in told.paths}
    nodes = [_node(told.party, "subject", 0.0, 0.0, holders, night, color=_IN[night], symbol="roundRect")]
    for (side, hops), names in places.items():
        for place, name in enumerate(names):
            x = _TURN[side] * _ACROSS * hops / longest
            y = _ROW * (place - (len(names) - 1) / 2)
            color, symbol = (_RED[night], "diamond") if name in listed else (_GRAY[night], "circle")
            nodes.append(_node(name, f"{side} {hops} {name}", x, y, holders, night, color=color, symbol=symbol))
    return {
        "animation": False,
        "tooltip": {},
        "series": [{
            "type": "graph", "layout": "none", "preserveAspect": True, "roam": False, "data": nodes,
            "links": _links(told, night), "left": _NAME, "right": _NAME, "top": 18, "bottom": 24,
            "edgeSymbol": ["none", "arrow"], "edgeSymbolSize": 7, "emphasis": {"focus": "adjacency"},
        }],
    }  # fmt: skip


def _node(
    account: str, name: str, x: float, y: float, holders: Mapping[str, str], night: bool, *, color: str, symbol: str
) -> dict[str, Any]:
    where = "bottom" if abs(x) < _ACROSS else "left" if x < 0 else "right"
    return {
        "name": name, "x": x, "y": y, "symbol": symbol, "symbolSize": 20 if name == "subject" else 12, "value": account,
        "itemStyle": {"color": color},
        "label": {"show": True, "position": where, "color": _GRAY[night], "fontSize": 10.5,
                  "formatter": _safe(formats.clip(holders.get(account) or account, 20))},
    }  # fmt: skip


def _links(told: Explanation, night: bool) -> list[dict[str, Any]]:
    """Return the payments, those of several ways once and as wide as all of them."""
    drawn: dict[tuple[str, str, str, str], tuple[float, int]] = {}
    for way in told.paths:
        nearer = "subject"
        for hops, leg in enumerate(way.legs, 1):
            further = f"{way.side} {hops} {leg.payer if way.side == 'received' else leg.payee}"
            ends = (further, nearer) if way.side == "received" else (nearer, further)
            key = (*ends, way.side, leg.transaction_id)
            drawn[key] = (drawn.get(key, (0.0, 0))[0] + way.part, leg.amount_minor)
            nearer = further
    most = max(part for part, _ in drawn.values())
    return [
        {
            "source": source, "target": target, "value": f"{format_minor(amount, session.currency())}, part {part:.4f}",
            "lineStyle": {"color": (_IN if side == "received" else _OUT)[night], "width": 1 + 4 * sqrt(part / most),
                          "curveness": 0.06 * (1 + place % 3), "opacity": 0.55},
        }
        for place, ((source, target, side, _), (part, amount)) in enumerate(drawn.items())
    ]  # fmt: skip


def _safe(text: str) -> str:
    """Keep a name from being read as a template: ECharts fills in what stands in braces."""
    return text.replace("{", "(").replace("}", ")")
