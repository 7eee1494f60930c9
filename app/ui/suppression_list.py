"""The list of suppressions: scope, covered days, who approved, and how many alerts each hid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats, paging, picker, session
from casedesk.services import suppressions
from casedesk.services.suppressions import Listed, State, Suppression

IN_FORCE: Final = "In force"
WAITING: Final = "Waiting"
PAST: Final = "Ended or rejected"
_HOLDS: Final[dict[str, tuple[State, ...]]] = {
    IN_FORCE: (State.IN_FORCE,),
    WAITING: (State.PROPOSED,),
    PAST: (State.ENDED, State.REJECTED),
}
_NOTHING: Final = {
    IN_FORCE: ("Nothing is suppressed", "Every alert that the rules find is raised."),
    WAITING: ("No proposal waits", "A proposal waits here until another manager approves or rejects it."),
    PAST: ("Nothing was ended or rejected yet", "What a suppression hid stays listed here after its end."),
}  # fmt: skip
#: Where something is searched for.
_NOT_FOUND: Final = ("Nothing was found", "No suppression of this kind is about that; look at the other two.")
_SEARCH: Final = "suppressions_search"


def show_search() -> str:
    """Draw the field to search in, and return what stands there."""
    st.text_input("Search", key=_SEARCH, type="search", placeholder="Customer, account or number", live=True,
                  icon=":material/search:", label_visibility="collapsed", width=250, persist_state="session",
                  on_change=_from_the_first)  # fmt: skip
    return session.take(_SEARCH).strip()


def _from_the_first() -> None:
    for view in _HOLDS:
        session.put(_page(view), 1)


def _page(view: str) -> str:
    return session.key("suppressions", view, "page")


def show_views(by_state: Mapping[State, int]) -> tuple[str, int]:
    """Draw the views with their counts; return the chosen one, and how many it holds."""
    sizes = {name: sum(by_state.get(state, 0) for state in states) for name, states in _HOLDS.items()}
    view = st.segmented_control("View", list(_HOLDS), key="suppressions_view", default=IN_FORCE, required=True, wrap=True,
                                format_func=lambda name: f"{name} :gray[{sizes[name]:,}]",
                                label_visibility="collapsed", persist_state="session") or IN_FORCE  # fmt: skip
    return view, sizes[view]


def show(view: str, search: str, total: int, today: date) -> Listed | None:
    """Draw a page of the list of a view; return the chosen suppression."""
    key = _page(view)
    start = paging.start_of(key, total)
    rows = suppressions.page(uow=session.desk().reading(), actor=session.actor(), states=_HOLDS[view], start=start,
                             limit=paging.ROWS, search=search)  # fmt: skip
    if not rows:
        empty.show(*(_NOT_FOUND if search else _NOTHING[view]))
        return None
    names = session.names()
    states = [formats.BADGES[one.suppression.state] for one in rows]
    frame = pd.DataFrame(
        {
            "Suppression": [one.suppression.suppression_id for one in rows],
            "State": columns.cells(states),
            "Hidden": [one.count.hidden for one in rows],
            "Released": [one.count.released for one in rows],
            "Rule": [formats.rule(one.suppression.rule) for one in rows],
            "Customer": [one.customer for one in rows],
            "Account": [one.suppression.account_id or "All" for one in rows],
            "Covered days": [days(one.suppression) for one in rows],
            "Left": [left(one.suppression, today) for one in rows],
            "Approver": [names.get(one.suppression.decided_by, one.suppression.decided_by) for one in rows],
        }
    )
    config = {
        "Suppression": columns.text(94),
        "State": columns.chips("State", states, 92),
        "Hidden": columns.count(56),
        "Released": columns.count(66),
        "Rule": columns.text(174),
        "Customer": columns.text(164),
        "Account": columns.text(86),
        "Covered days": columns.text(166),
        "Left": columns.text(46, right=True),
        "Approver": columns.text(104),
    }
    ids = [one.suppression.suppression_id for one in rows]
    chosen = picker.show(f"suppressions_{view}", frame, config, ids, f"Suppressions: {view}", most=8)
    paging.show(key, start, len(rows), total)
    return rows[ids.index(chosen)]


def days(one: Suppression) -> str:
    """Write the covered days, first and last."""
    last = one.covers_until - timedelta(days=1)
    return formats.day(last) if last == one.covers_from else f"{formats.day(one.covers_from)} – {formats.day(last)}"


def left(one: Suppression, today: date) -> str:
    """Write how many covered days are left of one in force."""
    if one.state is not State.IN_FORCE:
        return ""
    remaining = one.days_left(today)
    return f"{remaining} d" if remaining else "over"
