"""QA: what was drawn, how far its review is, and the form."""

from __future__ import annotations

import streamlit as st

from app.ui import advice_report, draw_bar, empty, qa_list, review_form, session, title
from casedesk.services import quality

now, desk, actor = session.now(), session.desk(), session.actor()
draws = quality.draws(uow=desk.reading(), actor=actor)
found = quality.overview(uow=desk.reading(), actor=actor, draw_id=draw_bar.choose(draws)) if draws else None
with title.row("QA review"):
    draw_bar.show(found, draws)
if found is None:
    empty.show("Nothing was drawn yet", "A draw takes its sample from the closed cases of a period.")
else:
    page = st.grid(7, min_column_width=120, gap=("small", "medium"))
    with page.cell(column_span=4):
        chosen = qa_list.show(found, now)
        qa_list.show_strata(found)
    with page.cell(column_span=3):
        if chosen:
            review_form.show(chosen, now)
advice_report.show()
