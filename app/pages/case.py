"""One case: what was found, who the subject is, what happened, and the panel in which it is worked."""

from __future__ import annotations

import streamlit as st

from app.ui import (
    action_panel,
    case_header,
    case_overview,
    clock_card,
    customer_card,
    decision_text,
    empty,
    evidence_table,
    filing_form,
    money_chart,
    network,
    risk_panel,
    session,
    suppression_line,
    timeline,
)
from casedesk.services import casefile, people

case_id = st.query_params.get("id", "")
actor, now, desk = session.actor(), session.now(), session.desk()
case_header.show_bar(case_id)
if not case_id:
    empty.show("No case is chosen", "Open one from the queue.")
    st.stop()
file = casefile.read(uow=desk.reading(), actor=actor, case_id=case_id)
decision_text.note_reading(file, events=True)
since = money_chart.since(file.alerts, now)
evidence = casefile.legs(uow=desk.reading(), actor=actor, case_id=case_id, evidence_only=True)
page = st.grid(7, min_column_width=120, gap=("small", "medium"))
with page.cell(column_span=5):
    case_header.show(file, now)
    suppression_line.show(file.case.customer_id, now.date())
    names = [
        "Overview",
        f"{evidence_table.TAB} :gray[{len(evidence):,}]",
        "Network",
        "Risk",
        "Customer",
        f"Timeline :gray[{len(file.events):,}]",
    ]
    names += ["Form"] if filing_form.wanted(file) else []
    case_header.keep_tab(session.key("tab", case_id), names)
    overview, transactions, graph, risk, customer, history, *form = st.tabs(
        names, key=session.key("tab", case_id), on_change="rerun"
    )
    # Only the open tab is computed.
    if overview.open:
        with overview:
            case_overview.show(file, evidence, since, now)
    elif transactions.open:
        with transactions:
            evidence_table.show_tab(file, evidence)
    elif graph.open:
        with graph:
            network.show(file.customer.name, case_overview.flows(file, since), large=True)
    elif risk.open:
        with risk:
            risk_panel.show(file)
    elif customer.open:
        with customer:
            customer_card.show(file)
    elif history.open:
        with history:
            timeline.show(file.events, file.names, now)
    elif form and form[0].open:
        with form[0]:
            filing_form.show_tab(file)
with page.cell(column_span=2):
    action_panel.show(file, people.everybody(uow=desk.reading()))
    clock_card.show(file, now)
    timeline.show_latest(file.events, file.names, now, file.chain)
