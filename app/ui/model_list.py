"""The versions of the model: the champion in force, the challenger that waits, those before them, and the one that ships."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, formats, paging, picker
from casedesk.domain.counts import counted
from casedesk.services.models import SHIPPED, Overview, ProposalState

STATES: Final = {
    ProposalState.PROPOSED: formats.Badge("Challenger", "approval", "◆", "violet"),
    ProposalState.IN_FORCE: formats.Badge("Champion", "gavel", "●", "blue"),
    ProposalState.SUPERSEDED: formats.Badge("Superseded", "history", "–", "gray"),
    ProposalState.REJECTED: formats.Badge("Rejected", "block", "×", "gray"),
    ProposalState.WITHDRAWN: formats.Badge("Withdrawn", "undo", "–", "gray"),
}
#: How the model that ships stands in the list: it is no version, and scores while none is in force.
SHIPPED_AS: Final = "Shipped"
IDLE: Final = formats.Badge("Not in force", "inventory_2", "–", "gray")
_PAGE: Final = "models_page"


def show(found: Overview) -> str:
    """Draw the list; return the id of the chosen version, empty for the shipped model."""
    gloss = f"{counted(len(found.versions), 'version')}, newest first" if found.versions else "no version yet"
    st.markdown(f"**Models** :gray[{gloss}]")
    if not found.versions:
        st.markdown(formats.small("The shipped model scores. It was trained on banks that do not exist: train one on your own data, then "
                                  "propose it; another manager decides."))  # fmt: skip
    every = [*found.versions, None]
    start = paging.start_of(_PAGE, len(every))
    shown = every[start : start + paging.ROWS]
    shipped = IDLE if found.champion else STATES[ProposalState.IN_FORCE]
    badges = [STATES[one.state] if one else shipped for one in shown]
    frame = pd.DataFrame(
        {
            "Model": [one.version_id if one else SHIPPED_AS for one in shown],
            "State": columns.cells(badges),
            "Name": [one.name if one else "default" for one in shown],
            "By": [found.names.get(one.proposed_by, one.proposed_by) if one else "–" for one in shown],
        }
    )
    config = {
        "Model": columns.text(88),
        "State": columns.chips("State", badges, 112),
        "Name": columns.text(120),
        "By": columns.text(104),
    }
    ids = [one.version_id if one else SHIPPED_AS for one in shown]
    chosen = picker.show("models", frame, config, ids, "Models")
    paging.show(_PAGE, start, len(shown), len(every))
    return SHIPPED if chosen == SHIPPED_AS else chosen
