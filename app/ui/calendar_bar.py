"""Above the calendar: the view, the month or week, what is overdue and what comes, and which kind and whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import streamlit as st

from app.ui import calendar_state as state
from app.ui import formats, session
from app.ui.triage_state import ME, NOBODY
from casedesk.domain.people import Action, Person, may
from casedesk.services import calendar
from casedesk.services.calendar import DUE, OVERDUE, Days

AHEAD: Final = {OVERDUE: "Overdue", "today": "Due today", "7": "In 7 days", "30": "In 30 days"}


def show_views(today: date) -> None:
    """Draw the views, and the month or week between the ways to the others."""
    st.segmented_control("View", list(state.VIEWS), key=state.VIEW, required=True, persist_state="session",
                         default=None if session.known(state.VIEW) else state.MONTH, on_change=state.show_all,
                         label_visibility="collapsed")  # fmt: skip
    week = state.view_shown() == state.WEEK
    first, last = state.bounds(today)
    before, after = (first - timedelta(days=7), first + timedelta(days=7)) if week else _months(first)
    word = f"{formats.day(first)} – {formats.day(last)}" if week else f"{first:%B %Y}"
    free = not session.dialog()
    st.button("", key="calendar_before", icon=":material/chevron_left:", help="Before", on_click=state.to_day,
              args=(before,), shortcut="J" if free else None)  # fmt: skip
    st.button(word, key="calendar_now", width=200 if week else 150, help=f"Back to this {'week' if week else 'month'}",
              on_click=state.to_day, args=(today,))  # fmt: skip
    st.button("", key="calendar_after", icon=":material/chevron_right:", help="After", on_click=state.to_day,
              args=(after,), shortcut="K" if free else None)  # fmt: skip


def _months(first: date) -> tuple[date, date]:
    return (first - timedelta(days=1)).replace(day=1), calendar.following(first)


def show_filters(found: Days, actor: Person, everybody: Sequence[Person]) -> None:
    """Draw what is overdue and what comes, each the way to its list, and the filters."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        for name in DUE:
            count = found.ahead[name]
            color = "red" if name == OVERDUE and count else "gray"
            st.button(f"{AHEAD[name]} :{color}-badge[{count:,}]", key=session.key("due", name),
                      disabled=not count, help=None if count else "Nothing falls due then.",
                      on_click=state.show_span, args=(name,))  # fmt: skip
        _choice("Kind", state.KIND, {kind: formats.CLOCKS[kind].word for kind in calendar.kinds_of(actor)})
        if calendar.sees_everybody(actor):
            names = {person.user_id: person.name for person in everybody if may(person.role, Action.TAKE)}
            _choice("Whose", state.OWNER, {ME: "Mine", NOBODY: "Nobody’s"} | names)


def _choice(label: str, key: str, words: Mapping[Any, str]) -> None:
    options = dict(words)
    if session.value(key, None) not in options:
        session.put(key, None)  # somebody who signed in after another may not be offered the same
    st.selectbox(label, list(options), index=None, key=key, placeholder=label, width=190, persist_state="session",
                 format_func=lambda one: options.get(one, str(one)), label_visibility="collapsed",
                 on_change=session.put, args=(state.PAGE, 1))  # fmt: skip
