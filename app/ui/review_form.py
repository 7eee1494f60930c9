"""The review of one closed case: what was decided, the checklist, the finding, pass or fail."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app.ui import allowed, case_header, decision_text, flash, formats, navigation, session
from casedesk.domain.casework import CHECKLIST, SEVERITIES, Review
from casedesk.domain.people import Action
from casedesk.services import casefile, quality
from casedesk.services.casefile import CaseFile


def show(case_id: str, now: datetime) -> None:
    """Draw the chosen case with its form, or with its outcome if it was reviewed."""
    file = casefile.read(uow=session.desk().reading(), actor=session.actor(), case_id=case_id)
    with st.container(gap="xxsmall"):
        st.markdown(f"## {formats.plain(file.customer.name)}")
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"`{case_id}`", width="content")
            case_header.show_badges(file, now)
            st.button("Open case", key="open_case", type="tertiary", icon=":material/open_in_full:", shortcut="O",
                      on_click=navigation.open_case, args=(case_id,))  # fmt: skip
    decision_text.note_reading(file)
    decision_text.show(file)
    flash.show(session.key("review", case_id), names=file.names, disclosed=file.disclosed)
    if not file.case.qa_status:
        _form(file)


def _form(file: CaseFile) -> None:
    case_id = file.case.case_id
    reason = allowed.refusal(file, session.actor(), Action.REVIEW)
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Checklist**")
        ticked = [
            st.checkbox(words, key=_key(case_id, point), disabled=bool(reason), persist_state="session")
            for point, words in CHECKLIST.items()
        ]
        st.text_area("Notes", key=_key(case_id, "notes"), height=68, disabled=bool(reason), persist_state="session")
        st.segmented_control("Severity", SEVERITIES, key=_key(case_id, "severity"), disabled=bool(reason),
                             persist_state="session")  # fmt: skip
        missing = len(CHECKLIST) - sum(ticked)
        not_whole = (
            f"A pass needs the whole checklist; {missing} of {len(CHECKLIST)} are not ticked." if missing else ""
        )
        with st.container(horizontal=True, gap="xsmall"):
            st.button("Fail and return", key="fail", icon=":material/close:", width="stretch", disabled=bool(reason),
                      help=reason or None, on_click=_review, args=(case_id, file.seen_version, False))  # fmt: skip
            st.button("Pass", key="pass", icon=":material/check:", type="primary", width="stretch",
                      disabled=bool(reason or missing), help=reason or not_whole or None,
                      shortcut="Ctrl+Enter", on_click=_review,
                      args=(case_id, file.seen_version, True))  # fmt: skip
        maker = formats.plain(file.names.get(file.case.decided_by, file.case.decided_by))
        st.markdown(
            formats.small(
                formats.plain(reason)
                or f"A failed case goes back to {maker}. Your review and its hash join the case's ledger."
            )
        )


def _review(case_id: str, seen_version: int, passed: bool) -> None:
    fields = [_key(case_id, name) for name in (*CHECKLIST, "notes", "severity")]
    flash.attempt(
        session.key("review", case_id),
        lambda: quality.review(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version,
            form=Review(
                passed, frozenset(point for point in CHECKLIST if session.value(_key(case_id, point), default=False)),
                session.take(_key(case_id, "notes")), session.take(_key(case_id, "severity")),
            ),
        ),
        clears=tuple(fields),
    )  # fmt: skip


def _key(case_id: str, field: str) -> str:
    return session.key("review", field, case_id)
