"""The model that scores, the one that waits beside it with the form to decide it, the card, drift and worth of each, and
what a language model cost.
"""

from __future__ import annotations

import streamlit as st

from app.ui import model_budget, model_list, model_panel, model_proposal, session, title
from casedesk.services import models

desk, actor = session.desk(), session.actor()
title.show("Model")
found = models.overview(look=desk.reading(), actor=actor)
page = st.grid(7, min_column_width=120, gap=("small", "medium"))
with page.cell(column_span=3):
    chosen = model_list.show(found)
    model_proposal.show(found)
    model_budget.show()
with page.cell(column_span=4):
    model_panel.show(found, chosen, session.now())
