"""What the triage page is asked for: its filters, kept in the session and mirrored to the address.

Binding widgets to the address breaks ``switch_page`` from a callback, so the address is read into the session once and
written again when it differs. Back, Esc and the menu then all return to the same filters, and a link can be shared.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Final

import streamlit as st

from app.ui import session
from casedesk.domain.alerts import Risk
from casedesk.domain.people import Person
from casedesk.services import queue
from casedesk.services.queue import Page, Query, Sort, View, list_page

#: Widget key, name in the address, and what is left out of the address.
VIEW: Final = "triage_view"
SEARCH: Final = "triage_search"
STATUS: Final = "triage_status"
RISK: Final = "triage_risk"
TYPOLOGY: Final = "triage_typology"
OWNER: Final = "triage_owner"
CLOSED: Final = "triage_closed"
DUE: Final = "triage_due"
DAY: Final = "triage_day"  # the day, where DUE is ON_DAY; it is no filter of its own
SORT: Final = "triage_sort"
ROWS: Final = "triage_rows"
PAGE: Final = "triage_page"
SINCE: Final = "triage_since"  # the event behind which something new must have happened; no widget's key

_NAMES: Final = {
    VIEW: "view", SEARCH: "q", STATUS: "status", RISK: "risk", TYPOLOGY: "typology", OWNER: "owner", CLOSED: "closed",
    DUE: "due", SORT: "sort", ROWS: "rows", PAGE: "page", SINCE: "since",
}  # fmt: skip
_EMPTY: Final = {SEARCH: "", STATUS: None, RISK: None, TYPOLOGY: None, OWNER: None, CLOSED: False, DUE: None, SINCE: 0}
ROW_LIMITS: Final = (25, 50, 100, 500)
STATUSES: Final = ("New", "In Review", "Awaiting approval", "Closed")
ON_DAY: Final = "day"
ME: Final = "me"
NOBODY: Final = "-"
_READ: Final = "triage_address_read"
_LEFT: Final = "triage_left"


def read_address(*, sees_decisions: bool, owners: Collection[str]) -> None:
    """Take the filters from the address, once a session. What makes no sense there is passed over.

    :param owners: the user ids that can be asked for.
    """
    if session.known(_READ):
        return
    session.put(_READ, new=True)
    for key, name in _NAMES.items():
        text = st.query_params.get(name)
        value = None if text is None else _parsed(key, text, sees_decisions=sees_decisions)
        if value is not None and not (key == OWNER and value not in (ME, NOBODY, *owners)):
            _put(key, value)


def _put(key: str, value: object) -> None:
    if isinstance(value, date):
        session.put(DAY, value)
        value = ON_DAY
    session.put(key, value)


def show_due(due: str | date, *, mine: bool) -> None:
    """Ask for what falls due then and for nothing else, one's own or everybody's. Call it in a callback."""
    clear_filters()
    session.put(VIEW, View.ALL)
    session.put(OWNER, ME if mine else None)
    _put(DUE, due)


def show_new(since: int) -> None:
    """Ask for what is new behind an event and for nothing else, and keep what was asked for. Call it in a callback."""
    if not session.value(SINCE, 0):
        session.put(_LEFT, {key: session.value(key, None) for key in (*_NAMES, DAY)})
    clear_filters()
    session.put(VIEW, View.ALL)
    session.put(SORT, Sort.NEWEST)
    session.put(SINCE, since)


def go_back() -> None:
    """Ask again for what was asked for before :func:`show_new`. Call it in a callback."""
    clear_filters()
    for key, held in session.value(_LEFT, {}).items():
        if held is not None:
            session.put(key, held)
    session.clear(_LEFT)


def write_address() -> None:
    """Mirror the filters to the address where they differ from it."""
    wanted = {name: text for key, name in _NAMES.items() if (text := _text(key))}
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def query(user_id: str) -> Query:
    """Return what is asked for."""
    owner = session.value(OWNER, "")
    return Query(
        view=session.value(VIEW, View.ALL),
        status=session.value(STATUS, ""),
        owner=user_id if owner == ME else owner,
        risk=session.value(RISK, None),
        typology=session.value(TYPOLOGY, ""),
        search=session.take(SEARCH),
        include_closed=session.value(CLOSED, default=False),
        due=due(),
        since=session.value(SINCE, 0),
        sort=sort(),
    )


def due() -> str:
    """Return what is asked of the due date, as the query takes it."""
    asked = str(session.value(DUE, ""))
    return session.value(DAY, session.now().date()).isoformat() if asked == ON_DAY else asked


def sort() -> Sort:
    """Return the order that is asked for."""
    return Sort(session.value(SORT, Sort.URGENCY))


def rows() -> int:
    """Return how many rows a page has."""
    return int(session.value(ROWS, session.desk().settings.page_limit))


def page() -> int:
    """Return which page is shown, from 1."""
    return int(session.value(PAGE, 1))


def to_first_page() -> None:
    """Go back to the first page, because what is listed changed."""
    session.put(PAGE, 1)


def clear_filters() -> None:
    """Take every filter away, the view excepted."""
    for key, empty in _EMPTY.items():
        session.put(key, empty)
    to_first_page()


def filtered() -> bool:
    """Say whether anything but the view narrows the list."""
    return any(session.value(key, empty) != empty for key, empty in _EMPTY.items())


def row_limits() -> tuple[int, ...]:
    """Return the choices for rows a page, the configured one among them."""
    return tuple(sorted({*ROW_LIMITS, session.desk().settings.page_limit}))


def _parsed(key: str, text: str, *, sees_decisions: bool) -> object:
    """Read one value; None where the address holds something the page does not offer."""
    if key == VIEW:
        found = next((view for view in View if view.value == text), None)
        return None if found is View.AWAITING and not sees_decisions else found
    if key == RISK:
        return next((risk for risk in Risk if risk.value == text), None)
    if key == SORT:
        return next((sort for sort in Sort if sort.value == text), None)
    if key == DUE:
        return text if text in queue.DUE else _day(text)
    if key == CLOSED:
        return True if text == "yes" else None
    if key in (ROWS, PAGE, SINCE):
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < (7 if key != SINCE else 16) else 0
        allowed = number in row_limits() if key == ROWS else number >= 1
        return number if allowed else None
    if key == STATUS:
        return text if text in STATUSES and (sees_decisions or text != "Awaiting approval") else None
    return text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _text(key: str) -> str:
    """Write one value; empty where it is what the page shows anyway."""
    if key == DUE:
        return due()
    value = session.value(key, None)
    defaults = {VIEW: View.ALL, SORT: Sort.URGENCY, ROWS: session.desk().settings.page_limit, PAGE: 1, SINCE: 0}
    if value is None or value == defaults.get(key):
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value)


def read_page(actor: Person, at: datetime) -> Page:
    """Read the page of the queue that is asked for. A typology that occurs nowhere is no filter."""
    found = list_page(
        uow=session.desk().reading(),
        actor=actor,
        at=at,
        query=query(actor.user_id),
        start=(page() - 1) * rows(),
        limit=rows(),
    )
    if session.value(TYPOLOGY, None) in (None, *found.typologies):
        return found
    session.put(TYPOLOGY, None)
    return read_page(actor, at)
