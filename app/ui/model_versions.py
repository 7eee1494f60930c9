"""Which model scores and which waits, what each was measured at, and how far the desk's payments drifted from its own."""

from __future__ import annotations

import json
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats
from casedesk.domain.counts import counted
from casedesk.services import model_answers
from casedesk.services.models import Overview, ProposalState

_SHIPPED: Final = "Shipped model"
_ROW: Final = 29
_STATES: Final = {
    ProposalState.PROPOSED: formats.Badge("Challenger", "approval", "◆", "violet"),
    ProposalState.IN_FORCE: formats.Badge("Champion", "gavel", "●", "blue"),
    ProposalState.SUPERSEDED: formats.Badge("Superseded", "history", "–", "gray"),
    ProposalState.REJECTED: formats.Badge("Rejected", "block", "×", "gray"),
    ProposalState.WITHDRAWN: formats.Badge("Withdrawn", "undo", "–", "gray"),
}
#: From where a stability index asks for a look, and for another training.
_LOOK, _RETRAIN = 0.1, 0.25


def choose(found: Overview) -> str:
    """Draw the champion and the challenger to choose between; return the id of the chosen one, empty for the shipped model."""
    champion = found.champion.version_id if found.champion else ""
    ids = [champion, *([found.challenger.version_id] if found.challenger else [])]
    words = {champion: f"Champion :gray[{champion or _SHIPPED}]"}
    if found.challenger:
        words[found.challenger.version_id] = f"Challenger :gray[{found.challenger.version_id}]"
    return st.segmented_control("Model", ids, key="model_chosen", default=champion, required=True,
                                format_func=words.__getitem__, label_visibility="collapsed") or champion  # fmt: skip


def show(found: Overview) -> None:
    """Draw what is in force, what waits, and all versions."""
    if not found.versions:
        empty.show("The shipped model scores",
                   "It was trained on banks that do not exist. Train one on your own data, then propose it; another manager decides.")  # fmt: skip
        return
    badges = [_STATES[one.state] for one in found.versions]
    frame = pd.DataFrame(
        {
            "Model": [one.version_id for one in found.versions],
            "State": columns.cells(badges),
            "Name": [one.name for one in found.versions],
            "Proposed by": [found.names.get(one.proposed_by, one.proposed_by) for one in found.versions],
            "Decided by": [found.names.get(one.decided_by, one.decided_by) for one in found.versions],
        }
    )
    config = {
        "Model": columns.text(96),
        "State": columns.chips("", badges, 112),
        "Name": columns.text(120),
        "Proposed by": columns.text(110),
        "Decided by": columns.text(110),
    }
    st.dataframe(frame, key="model_versions", hide_index=True, row_height=_ROW, column_config=config,
                 height=min(_ROW * len(frame) + 37, 240))  # fmt: skip


def show_drift(found: Overview, chosen: str) -> None:
    """Draw how far the desk's payments moved from those that trained the chosen model, the furthest first."""
    last = found.challenger_run if found.challenger and chosen == found.challenger.version_id else found.champion_run
    if last is None:
        st.caption("It has not scored this desk's payments yet: `casedesk model run`.")
        return
    said = f"{last.model_run_id} · {formats.day(last.ran_at.date())} · {counted(last.accounts, 'account')}"
    st.markdown(f"**Drift** :gray[{said}]")
    drift = sorted(json.loads(last.drift).items(), key=lambda one: (-one[1], one[0]))
    moved = sum(value > _RETRAIN for _, value in drift)
    if moved:
        st.warning(
            f"{counted(moved, 'feature')} moved by more than {_RETRAIN}: these payments are not those that trained the model. Train it anew.",
            icon=":material/trending_up:",
        )
    frame = pd.DataFrame(
        {
            "Feature": [model_answers.meaning(name) for name, _ in drift[:12]],
            "PSI": [f"{value:.3f}" for _, value in drift[:12]],
        }
    )
    st.dataframe(frame, key="model_drift", hide_index=True, row_height=_ROW, height=_ROW * len(frame) + 37,
                 column_config={"Feature": columns.text(330), "PSI": columns.text(72, right=True)})  # fmt: skip
    st.caption(f"Population stability index; above {_LOOK} look at it, above {_RETRAIN} train anew.")
