"""The pages of each role, and the sidebar that leads to them.

Streamlit's own navigation links lose what was typed in a field when they are clicked; a button with ``switch_page``
commits it first. So the menu is hidden and drawn here from buttons.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import streamlit as st

from app.ui import flash, session, signin
from casedesk.domain.people import Action, Person, may
from casedesk.services import approvals, calendar, party_lists, policies, purging, quality, suppressions

_HERE: Final = Path(__file__).parent
_PAGES: Final = _HERE.parent / "pages"


@dataclass(frozen=True, slots=True)
class Entry:
    """One page: where it stands in the sidebar, and the action its role needs."""

    name: str
    title: str
    icon: str
    section: str  # empty: not in the sidebar
    needs: Action

    def page(self) -> st.Page:
        """Build the page for ``st.navigation`` and ``st.switch_page``."""
        return st.Page(
            _PAGES / f"{self.name}.py",
            title=self.title,
            icon=f":material/{self.icon}:",
            url_path=self.name,
            default=self.name == "triage",
            visibility="visible" if self.section else "hidden",
        )


ENTRIES: Final = (
    Entry("triage", "Triage", "inbox", "Work", Action.VIEW_CASE),
    Entry("approvals", "Approvals", "approval", "Work", Action.APPROVE),
    Entry("calendar", "Calendar", "calendar_month", "Work", Action.VIEW_CASE),
    Entry("outgoing", "Outgoing", "outbox", "Work", Action.SEND_FILINGS),
    Entry("qa", "QA review", "fact_check", "Quality", Action.REDRAW_SAMPLE),
    Entry("ledger", "Ledger", "link", "Records", Action.VIEW_LEDGER),
    Entry("exports", "Exports", "download", "Records", Action.EXPORT),
    Entry("lab", "Detection lab", "experiment", "Detection", Action.TUNE),
    Entry("suppressions", "Suppressions", "visibility_off", "Detection", Action.TUNE),
    Entry("risk", "Risk", "hub", "Detection", Action.VIEW_SCORES),
    Entry("model", "Model", "model_training", "Detection", Action.TUNE),
    Entry("policy", "Policy", "gavel", "Governance", Action.VIEW_LEDGER),
    Entry("retention", "Retention", "inventory_2", "Governance", Action.VIEW_LEDGER),
    Entry("operations", "Operations", "monitoring", "Governance", Action.IMPORT),
    Entry("api_keys", "API keys", "key", "Governance", Action.MANAGE_KEYS),
    Entry("case", "Case", "folder_open", "", Action.VIEW_CASE),
)


#: Pages that have a key of the keyboard, 1 to 9; those after them have none.
_KEYS: Final = 9


def declare() -> None:
    """Say before the first visit that the pages are named in code.

    Until a first run has called ``st.navigation``, Streamlit takes every file of pages/ for a page of its own and would
    run it without the sign-in.
    """
    logging.disable(logging.WARNING)  # Streamlit would warn that nobody is looking yet
    try:
        st.navigation([entry.page() for entry in ENTRIES], position="hidden")
    finally:
        logging.disable(logging.NOTSET)


def configure() -> None:
    """Set the frame of every page."""
    # a picture of our own: a name of Material's would have the browser ask Google's servers for it
    icon = str(_HERE / "icon.svg")
    st.set_page_config(page_title="AML Case Desk", page_icon=icon, layout="wide", initial_sidebar_state=208)
    dark = st.context.theme.type == "dark"
    st.logo(_HERE / f"wordmark-{'dark' if dark else 'light'}.svg")


def entries(actor: Person) -> tuple[Entry, ...]:
    """Return the pages of a role, those of the sidebar first and in its order."""
    return tuple(entry for entry in ENTRIES if may(actor.role, entry.needs))


def choose(actor: Person | None) -> st.Page:
    """Draw the sidebar and return the page the address asks for.

    Before the sign-in every address is taken, so that a link still leads where it should afterwards.
    """
    mine = entries(actor) if actor else ENTRIES
    page = st.navigation([entry.page() for entry in mine], position="hidden")
    if actor is not None:
        with st.sidebar:
            _menu(actor, [entry for entry in mine if entry.section], page.title)
            signin.show_actor(actor)
    return page


def go(name: str, query_params: Mapping[str, str] | None = None) -> None:
    """Go to a page. Works in a callback; the text typed right before the click is kept."""
    flash.drop()
    session.close_dialog()
    session.keep_typed()
    session.keep_news(None)
    entry = next(entry for entry in ENTRIES if entry.name == name)
    st.switch_page(entry.page(), query_params=dict(query_params or {}))


def open_case(case_id: str) -> None:
    """Go to a case."""
    go("case", {"id": case_id})


def _menu(actor: Person, shown: list[Entry], current: str) -> None:
    counts = session.memo("nav", lambda: _counts(actor, shown))
    for section, entries_of in groupby(enumerate(shown, start=1), key=lambda numbered: numbered[1].section):
        with st.container(gap=None):
            st.markdown(f":small[:gray[{section}]]")
            for number, entry in entries_of:
                _link(number, entry, counts.get(entry.name, 0), current=entry.title == current)


def _link(number: int, entry: Entry, count: int, *, current: bool) -> None:
    title = f":blue[**{entry.title}**]" if current else entry.title
    st.button(
        f"{title} :gray-badge[{_short(count)}]" if count else title,
        key=session.key("nav", entry.name),
        icon=f":material/{entry.icon}:",
        type="tertiary",
        shortcut=None if session.dialog() or number > _KEYS else str(number),
        on_click=go,
        args=(entry.name,),
    )


def _short(count: int) -> str:
    """Write a count that fits beside the longest title of the sidebar."""
    return str(count) if count < 1_000 else "999+"


def _counts(actor: Person, shown: list[Entry]) -> dict[str, int]:
    """Count what waits on a page. Neutral figures: they say that there is work, never that a report exists."""
    names = {entry.name for entry in shown}
    found = {"calendar": calendar.pressing(uow=session.desk().reading(), actor=actor, at=session.now())}
    if "approvals" in names:
        found["approvals"] = approvals.counts(uow=session.desk().reading(), actor=actor, at=session.now()).waiting
    if "qa" in names:
        found["qa"] = quality.waiting_reviews(uow=session.desk().reading(), actor=actor)
    if "policy" in names:
        found["policy"] = policies.waiting_for(uow=session.desk().reading(), actor=actor)
    if "retention" in names:
        found["retention"] = purging.waiting_for(uow=session.desk().reading(), actor=actor)
    if "risk" in names and may(actor.role, Action.DECIDE_MATCH):
        found["risk"] = party_lists.waiting(uow=session.desk().reading(), actor=actor)
    if "suppressions" in names:
        found["suppressions"] = suppressions.waiting_for(uow=session.desk().reading(), actor=actor)
    return found
