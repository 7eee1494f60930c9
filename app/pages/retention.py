"""Records: which closed cases need not be kept any longer, what holds them, and purges by two managers."""

from __future__ import annotations

import streamlit as st

from app.ui import hold_panel, paging, past_retention, purge_panel, session, title
from casedesk.services import purging, retention

title.show("Retention")
now, desk, actor, names = session.now(), session.desk(), session.actor(), session.names()
found = retention.due(uow=desk.reading(), actor=actor, at=now, start=past_retention.start(), limit=paging.ROWS)
waiting = purging.waiting(uow=desk.reading(), actor=actor)
previews = {
    one.proposal: purging.preview(uow=desk.reading(), actor=actor, at=now, case_ids=[case for case, _ in one.cases])
    for one in waiting
}
page = st.grid(7, min_column_width=120, gap=("small", "medium"))
with page.cell(column_span=4):
    ticked = past_retention.show(found)
    purge_panel.show_waiting(waiting, names, previews)
    purge_panel.show_preview(purging.preview(uow=desk.reading(), actor=actor, at=now, case_ids=ticked))
with page.cell(column_span=3):
    hold_panel.show(retention.list_holds(uow=desk.reading(), actor=actor), names)
