"""One decision to approve or return: the case, what was found, the narrative, and the judge's form."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app.ui import (
    alert_table,
    allowed,
    amendment,
    case_header,
    decision_form,
    decision_text,
    flash,
    formats,
    navigation,
    session,
)
from casedesk.domain.cases import Stage
from casedesk.domain.people import Action
from casedesk.services import casefile, decisions
from casedesk.services.casefile import CaseFile


def show(case_id: str, now: datetime) -> None:
    """Draw the chosen case."""
    file = casefile.read(uow=session.desk().reading(), actor=session.actor(), case_id=case_id)
    with st.container(gap="xxsmall"):
        st.markdown(f"## {formats.plain(file.customer.name)}")
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"`{case_id}`", width="content")
            case_header.show_badges(file, now)
            st.markdown(formats.small(_sent(file, now)), width="content")
    alert_table.show(file.alerts, session.currency())
    if file.disclosed and file.case.decision_text:
        decision_text.note_reading(file)
        decision_text.show_text(file.case.decision_text, height=245)
        amendment.show(file)
    flash.show(session.key("case", case_id), names=file.names, disclosed=file.disclosed)
    if file.stage is Stage.AWAITING:
        _judge(file)


def show_way_in(case_id: str) -> None:
    """Draw the way to the whole case."""
    st.button("Open case", key="open_case", type="tertiary", icon=":material/open_in_full:", shortcut="O",
              on_click=navigation.open_case, args=(case_id,))  # fmt: skip


def _sent(file: CaseFile, now: datetime) -> str:
    case = file.case
    if case.decided_at is None:
        return f"version {file.seen_version}"
    who = formats.plain(file.names.get(case.decided_by, case.decided_by))
    return f"sent by {who} {formats.ago(case.decided_at, now)} · version {file.seen_version}"


def _judge(file: CaseFile) -> None:
    case_id, actor = file.case.case_id, session.actor()
    why_not = allowed.refusal(file, actor, Action.APPROVE)
    may_not_return = allowed.refusal(file, actor, Action.RETURN)
    with st.container(border=True, gap="xsmall"):
        if why_not:
            st.markdown(formats.small(formats.plain(why_not)))
        st.text_area("Reason for returning", key=decision_form.key(case_id, "reason"), height=68,
                     disabled=bool(may_not_return), persist_state="session")  # fmt: skip
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            st.button("Return to analyst", key="return", icon=":material/undo:", disabled=bool(may_not_return),
                      help=may_not_return or None, shortcut="Ctrl+Enter",
                      on_click=decision_form.send_back, args=(case_id, file.seen_version))  # fmt: skip
            st.button("Approve", key="approve", icon=":material/check:", type="primary", disabled=bool(why_not),
                      help=why_not or None, on_click=approve, args=(case_id, file.seen_version))  # fmt: skip


def approve(case_id: str, seen_version: int) -> None:
    """Approve the decision that was drawn."""
    flash.attempt(
        session.key("case", case_id),
        lambda: decisions.approve(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version,
        ),
        clears=(decision_form.key(case_id, "reason"),),
    )  # fmt: skip
