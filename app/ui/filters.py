"""The views and filters above the queue, and what stands under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from app.ui import formats, session, triage_state
from app.ui.triage_state import ME, NOBODY
from casedesk.domain.alerts import Risk
from casedesk.domain.counts import counted
from casedesk.domain.people import Person, Role
from casedesk.services.queue import Page, Sort, View

_WORDS: Final = {
    View.MINE: "Mine",
    View.UNASSIGNED: "Unassigned",
    View.DUE_SOON: "Due in 7 days",
    View.OVERDUE: "Overdue",
    View.AWAITING: "Awaiting approval",
    View.ESCALATED: "Escalated",
    View.ALL: "All open",
}
_SORTS: Final = {
    Sort.URGENCY: "Most urgent first",
    Sort.RISK: "Highest risk first",
    Sort.VALUE: "Most at stake first",
    Sort.NEWEST: "Newest first",
}
#: Escalated cases have their own list on the Approvals page.
_SHOWN: Final = (View.MINE, View.UNASSIGNED, View.DUE_SOON, View.OVERDUE, View.AWAITING, View.ALL)


def view_name(view: View, due_soon_days: int) -> str:
    """Name a view."""
    return f"Due in {counted(due_soon_days, 'day')}" if view is View.DUE_SOON else _WORDS[view]


def show_views(page: Page) -> None:
    """Draw the views with their sizes. One the reader may not know of is not there."""
    views = [view for view in _SHOWN if view in page.counters]
    if session.value(triage_state.VIEW, View.ALL) not in views:
        session.put(triage_state.VIEW, View.ALL)
    st.segmented_control(
        "View",
        views,
        key=triage_state.VIEW,
        default=None if session.known(triage_state.VIEW) else View.ALL,
        format_func=lambda view: f"{view_name(view, page.due_soon_days)} :gray[{page.counters[view]:,}]",
        required=True,
        wrap=True,
        label_visibility="collapsed",
        persist_state="session",
        on_change=triage_state.to_first_page,
    )


def show_filters(actor: Person, everybody: Sequence[Person], typologies: Sequence[str]) -> None:
    """Draw the filters."""
    names = {ME: "Me", NOBODY: "Nobody"} | {p.user_id: p.name for p in everybody if p.role in _OWNERS}
    statuses = [s for s in triage_state.STATUSES if actor.need_to_know or s != "Awaiting approval"]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.text_input(
            "Search",
            key=triage_state.SEARCH,
            type="search",
            placeholder="Case, customer or account",
            icon=":material/search:",
            live=True,
            label_visibility="collapsed",
            width=210,
            persist_state="session",
            on_change=triage_state.to_first_page,
        )
        _choice("Status", triage_state.STATUS, statuses, {})
        _choice("Risk", triage_state.RISK, list(Risk), {risk: formats.BADGES[risk].word for risk in Risk})
        _choice(
            "Typology",
            triage_state.TYPOLOGY,
            sorted(typologies, key=formats.rule),
            {t: formats.rule(t) for t in typologies},
        )
        _choice("Owner", triage_state.OWNER, list(names), names)
        _due()
        st.toggle(
            "Include closed",
            key=triage_state.CLOSED,
            persist_state="session",
            on_change=triage_state.to_first_page,
        )


def _due() -> None:
    """Draw what may be asked of the due date; the field for a day stands there when a day is asked for."""
    _choice("Due", triage_state.DUE, list(_DUE), _DUE, width=120)
    if session.value(triage_state.DUE, "") == triage_state.ON_DAY:
        if not session.known(triage_state.DAY):
            session.put(triage_state.DAY, session.now().date())
        st.date_input("Due on", key=triage_state.DAY, format="YYYY-MM-DD", label_visibility="collapsed", width=130,
                      persist_state="session", on_change=triage_state.to_first_page)  # fmt: skip


_DUE: Final = {
    "overdue": "Overdue", "today": "Today", "7": "In 7 days", "30": "In 30 days", triage_state.ON_DAY: "On a day",
}  # fmt: skip
_OWNERS: Final = (Role.ANALYST, Role.MANAGER)


def _choice(
    label: str, key: str, options: list[str] | list[Risk], words: dict[str, str] | dict[Risk, str], width: int = 136
) -> None:
    if session.known(key) and session.value(key, None) not in options:
        session.put(key, None)  # somebody who signed in after another may not be offered the same
    st.selectbox(
        label,
        options,
        index=None,
        key=key,
        placeholder=label,
        format_func=lambda option: words.get(option, str(option)),
        label_visibility="collapsed",
        width=width,
        persist_state="session",
        on_change=triage_state.to_first_page,
    )


def show_footer(page: Page, updated: str, open_first: Callable[[], None], *, keys: bool) -> None:
    """Draw where in the list the page stands, the order, the row limit, the first row's key, and the way to other pages.

    :param keys: whether the keyboard is the page's own, and not a dialog's.
    """
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
            last = page.start + len(page.lines)
            st.markdown(
                formats.small(f"{page.start + 1:,}–{last:,} of {page.total:,} · updated {updated} UTC"), width="content"
            )
            _sort_and_rows()
            st.button("Open first", key="open_first", type="tertiary", icon=":material/open_in_full:",
                      shortcut="O" if keys else None, on_click=open_first)  # fmt: skip
        pages = max(-(-page.total // triage_state.rows()), 1)
        if pages > 1:
            st.pagination(
                pages,
                key=triage_state.PAGE,
                max_visible_pages=5,
                width=45 * (min(pages, 5) + 2),
                persist_state="session",
            )


def _sort_and_rows() -> None:
    st.selectbox(
        "Order",
        list(Sort),
        key=triage_state.SORT,
        format_func=lambda sort: _SORTS[sort],
        label_visibility="collapsed",
        width=165,
        persist_state="session",
        on_change=triage_state.to_first_page,
    )
    if not session.known(triage_state.ROWS):
        session.put(triage_state.ROWS, triage_state.rows())
    st.selectbox(
        "Rows",
        triage_state.row_limits(),
        key=triage_state.ROWS,
        format_func=lambda rows: f"{rows} rows",
        label_visibility="collapsed",
        width=105,
        persist_state="session",
        on_change=triage_state.to_first_page,
    )
