"""What leaves the desk, each time as an event, and what comes back to be verified."""

from __future__ import annotations

import streamlit as st

from app.ui import export_forms, title

title.show("Exports")
page = st.grid(7, min_column_width=120, gap=("small", "medium"))
with page.cell(column_span=3):
    file = export_forms.show_audit()
    export_forms.show_packet()
    export_forms.show_verify()
    export_forms.show_recent()
with page.cell(column_span=4):
    export_forms.show_summary(file)
