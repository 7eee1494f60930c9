"""Decide a case, take it first if nobody holds it, or judge a decision: whatever its state asks for."""

from __future__ import annotations

from typing import Final

import streamlit as st

from app.ui import allowed, composer, flash, formats, session
from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.people import Action
from casedesk.services import assignment, decisions
from casedesk.services.casefile import CaseFile

_LABELS: Final = {Disposition.NO_SAR: "No SAR", Disposition.SAR: "SAR", Disposition.ESCALATE: "Escalate"}
_FIELDS: Final = {
    Disposition.NO_SAR: "Rationale",
    Disposition.SAR: "Narrative",
    Disposition.ESCALATE: "Reason",
}
_BUTTONS: Final = {
    Disposition.NO_SAR: "Close as No SAR",
    Disposition.SAR: "Send for approval",
    Disposition.ESCALATE: "Escalate to the managers",
}
_AFTER: Final = {
    Disposition.NO_SAR: "The case closes. QA may draw it.",
    Disposition.SAR: "Goes to a manager for approval. You cannot approve your own.",
    Disposition.ESCALATE: "Goes to the managers' queue. You may still add notes.",
}


def key(case_id: str, field: str) -> str:
    """Build the key of one of the form's fields."""
    return session.key(field, case_id)


def show(file: CaseFile) -> None:
    """Draw what the case's state asks for."""
    if file.stage is Stage.CLOSED:
        _reason(file, "Reason for reopening", Action.REOPEN)
    elif file.stage is Stage.AWAITING:
        _return(file)
    elif not file.case.owner:
        _take(file)
    else:
        _decide(file)


def _decide(file: CaseFile) -> None:
    case_id = file.case.case_id
    reason = allowed.refusal(file, session.actor(), Action.SET_DISPOSITION)
    choices = [d for d in _LABELS if not (d is Disposition.ESCALATE and file.stage is Stage.ESCALATED)]
    chosen = st.radio("Decision", choices, key=key(case_id, "disposition"), horizontal=True, disabled=bool(reason),
                      format_func=lambda choice: _LABELS[choice], label_visibility="collapsed",
                      persist_state="session")  # fmt: skip
    chosen = chosen or Disposition.NO_SAR
    is_report = chosen is Disposition.SAR
    if is_report and not reason:
        composer.show_tools(file, key(case_id, "narrative"))
    st.text_area(
        _FIELDS[chosen], key=key(case_id, "narrative"), height=300 if is_report else 120, disabled=bool(reason),
        persist_state="session",
    )  # fmt: skip
    if is_report and not reason:
        composer.show_proof(file, session.take(key(case_id, "narrative")))
    after = _AFTER[chosen]
    if chosen is Disposition.SAR and not session.desk().settings.approval_required:
        after = "The case closes: approval is switched off by policy."
    st.markdown(formats.small(formats.plain(reason) if reason else after))
    st.button(_BUTTONS[chosen], key=key(case_id, "decide"), type="primary", width="stretch", disabled=bool(reason),
              help=reason or None, shortcut="Ctrl+Enter", on_click=_set,
              args=(case_id, file.seen_version, chosen))  # fmt: skip


def _set(case_id: str, seen_version: int, chosen: Disposition) -> None:
    flash.attempt(
        session.key("case", case_id),
        lambda: decisions.set_disposition(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version, disposition=chosen, text=session.take(key(case_id, "narrative")),
            base_currency=session.currency(), approval_required=session.desk().settings.approval_required,
        ),
        clears=(key(case_id, "narrative"), key(case_id, "disposition")),
    )  # fmt: skip


def _take(file: CaseFile) -> None:
    case_id = file.case.case_id
    reason = allowed.refusal(file, session.actor(), Action.TAKE)
    st.markdown(formats.small("Nobody holds this case. Take it to decide it."))
    st.button("Take case", key=key(case_id, "take"), type="primary", width="stretch", icon=":material/play_arrow:",
              shortcut="Ctrl+Enter", disabled=bool(reason), help=reason or None,
              on_click=_take_it, args=(case_id, file.seen_version))  # fmt: skip


def _take_it(case_id: str, seen_version: int) -> None:
    flash.attempt(
        session.key("case", case_id),
        lambda: assignment.take(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version,
        ),
    )  # fmt: skip


def _return(file: CaseFile) -> None:
    case_id = file.case.case_id
    _reason(file, "Reason for returning", Action.RETURN)
    reason = allowed.refusal(file, session.actor(), Action.RETURN)
    st.button("Return to analyst", key=key(case_id, "return"), width="stretch", icon=":material/undo:",
              shortcut="Ctrl+Enter", disabled=bool(reason), help=reason or None,
              on_click=send_back, args=(case_id, file.seen_version))  # fmt: skip


def send_back(case_id: str, seen_version: int) -> None:
    """Return a decision to its maker, with what stands in the field of reasons."""
    flash.attempt(
        session.key("case", case_id),
        lambda: decisions.send_back(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version, reason=session.take(key(case_id, "reason")),
        ),
        clears=(key(case_id, "reason"),),
    )  # fmt: skip


def _reason(file: CaseFile, label: str, action: Action) -> None:
    reason = allowed.refusal(file, session.actor(), action)
    if reason:
        st.markdown(formats.small(formats.plain(reason)))
    else:
        st.text_area(label, key=key(file.case.case_id, "reason"), height=120, persist_state="session")
