"""Give a case to a colleague, or put it back into the queue."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.ui import allowed, flash, session
from casedesk.domain.people import Action, Person, Role
from casedesk.errors import Invalid
from casedesk.services import assignment
from casedesk.services.casefile import CaseFile

_WORKERS = (Role.ANALYST, Role.MANAGER)


class NobodyChosen(Invalid):
    """The field To is empty."""

    def __init__(self) -> None:
        super().__init__("Nobody is chosen; choose a colleague in the field To.")


def show(file: CaseFile, everybody: Sequence[Person]) -> None:
    """Draw the form: the owner hands over, a manager assigns whoever holds the case."""
    case_id, actor = file.case.case_id, session.actor()
    hands_over = not allowed.refusal(file, actor, Action.HAND_OVER)
    assigns = not hands_over and not allowed.refusal(file, actor, Action.ASSIGN)
    reason = "" if hands_over or assigns else allowed.refusal(file, actor, Action.HAND_OVER)
    names = {p.user_id: p.name for p in everybody if p.active and p.role in _WORKERS and p.user_id != file.case.owner}
    st.selectbox("To", list(names), index=None, key=session.key("to", case_id), placeholder="Choose a colleague",
                 format_func=lambda user: names.get(user, user), disabled=bool(reason), persist_state="session")  # fmt: skip
    st.text_area("Reason" if hands_over else "Reason (may stay empty)", key=session.key("to_reason", case_id),
                 height=80, disabled=bool(reason), persist_state="session")  # fmt: skip
    st.button("Assign case" if assigns else "Hand over case", key=session.key("hand_over", case_id), type="primary",
              width="stretch", shortcut="Ctrl+Enter", disabled=bool(reason), help=reason or None,
              on_click=_give, args=(case_id, file.seen_version, assigns))  # fmt: skip
    _release(file, actor)


def _release(file: CaseFile, actor: Person) -> None:
    reason = allowed.refusal(file, actor, Action.RELEASE)
    st.button("Release to the queue", key=session.key("release", file.case.case_id), width="stretch",
              disabled=bool(reason), help=reason or "The reason above goes with it.",
              on_click=_put_back, args=(file.case.case_id, file.seen_version))  # fmt: skip


def _give(case_id: str, seen_version: int, assigns: bool) -> None:
    step = assignment.assign if assigns else assignment.hand_over
    fields = (session.key("to", case_id), session.key("to_reason", case_id))
    flash.attempt(
        session.key("case", case_id),
        lambda: step(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version, to=_chosen(fields[0]), reason=session.take(fields[1]),
        ),
        clears=fields,
    )  # fmt: skip


def _chosen(field: str) -> str:
    chosen = session.take(field)
    if not chosen:
        raise NobodyChosen
    return chosen


def _put_back(case_id: str, seen_version: int) -> None:
    fields = (session.key("to", case_id), session.key("to_reason", case_id))
    flash.attempt(
        session.key("case", case_id),
        lambda: assignment.release(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version, reason=session.take(fields[1]),
        ),
        clears=fields,
    )  # fmt: skip
