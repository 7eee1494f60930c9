"""What waits for a manager, and the form to approve or return it."""

from __future__ import annotations

import streamlit as st

from app.ui import approval_form, approval_list, session, title
from casedesk.services import approvals

now = session.now()
counts = approvals.counts(uow=session.desk().reading(), actor=session.actor(), at=now)
with title.row("Approvals"):
    beside_title = st.container()
page = st.grid(7, min_column_width=120, gap=("small", "medium"))
with page.cell(column_span=3):
    chosen = approval_list.show(counts, now)
if chosen:
    with beside_title:
        approval_form.show_way_in(chosen)
    with page.cell(column_span=4):
        approval_form.show(chosen, now)
