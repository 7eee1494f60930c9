"""How far the desk's payments drifted from those that trained a model."""

from __future__ import annotations

import json
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, formats, model_figures
from casedesk.domain.counts import counted
from casedesk.domain.model_trust import AT_HOME, mean_drift
from casedesk.services import model_answers
from casedesk.services.models import Shown
from casedesk.services.run_trust import trust_of

_ROW: Final = 29
#: From where a stability index asks for a look.
_LOOK: Final = 0.1
_MOST: Final = 12


def show(found: Shown) -> None:
    """Draw the features that moved most, the furthest first, as the model's last run found them."""
    if found.run is None:
        st.markdown("**Drift** :gray[of the desk's payments from those that trained it]")
        st.caption("It has not scored this desk's payments yet: `casedesk model run`.")
        return
    run = found.run
    said = f"{run.model_run_id} · {formats.day(run.ran_at.date())} · {counted(run.accounts, 'account')}"
    st.markdown(f"**Drift** :gray[{said}]")
    drift = sorted(json.loads(run.drift).items(), key=lambda one: (-one[1], one[0]))[:_MOST]
    if moved := model_figures.moved(found):
        st.warning(
            f"{counted(moved, 'feature')} moved by more than {model_figures.RETRAIN}: these payments are not those that trained the "
            "model. Train it anew.",
            icon=":material/trending_up:",
        )
    if (trust := trust_of(run)) < 1:
        mean = mean_drift(json.loads(run.drift).values())
        st.warning(
            f"The mean is {mean:.3f}, above {AT_HOME}, so probabilities keep {AT_HOME} ÷ {mean:.3f} = {trust:.3f} of their distance, in log "
            "odds, from the share of payments that was labelled in training, and advice does not go by them. Their order is the model's.",
            icon=":material/compress:",
        )
    frame = pd.DataFrame(
        {
            "Feature": [model_answers.meaning(name) for name, _ in drift],
            "PSI": [f"{value:.3f}" for _, value in drift],
        }
    )
    st.dataframe(frame, key="model_drift", hide_index=True, row_height=_ROW, height=_ROW * len(frame) + 37,
                 column_config={"Feature": columns.text(330), "PSI": columns.text(72, right=True)})  # fmt: skip
    st.caption(f"Population stability index; above {_LOOK} look at it, above {model_figures.RETRAIN} train anew.")
