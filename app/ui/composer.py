"""The narrative's composer: figures to insert, a draft to start from, and the text as it would be sent with what a reader asks."""

from __future__ import annotations

from typing import Final

import streamlit as st

from app.ui import decision_text, formats, session
from casedesk.domain.counts import counted
from casedesk.domain.narrative import CASE
from casedesk.domain.policy import in_force
from casedesk.services import narratives
from casedesk.services.casefile import CaseFile

_SIDES: Final = {"": "all", "/in": "money in", "/out": "money out"}


def show_tools(file: CaseFile, field: str) -> None:
    """Draw what writes into the field: a draft, the last text, and figures."""
    case_id = file.case.case_id
    before = narratives.typed_before(file.events) if file.disclosed else ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        with st.popover("Insert a figure", icon=":material/data_array:"):
            figure = st.selectbox("Figure", list(narratives.FIGURES), key=session.key("figure", case_id),
                                  format_func=lambda name: narratives.FIGURES[name][0])  # fmt: skip
            alerts = {alert.alert_id: f"{formats.rule(alert.rule)} · {alert.alert_id}" for alert in file.alerts}
            chosen = st.selectbox("Of", [CASE, *alerts], key=session.key("figure_of", case_id),
                                  format_func=lambda name: alerts.get(name, "all evidence of the case"))  # fmt: skip
            side = st.segmented_control("Which", list(_SIDES), key=session.key("figure_side", case_id), default="",
                                        format_func=_SIDES.__getitem__, required=True,
                                        label_visibility="collapsed")  # fmt: skip
            st.button("Insert at the end", key=session.key("insert", case_id), type="primary", width="stretch",
                      on_click=_append, args=(field, f"{{{{{figure}:{chosen}{side or ''}}}}}"))  # fmt: skip
        st.button("Draft from the evidence", key=session.key("draft", case_id), icon=":material/edit_note:",
                  disabled=bool(session.take(field).strip()), help="Fills an empty field; the figures are bound.",
                  on_click=_draft, args=(file, field))  # fmt: skip
        if before:
            st.button("Start from the last text", key=session.key("last_text", case_id), icon=":material/history:",
                      disabled=bool(session.take(field).strip()), on_click=session.put, args=(field, before))  # fmt: skip


def _append(field: str, token: str) -> None:
    text = session.take(field)
    gap = "" if not text or text.endswith((" ", "\n")) else " "
    session.put(field, f"{text}{gap}{token}")


def _draft(file: CaseFile, field: str) -> None:
    session.put(
        field,
        narratives.draft_of(uow=session.desk().reading(), actor=session.actor(), case_id=file.case.case_id),
    )


def show_proof(file: CaseFile, text: str) -> None:
    """Draw the text as it would be sent, its length against the cap, and what a reader would ask."""
    if not text.strip():
        return
    now = session.now()
    proof = narratives.proof(
        uow=session.desk().reading(), actor=session.actor(), case_id=file.case.case_id, text=text,
        base_currency=session.currency(), on=now.date(),
    )  # fmt: skip
    if proof.refusal:
        st.error(formats.plain(proof.refusal), icon=":material/data_array:")
        return
    most, least = (in_force(name, now.date()).value for name in ("narrative_max", "narrative_min"))
    length = len(proof.text)
    count = f"{length:,} of {most:,} characters"
    short = f", at least {least:,}" if length < least else ""
    bound = "no figure is bound" if not proof.figures else counted(proof.figures, "bound figure")
    with st.expander(f"As it will read · {count}{short} · {bound}", expanded=bool(proof.figures)):
        decision_text.show_text(proof.text, height=220 if length > 600 else None)
    if proof.remarks:
        st.markdown("**A reader would ask**")
        for remark in proof.remarks:
            mark = ":red[:material/block:]" if remark.blocks else ":gray[:material/contact_support:]"
            st.markdown(formats.small(f"{mark} {formats.plain(remark.sentence)}"))
