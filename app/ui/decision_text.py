"""What was decided on a case, and the words of whoever decided."""

from __future__ import annotations

from html import escape

import streamlit as st

from app.ui import amendment, formats, session
from casedesk.domain.cases import Disposition
from casedesk.services import decisions, narratives
from casedesk.services.casefile import CaseFile


def show(file: CaseFile) -> None:
    """Draw the decision and its text; nothing before there is one or where it is not disclosed."""
    case = file.case
    if not file.disclosed or not case.decision_text or not case.disposition or case.decided_at is None:
        return
    who = formats.plain(file.names.get(case.decided_by, case.decided_by))
    badge = formats.BADGES[case.disposition]
    st.markdown(f"**Decision** {badge.text} :gray[{who}, {formats.moment(case.decided_at)}]")
    show_text(case.decision_text, height=None if len(case.decision_text) < 700 else 220)
    amendment.show(file)
    if case.qa_status and case.qa_notes:
        reviewer = formats.plain(file.names.get(case.qa_reviewer, case.qa_reviewer))
        st.markdown(f"**QA {case.qa_status.value.lower()}** :gray[{reviewer}]")
        show_text(case.qa_notes, height=None)


def show_text(text: str, height: int | None) -> None:
    """Draw what somebody wrote, paragraph by paragraph, as it was typed: neither Markdown nor HTML is read from it."""
    paragraphs = "".join(f'<p style="margin:0 0 12px;white-space:pre-line">{escape(p)}</p>' for p in text.split("\n\n"))
    with st.container(border=True, height=height or "content"):
        st.html(f'<div style="overflow-wrap:anywhere;line-height:1.55">{paragraphs}</div>')


def note_reading(file: CaseFile, *, events: bool = False) -> None:
    """Put it into the ledger that somebody other than its writer is shown a narrative (31 CFR 1020.320(e)).

    The look at the events first spares the ledger's lock on every click.

    :param events: whether the page also shows what happened before the present decision.
    """
    actor = session.actor()
    present = file.case.disposition is Disposition.SAR and file.case.decided_by != actor.user_id
    if not (present or events) or not narratives.unread_report(file.events, actor.user_id):
        return
    decisions.read_narrative(uow=session.desk().writing(), actor=actor, at=session.now(), case_id=file.case.case_id)
