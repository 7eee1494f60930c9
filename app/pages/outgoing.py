"""What waits to leave the desk, and what became of what left."""

from __future__ import annotations

import streamlit as st

from app.ui import outgoing_list, outgoing_panel, session, title
from casedesk.services import outgoing

title.show("Outgoing")
found = outgoing.outgoing(uow=session.desk().reading(), actor=session.actor())
page = st.grid(7, min_column_width=120, gap=("small", "medium"))
with page.cell(column_span=4):
    outgoing_list.show_ready(found.ready)
    outgoing_panel.show_produce(found.ready)
    chosen = outgoing_list.choose(found.batches)
if chosen is not None:
    with page.cell(column_span=3):
        outgoing_panel.show(chosen, session.names())
