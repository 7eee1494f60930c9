"""The policy in force: each value with its source and history, and what one manager proposes and another decides."""

from __future__ import annotations

import streamlit as st

from app.ui import policy_form, policy_list, policy_panel, session, title
from casedesk.services import policies

now = session.now()
found = policies.overview(uow=session.desk().reading(), actor=session.actor(), at=now)
with title.row("Policy"):
    view = policy_list.show_views(found)
name = policy_list.choose(found, view)
page = st.grid(7, min_column_width=120, gap=("small", "medium"))
with page.cell(column_span=4):
    policy_panel.show_history(found, name, session.names())
with page.cell(column_span=3):
    policy_panel.show_waiting(found, name, session.names())
    policy_form.show(found.now[name], policy_panel.newest(found, name), now.date())
