"""How the desk runs: what comes in, how long it takes, what was refused, which runs there were, and what this process is."""

from __future__ import annotations

import streamlit as st

from app.ui import import_list, mended_form, operations_chart, operations_line, process_table, run_list, session, title
from casedesk.services import operation_history, operations
from casedesk.services.operation_history import Span

RUNS, IMPORTS, PROCESS = "Runs", "Imports", "Process"

actor, now, desk = session.actor(), session.now(), session.desk()
with title.row("Operations"):
    span = st.segmented_control("Span", list(Span), key="operations_span", default=Span.DAY, required=True,
                                label_visibility="collapsed", persist_state="session") or Span.DAY  # fmt: skip
pieces = operation_history.history(uow=desk.reading(), actor=actor, at=now, span=span)
operations_line.show(operations.standing(uow=desk.reading(), at=now), operations.delays(uow=desk.reading()))
page = st.grid(2, min_column_width=300, gap=("small", "medium"))
with page.cell():
    operations_chart.show_rows(pieces, span)
with page.cell():
    operations_chart.show_events(pieces, span)
tabs = st.tabs([RUNS, IMPORTS, PROCESS], key="operations_tab", on_change="rerun")
if tabs[0].open:
    with tabs[0]:
        run_list.show(operation_history.runs(uow=desk.reading(), actor=actor))
if tabs[1].open:
    with tabs[1]:
        chosen = import_list.show(operation_history.imports(uow=desk.reading(), actor=actor))
        import_list.show_rejects(chosen)
        with st.grid(2, min_column_width=300).cell():
            mended_form.show()
if tabs[2].open:
    with tabs[2]:
        process_table.show(desk, now)
