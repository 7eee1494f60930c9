"""The cases of a draw, how far their review is, and how much of each stratum was drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats, picker, session
from casedesk.domain.counts import counted
from casedesk.services.quality import Overview, PickRow

TO_REVIEW: Final = "To review"
PASSED: Final = "Passed"
FAILED: Final = "Failed"
MINE: Final = "My reviews"

_HOLDS: Final[dict[str, Callable[[PickRow, str], bool]]] = {
    TO_REVIEW: lambda pick, user: not pick.outcome,
    PASSED: lambda pick, user: pick.outcome == "Pass",
    FAILED: lambda pick, user: pick.outcome == "Fail",
    MINE: lambda pick, user: pick.reviewer == user,
}


def show(found: Overview, now: datetime) -> str:
    """Draw views, progress and list; return the chosen case, or the empty string."""
    user = session.actor().user_id
    views = {name: [pick for pick in found.picks if holds(pick, user)] for name, holds in _HOLDS.items()}
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        view = st.segmented_control("View", list(views), key="qa_view", default=TO_REVIEW, required=True, wrap=True,
                                    format_func=lambda name: f"{name} :gray[{len(views[name]):,}]",
                                    label_visibility="collapsed") or TO_REVIEW  # fmt: skip
        done, drawn = found.reviewed, len(found.picks)
        with st.container(width=170, gap=None):
            st.progress(done / drawn if drawn else 1.0, text=f"{done:,} of {drawn:,} reviewed")
    if views[view]:
        return _list(view, views[view], found.names, now)
    word = "Everything drawn was reviewed" if view == TO_REVIEW else f"Nothing stands under “{view}”"
    empty.show(word, f"{done:,} of {counted(drawn, 'drawn case')} {'is' if done == 1 else 'are'} reviewed.")
    return ""


def _list(view: str, picks: Sequence[PickRow], names: dict[str, str], now: datetime) -> str:
    decisions = [formats.BADGES_BY_DECISION[pick.disposition] for pick in picks]
    frame = pd.DataFrame(
        {
            "Case": [pick.case_id for pick in picks],
            "Customer": [pick.customer for pick in picks],
            "Analyst": [pick.analyst for pick in picks],
            "Decision": columns.cells(decisions),
            "Stratum": [stratum(pick.stratum, {}).rpartition(" · ")[0] for pick in picks],
            "Closed": [formats.age(now - pick.closed_at) if pick.closed_at else "" for pick in picks],
        }
    )
    config = {
        "Case": columns.text(84),
        "Customer": columns.text(126),
        "Analyst": columns.text(108),
        "Decision": columns.chips("Decision", decisions, 84),
        "Stratum": columns.text(112),
        "Closed": columns.text(56, right=True),
    }
    return picker.show(f"qa_{view}", frame, config, [pick.case_id for pick in picks], "Drawn cases", most=10)


def show_strata(found: Overview) -> None:
    """Draw how much of each stratum was closed and drawn, and how the reviews ended."""
    st.markdown("**Drawn per stratum**")
    frame = pd.DataFrame(
        {
            "Stratum": [formats.plain(stratum(s.count.stratum, found.names)) for s in found.strata],
            "Closed": [s.count.closed for s in found.strata],
            "Rate": [f"{s.count.per_mille / 10:g} %" for s in found.strata],
            "Drawn": [s.count.drawn for s in found.strata],
            "Pass / fail": [f"{s.passed} / {s.failed}" for s in found.strata],
        }
    )
    with st.container(height=330 if len(found.strata) > 10 else "content", border=False):
        st.table(frame, hide_index=True, border="horizontal", alt="Drawn per stratum")


def stratum(name: str, names: dict[str, str]) -> str:
    """Write a stratum with its analyst's name; its parts are decision, risk and user id."""
    before, dot, analyst = name.rpartition(" · ")
    return f"{before}{dot}{names.get(analyst, analyst)}"
