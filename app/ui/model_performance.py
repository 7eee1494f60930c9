"""How the chosen model bore out: what it had said of the customers whose cases were closed since."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.ui import formats, session
from casedesk.domain.counts import counted
from casedesk.services import model_performance
from casedesk.services.model_performance import Performance


def show(chosen: str) -> None:
    """Draw the counts by band, and what the High ones were worth; a sentence for those without need to know."""
    st.markdown("**Later decisions** :gray[cases closed after it had scored their customers]")
    if not session.actor().need_to_know:
        st.caption("How cases ended is shown only to people who may see decisions.")
        return
    every = model_performance.performance(look=session.desk().reading(), actor=session.actor())
    found = next((one for one in every if one.version_id == chosen), None)
    if found is None or not found.cases:
        st.caption("No case was closed yet after it had scored its customer.")
        return
    _bands(found)
    worth = f"Of the cases it called High, SAR: {found.precision}. Of the SARs, High: {found.recall}. Exact intervals of 95 %."
    st.caption(worth + " " + _pr_auc(found))


def _bands(found: Performance) -> None:
    rows = [(formats.BADGES[risk].text, sar, no_sar) for risk, sar, no_sar in found.bands]
    if any(found.unscored):
        rows.append((":gray[not scored]", *found.unscored))
    frame = pd.DataFrame(rows, columns=["Best account", "SAR", "No SAR"])
    st.table(frame, hide_index=True, border="horizontal", alt="Cases closed later, by the band of their best account")


def _pr_auc(found: Performance) -> str:
    if found.pr_auc is None:
        return f"PR-AUC needs {counted(model_performance.FEWEST, 'scored case')} of each kind."
    return f"PR-AUC of cases: {found.pr_auc:.3f}."
