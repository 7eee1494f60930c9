"""A month as a grid of days with how many open cases fall due, and the month and whose it is in the address."""

from __future__ import annotations

from calendar import Calendar
from datetime import date, timedelta
from typing import Final

import streamlit as st

from app.ui import formats, navigation, session, triage_state
from casedesk.domain.counts import counted
from casedesk.domain.people import Person
from casedesk.services import calendar
from casedesk.services.calendar import DUE, OVERDUE, Month

MONTH: Final = "calendar_month"
WHOSE: Final = "calendar_whose"
MINE: Final = "Mine"
EVERYBODY: Final = "Everybody’s"
_READ: Final = "calendar_address_read"
_AHEAD: Final = {OVERDUE: "Overdue", "today": "Due today", "7": "Due in 7 days", "30": "Due in 30 days"}
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def read_address(today: date) -> None:
    """Take month and whose from the address, once a session. What makes no sense there is passed over."""
    if session.known(_READ):
        return
    session.put(_READ, new=True)
    try:
        asked = date.fromisoformat(f"{st.query_params.get('month', '')}-01")
    except ValueError:
        asked = today
    session.put(MONTH, asked.replace(day=1) if 1990 <= asked.year <= 2200 else today.replace(day=1))
    if st.query_params.get("whose") == "mine":
        session.put(WHOSE, MINE)


def write_address(today: date) -> None:
    """Mirror both to the address where they differ from what the page shows anyway."""
    month = shown(today)
    wanted = {} if month == today.replace(day=1) else {"month": f"{month:%Y-%m}"}
    if session.value(WHOSE, "") == MINE:
        wanted["whose"] = "mine"
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def shown(today: date) -> date:
    """Return the first day of the month that is shown."""
    found: date = session.value(MONTH, today.replace(day=1))
    return found


def mine(actor: Person) -> bool:
    """Say whether only the actor's own cases are shown."""
    return not calendar.sees_everybody(actor) or session.value(WHOSE, EVERYBODY) == MINE


def show_whose(actor: Person) -> None:
    """Draw the choice between one's own and everybody's, for whom it is one."""
    if calendar.sees_everybody(actor):
        st.segmented_control("Whose", [MINE, EVERYBODY], key=WHOSE, required=True, persist_state="session",
                             default=None if session.known(WHOSE) else EVERYBODY,
                             label_visibility="collapsed")  # fmt: skip


def show_months(today: date) -> None:
    """Draw the month's name between the ways to the others."""
    first = shown(today)
    before, after = (first - timedelta(days=1)).replace(day=1), calendar.following(first)
    free = not session.dialog()
    st.button("", key="month_before", icon=":material/chevron_left:", help=f"{before:%B %Y}", on_click=session.put,
              args=(MONTH, before), shortcut="J" if free else None)  # fmt: skip
    st.button(f"{first:%B %Y}", key="month_now", width=150, help="Back to this month", on_click=session.put,
              args=(MONTH, today.replace(day=1)))  # fmt: skip
    st.button("", key="month_after", icon=":material/chevron_right:", help=f"{after:%B %Y}", on_click=session.put,
              args=(MONTH, after), shortcut="K" if free else None)  # fmt: skip


def show_ahead(found: Month, *, mine: bool) -> None:
    """Draw what is overdue and what comes, each the way to its cases."""
    with st.container(horizontal=True, gap="xsmall"):
        for name in DUE:
            count = found.ahead[name]
            color = "red" if name == OVERDUE and count else "gray"
            st.button(f"{_AHEAD[name]} :{color}-badge[{count:,}]", key=session.key("due", name),
                      disabled=not count, help=None if count else "No case falls due then.",
                      on_click=_open, args=(name, mine))  # fmt: skip


def show(found: Month, today: date, *, mine: bool) -> None:
    """Draw the grid: weeks from Monday, days of other months left out."""
    for column, word in zip(st.columns(7, gap="xsmall"), _WEEKDAYS, strict=True):
        column.markdown(formats.small(word), text_alignment="center")
    for week in Calendar().monthdatescalendar(found.first.year, found.first.month):
        for column, day in zip(st.columns(7, gap="xsmall"), week, strict=True):
            if day.month == found.first.month:
                with column:
                    _day(day, found, today, mine=mine)


def _day(day: date, found: Month, today: date, *, mine: bool) -> None:
    count = found.days.get(day, 0)
    number = f":blue[**{day.day}**]" if day == today else str(day.day)
    color = "red" if day < today else "orange" if day < today + timedelta(days=found.soon_days) else "gray"
    st.button(
        f"{number} :{color}-badge[{count:,}]" if count else number,
        key=session.key("day", day.isoformat()),
        type="secondary" if count else "tertiary",
        width="stretch",
        disabled=not count,
        help=f"{formats.day(day)}: {count:,} due" if count else f"{formats.day(day)}: nothing falls due",
        on_click=_open,
        args=(day, mine),
    )


def legend(found: Month) -> str:
    """Say what the figures are."""
    total = sum(found.days.values())
    return formats.small(
        f"{counted(total, 'open case falls', 'open cases fall')} due in {found.first:%B %Y}. Red is overdue, orange is due within "
        f"{counted(found.soon_days, 'day')}. Days are days in UTC."
    )


def _open(due: str | date, mine: bool) -> None:
    triage_state.show_due(due, mine=mine)
    navigation.go("triage")
