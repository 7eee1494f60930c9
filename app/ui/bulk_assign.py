"""Give many cases to somebody: a drawer that first says what would happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from app.ui import flash, formats, session
from casedesk.domain.counts import counted
from casedesk.domain.people import Person, Role
from casedesk.errors import CasedeskError
from casedesk.services import assignment
from casedesk.services.assignment import Preview, Seen

NAME: Final = "bulk_assign"
_TO: Final = "bulk_assign_to"
_REASON: Final = "bulk_assign_reason"


@st.dialog("Assign cases", width="small", position="right", on_dismiss=session.close_dialog)
def show(selected: tuple[Seen, ...], everybody: Sequence[Person]) -> None:
    """Draw the drawer. It closes when the cases are assigned; a refusal leaves it open with what was typed."""
    if session.dialog() != NAME:
        st.rerun()
    flash.show(NAME, kept="What you chose is kept")
    names = {p.user_id: p.name for p in everybody if p.active and p.role in (Role.ANALYST, Role.MANAGER)}
    to = st.selectbox(
        "To", list(names), index=None, key=_TO, placeholder="Choose who", format_func=lambda user: names[user]
    )
    st.text_area("Reason (may stay empty)", key=_REASON, height=80)
    preview = _preview(selected, to) if to else Preview((), ())
    for case_id, reason in preview.refused:
        st.markdown(f"`{case_id}` {formats.small(formats.plain(reason))}")
    if to:
        refused = f" {len(preview.refused)} cannot." if preview.refused else ""
        st.markdown(f"**{len(preview.assignable)} of {len(selected)} can be assigned.**{refused}")
    else:
        st.markdown(
            formats.small(f"{len(selected)} selected. Choose who gets them; nothing changes before you assign.")
        )
    st.button(
        f"Assign {counted(len(preview.assignable), 'case')}",
        key="bulk_assign_submit",
        type="primary",
        disabled=not preview.assignable,
        on_click=_assign,
        args=(preview.assignable, to, names.get(to or "", "")),
    )


def _preview(selected: tuple[Seen, ...], to: str) -> Preview:
    return assignment.preview_assignment(
        uow=session.desk().reading(), actor=session.actor(), selected=selected, to=to, at=session.now()
    )


def _assign(selected: tuple[Seen, ...], to: str, name: str) -> None:
    try:
        done = assignment.bulk_assign(
            uow=session.desk().writing(),
            actor=session.actor(),
            at=session.now(),
            selected=selected,
            to=to,
            reason=session.take(_REASON),
        )
    except CasedeskError as error:
        flash.refuse(NAME, error)
        return
    session.clear(_TO, _REASON)
    session.close_dialog()
    cases = counted(len(done), "case")
    flash.say(f"{cases} assigned to {formats.plain(name)} (event {done[-1].event_id:,}).")
