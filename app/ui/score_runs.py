"""The runs of scoring, and what moved between two of them."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats, session
from casedesk.domain.scores import ScoringRun
from casedesk.services import scores
from casedesk.services.scores import Overview

_ROW: Final = 29


def show(found: Overview) -> None:
    """Draw the list of runs, and a comparison of two that are chosen."""
    if not found.runs:
        empty.show("No scores were computed yet", "Each run stays listed here with what it was computed from.")
        return
    _list(found)
    if len(found.runs) < 2:
        st.markdown(formats.small("A second run can be compared with this one."))
        return
    ids = [run.run_id for run in found.runs]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Compare**", width="content")
        before = st.selectbox("Before", ids, index=1, key="score_before", label_visibility="collapsed", width=150)
        st.markdown(":gray[with]", width="content")
        after = st.selectbox("After", ids, index=0, key="score_after", label_visibility="collapsed", width=150)
    _compare(str(before), str(after))


def _list(found: Overview) -> None:
    frame = pd.DataFrame(
        {
            "Run": [run.run_id for run in found.runs],
            "Ran at UTC": [f"{run.ran_at:%Y-%m-%d %H:%M}" for run in found.runs],
            "As of UTC": [f"{run.as_of:%Y-%m-%d %H:%M}" for run in found.runs],
            "Payments": [run.payments for run in found.runs],
            "Listed": [run.listed for run in found.runs],
            "Exposed": [run.scored - run.listed for run in found.runs],
            "Lists": [", ".join(record.lists) for record in found.records],
            "Names": [len(record.matches) for record in found.records],
            "Seconds": [f"{sum(record.timings.values()) / 1000:.1f}" for record in found.records],
            "Scores": [f"{run.scores_sha256[:12]}" for run in found.runs],
        }
    )
    st.dataframe(
        frame, key="score_run_list", hide_index=True, row_height=_ROW, height=min(_ROW * len(frame), 300) + 37,
        column_config={
            "Run": columns.text(86), "Ran at UTC": columns.text(126), "As of UTC": columns.text(126),
            "Payments": columns.count(80), "Listed": columns.count(64), "Exposed": columns.count(72), "Lists": columns.text(150),
            "Names": columns.count(60), "Seconds": columns.text(66, right=True), "Scores": columns.text(110),
        },
        alt="Runs of scoring",
    )  # fmt: skip


def _compare(before: str, after: str) -> None:
    one, other, moved = scores.compare(
        uow=session.desk().reading(), actor=session.actor(), before=before, after=after, limit=50
    )
    st.markdown(formats.small(_differs(one, other)))
    if not moved:
        st.markdown("No account has another score.")
        return
    frame = pd.DataFrame(
        {
            "Account": [row.account_id for row in moved],
            one.run_id: [formats.exposure(row.before) for row in moved],
            f"{other.run_id} ": [formats.exposure(row.after) for row in moved],
            "Change": [f"{row.change / scores.WHOLE:+.4f}" for row in moved],
        }
    )
    st.dataframe(
        frame, key="score_moved", hide_index=True, row_height=_ROW, height=min(_ROW * len(frame), 400) + 37,
        column_config={"Account": columns.text(200), **{str(name): columns.text(110, right=True) for name in list(frame)[1:]}},
        alt="Accounts whose scores moved most",
    )  # fmt: skip


def _differs(one: ScoringRun, other: ScoringRun) -> str:
    told = {
        "who is listed": one.list_sha256 != other.list_sha256, "the payments": one.data_fingerprint != other.data_fingerprint,
        "the values of the formula": one.parameters != other.parameters, "the instant they are looked at": one.as_of != other.as_of,
    }  # fmt: skip
    names = [name for name, differs in told.items() if differs]
    return f"Between them differ: {', '.join(names)}." if names else "Both were computed from the same."
