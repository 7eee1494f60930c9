"""What is hidden, why, until when, who agreed, and every alert it kept back."""

from __future__ import annotations

import streamlit as st

from app.ui import hidden_alerts, session, suppression_form, suppression_list, suppression_panel, title
from casedesk.services import suppressions

now, desk, actor = session.now(), session.desk(), session.actor()
with title.row("Suppressions"):
    search = suppression_list.show_search()
    view, total = suppression_list.show_views(suppressions.sizes(uow=desk.reading(), actor=actor, search=search))
chosen = suppression_list.show(view, search, total, now.date())
page = st.grid(7, min_column_width=120, gap=("small", "medium"))
with page.cell(column_span=4):
    if chosen is not None:
        hidden_alerts.show(
            chosen,
            suppressions.hidden(uow=desk.reading(), actor=actor, suppression_id=chosen.suppression.suppression_id),
            session.currency(),
        )
with page.cell(column_span=3):
    if suppression_panel.choose(chosen) == suppression_panel.PROPOSE:
        suppression_form.show(now.date())
    elif chosen is not None:
        suppression_panel.show(chosen, session.names(), now)
