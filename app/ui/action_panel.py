"""The card of a case in which work is done: note, decision, handing over; and the judges' buttons under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from app.ui import allowed, decision_form, flash, handover_form, note_form, session
from casedesk.domain.people import Action, Person
from casedesk.services import decisions
from casedesk.services.casefile import CaseFile

NOTE: Final = "Note"
DECIDE: Final = "Decide"
HAND_OVER: Final = "Hand over"


def show(file: CaseFile, everybody: Sequence[Person]) -> None:
    """Draw the card. What role and state forbid is greyed, with the reason on hover."""
    case_id = file.case.case_id
    with st.container(border=True, gap="xsmall"):
        shown = st.segmented_control(
            "Action",
            [NOTE, DECIDE, HAND_OVER],
            key=session.key("panel", case_id),
            default=None if session.known(session.key("panel", case_id)) else _first(file),
            required=True,
            width="stretch",
            label_visibility="collapsed",
            persist_state="session",
        )
        flash.show(session.key("case", case_id), names=file.names, disclosed=file.disclosed)
        if shown == NOTE:
            note_form.show(file)
        elif shown == HAND_OVER:
            handover_form.show(file, everybody)
        else:
            decision_form.show(file)
        with st.container(horizontal=True, gap="xsmall"):
            _judge(file, "Approve", Action.APPROVE)
            _judge(file, "Reopen", Action.REOPEN)


def _first(file: CaseFile) -> str:
    """Start with the decision where one can be made, taken or judged."""
    actor = session.actor()
    steps = (Action.SET_DISPOSITION, Action.TAKE, Action.RETURN, Action.REOPEN)
    return DECIDE if any(not allowed.refusal(file, actor, step) for step in steps) else NOTE


def _judge(file: CaseFile, label: str, action: Action) -> None:
    reason = allowed.refusal(file, session.actor(), action)
    st.button(label, key=session.key(label.lower(), file.case.case_id), width="stretch", disabled=bool(reason),
              help=reason or _hint(action), on_click=_APPROVE_OR_REOPEN[action],
              args=(file.case.case_id, file.seen_version))  # fmt: skip


def _hint(action: Action) -> str | None:
    return "The reason goes into the field above." if action is Action.REOPEN else None


def _approve(case_id: str, seen_version: int) -> None:
    flash.attempt(
        session.key("case", case_id),
        lambda: decisions.approve(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version,
        ),
        clears=(decision_form.key(case_id, "reason"),),
    )  # fmt: skip


def _reopen(case_id: str, seen_version: int) -> None:
    session.put(session.key("panel", case_id), DECIDE)  # where the reason is written
    flash.attempt(
        session.key("case", case_id),
        lambda: decisions.reopen(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version, reason=session.take(decision_form.key(case_id, "reason")),
        ),
        clears=(decision_form.key(case_id, "reason"),),
    )  # fmt: skip


_APPROVE_OR_REOPEN: Final = {Action.APPROVE: _approve, Action.REOPEN: _reopen}
