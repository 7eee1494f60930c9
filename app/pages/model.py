"""The model that scores, the one that waits beside it, the card of either, and how far payments moved from those that trained it."""

from __future__ import annotations

import streamlit as st

from app.ui import model_card, model_performance, model_versions, session, title
from casedesk.services import models

desk, actor = session.desk(), session.actor()
found = models.overview(look=desk.reading(), actor=actor)
with title.row("Model"):
    chosen = model_versions.choose(found)
page = st.grid(7, min_column_width=120, gap=("small", "medium"))
with page.cell(column_span=3):
    model_versions.show(found)
    model_versions.show_drift(found, chosen)
    model_performance.show(chosen)
with page.cell(column_span=4):
    model_card.show(models.show(look=desk.reading(), actor=actor, version_id=chosen))
