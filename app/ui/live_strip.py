"""What came onto the queue since the page was opened: told beside its title, without a change to anything that is shown.

A fragment runs by itself every few seconds. It repaints only itself, so a list under the eye does not move, what is typed or
ticked stays, and the words take no line of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from app.ui import formats, session, triage_state
from casedesk.domain.counts import counted
from casedesk.errors import Unavailable
from casedesk.services import ledger, queue
from casedesk.services.queue import News

SHOW: Final = "show_new"
BACK: Final = "only_new"

#: Seconds between two looks of a page.
_EVERY: Final = 3
#: Pixels: room for two digits of each; more wrap within.
_WIDTH: Final = 205
#: How long a page is looked after that nobody uses. Every click on it draws it anew and starts the time again.
_PATIENCE: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Told:
    """What is new behind the event ``mark``, the newest at the time ``at``; events up to ``upto`` are counted."""

    mark: int
    at: datetime
    upto: int
    found: News


def begin() -> None:
    """Take the mark when the page is opened, before the queue is read: what comes in between is told of, not missed."""
    if session.news() is None:
        size = ledger.size(uow=session.desk().reading())
        session.keep_news(Told(size, session.now(), size, News()))


@st.cache_data(ttl=_EVERY - 1, show_spinner=False)
def _seen_size() -> int:
    """Return how many events there are, by one look for all pages of this process within some seconds."""
    return ledger.size(uow=session.desk().reading())


def show(drawn_at: datetime) -> None:
    """Draw the strip. It follows a change of the page's filters, and ends when what is new was shown."""
    if session.value(triage_state.SINCE, 0):
        st.button("New only", key=BACK, type="tertiary", icon=":material/close:", on_click=triage_state.go_back,
                  help="Go back to the list you came from.")  # fmt: skip
    _strip(drawn_at)


@st.fragment(run_every=_EVERY)
def _strip(drawn_at: datetime) -> None:
    if session.news() is None:
        st.rerun()  # what is new was asked for; a click in a fragment runs the fragment alone
    # one width and one height, whatever it says, so that nothing beside or below it moves
    with st.container(horizontal=True, horizontal_alignment="right", width=_WIDTH):
        if session.now() - drawn_at > _PATIENCE:
            _quiet(
                "Paused",
                "pause",
                "Nobody used this page for 30 minutes, so it looks for nothing new. Any click goes on.",
            )
            return
        try:
            told = _look()
        except Unavailable as error:
            _quiet("Not live", "cloud_off", formats.plain(str(error)))
            return
        if told.found == News():
            _quiet("Live", "sensors", f"Nothing new since {told.at:%H:%M:%S} UTC.")
        else:
            _show(told)


def _quiet(word: str, icon: str, reason: str) -> None:
    """Draw a word that nobody has to act on. A greyed button says why on hover, and is as high as one that is not."""
    st.button(word, key="live", type="tertiary", icon=f":material/{icon}:", disabled=True, help=reason)


def _show(told: Told) -> None:
    free = not session.dialog()
    st.button(
        words(told.found), key=SHOW, type="tertiary", icon=":material/fiber_new:", disabled=not free,
        shortcut="N" if free else None, help=f"Came since {told.at:%H:%M:%S} UTC. Shows them, and nothing else.",
        on_click=_show_new, args=(told.mark,),
    )  # fmt: skip


def _show_new(mark: int) -> None:
    triage_state.show_new(session.value(triage_state.SINCE, 0) or mark)
    session.keep_news(None)


def words(found: News) -> str:
    """Say what is new: “3 alerts, 2 cases new”; alerts that joined cases that were there have no case beside them."""
    cases = f", {counted(found.cases, 'case')}" if found.cases else ""
    return f"{counted(found.alerts, 'alert')}{cases} new"


def _look() -> Told:
    """Return what is new by now; only the events since the last look are read."""
    told: Told = session.news()
    size = _seen_size()
    if size > told.upto:
        reading, actor = session.desk().reading(), session.actor()
        found = queue.news(uow=reading, actor=actor, after=told.upto, upto=size)
        told = replace(told, upto=size, found=told.found + found)
        session.keep_news(told)
    return told
