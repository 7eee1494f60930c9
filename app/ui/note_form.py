"""Write a note on a case."""

from __future__ import annotations

import streamlit as st

from app.ui import allowed, flash, session
from casedesk.domain.people import Action
from casedesk.services import decisions
from casedesk.services.casefile import CaseFile


def show(file: CaseFile) -> None:
    """Draw the form. Its text belongs to the case and outlives a refusal, a conflict and a look at another page."""
    case_id = file.case.case_id
    reason = allowed.refusal(file, session.actor(), Action.ADD_NOTE)
    st.text_area("Note", key=session.key("note", case_id), height=120, disabled=bool(reason), persist_state="session")
    st.button("Add note", key=session.key("add_note", case_id), type="primary", width="stretch",
              shortcut="Ctrl+Enter", disabled=bool(reason), help=reason or None,
              on_click=_add, args=(case_id, file.seen_version))  # fmt: skip


def _add(case_id: str, seen_version: int) -> None:
    field = session.key("note", case_id)
    flash.attempt(
        session.key("case", case_id),
        lambda: decisions.add_note(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version, text=session.take(field),
        ),
        clears=(field,),
    )  # fmt: skip
