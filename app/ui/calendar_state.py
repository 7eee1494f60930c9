"""What the calendar is asked for: view, days, kind and whose, kept in the session and mirrored to the address."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

import streamlit as st

from app.ui import paging, session
from app.ui.triage_state import ME, NOBODY
from casedesk.domain.people import Person
from casedesk.services import calendar
from casedesk.services.calendar import DUE, Asked, Kind

VIEW: Final = "calendar_view"
DAY: Final = "calendar_day"  # some day of the month or week that is shown
KIND: Final = "calendar_kind"
OWNER: Final = "calendar_owner"
SPAN: Final = "calendar_due"  # what the list shows: a word of DUE, a day, or nothing for the whole month
PAGE: Final = "calendar_page"
MONTH: Final = "Month"
WEEK: Final = "Week"
LIST: Final = "List"
VIEWS: Final = (MONTH, WEEK, LIST)
#: Names of kinds in the address. They say what somebody looks for, never that there is one.
KINDS: Final = {
    "case": Kind.REPORT, "currency": Kind.CTR, "review": Kind.REVIEW, "continuing": Kind.CONTINUING,
    "retention": Kind.RETENTION,
}  # fmt: skip
_READ: Final = "calendar_address_read"


def read_address(actor: Person, today: date, owners: Collection[str]) -> None:
    """Take what is asked for from the address, once a session. What makes no sense there is passed over."""
    if session.known(_READ):
        return
    session.put(_READ, new=True)
    asked = st.query_params
    view = next((view for view in VIEWS if view.lower() == asked.get("view")), None)
    kind = KINDS.get(asked.get("kind", ""))
    day = _day(asked.get("week", "")) or _day(f"{asked.get('month', '')}-01")
    found = {
        VIEW: view,
        DAY: day if day and 1990 <= day.year <= 2200 else None,
        KIND: kind if kind in calendar.kinds_of(actor) else None,
        OWNER: asked.get("owner") if asked.get("owner") in (ME, NOBODY, *owners) else None,
        SPAN: _span(asked.get("due", "")) if view == LIST else None,
    }
    for key, value in found.items():
        if value is not None and (key != OWNER or calendar.sees_everybody(actor)):
            session.put(key, value)


def write_address(today: date) -> None:
    """Mirror it to the address where it differs from what the page shows anyway."""
    day, view = shown(today), view_shown()
    now = {MONTH: day.replace(day=1) == today.replace(day=1), WEEK: monday(day) == monday(today)}
    wanted = {} if view == MONTH else {"view": view.lower()}
    if view == WEEK and not now[WEEK]:
        wanted["week"] = monday(day).isoformat()
    elif view != WEEK and not now[MONTH] and not span():
        wanted["month"] = f"{day:%Y-%m}"
    if view == LIST and span():
        wanted["due"] = str(span())
    kind = session.value(KIND, None)
    if kind is not None:
        wanted["kind"] = next(name for name, one in KINDS.items() if one is kind)
    if session.value(OWNER, ""):
        wanted["owner"] = session.value(OWNER, "")
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def view_shown() -> str:
    """Return the view."""
    return str(session.value(VIEW, MONTH))


def shown(today: date) -> date:
    """Return the day whose month or week is shown."""
    found: date = session.value(DAY, today)
    return found


def monday(day: date) -> date:
    """Return the first day of a day's week."""
    return day - timedelta(days=day.weekday())


def bounds(today: date) -> tuple[date, date]:
    """Return the first and the last day that are shown."""
    day = shown(today)
    if view_shown() == WEEK:
        return monday(day), monday(day) + timedelta(days=6)
    first = day.replace(day=1)
    return first, calendar.following(first) - timedelta(days=1)


def span() -> str:
    """Return what the list shows besides a whole month: a word of ``DUE`` or a day, or nothing."""
    return str(session.value(SPAN, ""))


def start() -> int:
    """Return the position of the first line of the page of the list that is shown."""
    return (int(session.value(PAGE, 1)) - 1) * paging.ROWS


def asked(actor: Person) -> Asked:
    """Return kind and owner as the service takes them."""
    kind, owner = session.value(KIND, None), session.value(OWNER, "")
    return Asked(frozenset({kind} if kind else ()), actor.user_id if owner == ME else owner)


def mine(actor: Person) -> bool:
    """Say whether only the actor's own are asked for."""
    return not calendar.sees_everybody(actor) or session.value(OWNER, "") in (ME, actor.user_id)


def to_day(day: date) -> None:
    """Show the month or week of another day. Call it in a callback."""
    session.put(DAY, day)
    show_all()


def show_span(due: str) -> None:
    """List what falls due then. Call it in a callback."""
    session.put(VIEW, LIST)
    session.put(SPAN, due)
    session.put(PAGE, 1)


def show_all() -> None:
    """List the whole month again. Call it in a callback."""
    session.put(SPAN, "")
    session.put(PAGE, 1)


def _span(text: str) -> str | None:
    return text if text in DUE or _day(text) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
