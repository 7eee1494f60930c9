"""The keys with which programs speak to the desk: whose they are, what for, until when, and when they were last seen."""

from __future__ import annotations

import streamlit as st

from app.ui import key_form, key_list, key_panel, session, title
from casedesk.services import api_keys, people

actor, now, desk = session.actor(), session.now(), session.desk()
keys = api_keys.listed(uow=desk.reading(), actor=actor)
with title.row("API keys"):
    shown = key_list.show_views(keys, now)
key_form.show_issued()
chosen = key_list.show(shown, api_keys.uses(uow=desk.reading(), actor=actor), now)
page = st.grid(2, min_column_width=300, gap=("small", "medium"))
with page.cell():
    if chosen is not None:
        key_panel.show(chosen, now)
with page.cell():
    key_form.show(actor, people.everybody(uow=desk.reading()))
