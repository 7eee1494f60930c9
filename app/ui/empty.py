"""What is shown where there is nothing: what is empty, why, and the one way out."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app.ui import formats, session, triage_state
from casedesk.domain.counts import counted
from casedesk.services.queue import Page, View


def show(sentence: str, gloss: str = "") -> None:
    """Draw a bordered block with a bold sentence and a grey one."""
    with st.container(border=True, height=260, horizontal_alignment="center", vertical_alignment="center"):
        _sentences(sentence, gloss)


def show_queue(page: Page, now: datetime) -> None:
    """Draw an empty queue: hidden by filters, or really done."""
    with st.container(border=True, height=260, horizontal_alignment="center", vertical_alignment="center"):
        if triage_state.filtered():
            hidden = page.counters[triage_state.query(session.actor().user_id).view]
            _sentences("No case matches these filters", f"{_said()} {_hidden(hidden)}")
            st.button("Clear filters", key="clear_filters", shortcut="X", on_click=triage_state.clear_filters)
        elif page.total:
            _sentences(
                "This page is past the end of the list",
                f"{counted(page.total, 'case is', 'cases are')} on the pages before it.",
            )
            st.button("First page", key="first_page", on_click=triage_state.to_first_page)
        else:
            _sentences(*_done(page))


def _done(page: Page) -> tuple[str, str]:
    view = triage_state.query(session.actor().user_id).view
    rest = (
        f"{counted(page.counters[View.UNASSIGNED], 'case waits', 'cases wait')} to be taken."
        if page.counters[View.UNASSIGNED]
        else ""
    )
    if view is View.MINE:
        return "Nothing waits for you", rest or "No case waits to be taken."
    if view is View.ALL and not page.counters[View.ALL]:
        return "No case is open", "Cases come from detection over imported transactions, or from the demo bank."
    return "This view is empty", f"{counted(page.counters[View.ALL], 'case is', 'cases are')} open in all."


def _said() -> str:
    query = triage_state.query(session.actor().user_id)
    search = f"Search “{formats.plain(query.search)}” · " if query.search else ""
    new = "Only what is new · " if query.since else ""
    risk = query.risk.value if query.risk else "any"
    due = f"Due {query.due} · " if query.due else ""
    return f"{search}{due}{new}Status {query.status or 'any'} · Risk {risk}."


def _hidden(count: int) -> str:
    return f"{counted(count, 'open case is', 'open cases are')} hidden by them."


def _sentences(sentence: str, gloss: str) -> None:
    st.markdown(f"**{sentence}**", width="content", text_alignment="center")
    if gloss:
        st.markdown(f":gray[{gloss}]", width="content", text_alignment="center")
