"""The events of the ledger, newest first, each with what the last verification said of it."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, event_words, formats, session
from app.ui.verdict import Verified
from casedesk.domain.ledger import ZERO_HASH, Recorded
from casedesk.domain.moments import parse
from casedesk.domain.verification import Verdict
from casedesk.services import ledger
from casedesk.services.ledger import Rows

_ROW: Final = 29
_MOST: Final = 200
SEARCH: Final = "ledger_search"
ACTION: Final = "ledger_action"
PERSON: Final = "ledger_person"


def read() -> Rows:
    """Read the events that the filters ask for."""
    return ledger.rows(
        uow=session.desk().reading(), actor=session.actor(), limit=_MOST, search=session.take(SEARCH),
        action=session.take(ACTION), user=session.take(PERSON),
    )  # fmt: skip


def show_filters(rows: Rows) -> None:
    """Draw search, kind of event and person."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.text_input("Search", key=SEARCH, type="search", placeholder="Case, person or event number", live=True,
                      icon=":material/search:", label_visibility="collapsed", width=260, persist_state="session")  # fmt: skip
        st.selectbox("Action", rows.actions, index=None, key=ACTION, placeholder="Action", width=150,
                     format_func=event_words.title, label_visibility="collapsed", persist_state="session")  # fmt: skip
        st.selectbox("Person", rows.users, index=None, key=PERSON, placeholder="Person", width=150,
                     format_func=lambda user: rows.names.get(user, user), label_visibility="collapsed",
                     persist_state="session")  # fmt: skip


def show(rows: Rows, verified: Verified | None) -> None:
    """Draw the events."""
    checks = [formats.BADGES[_check(event, verified)] for event in rows.events]
    frame = pd.DataFrame(
        {
            "Event": [event.event_id for event in rows.events],
            "Time": [_time(event.ts) for event in rows.events],
            "Case": [event.case_id for event in rows.events],
            "In case": [event.case_seq for event in rows.events],
            "Action": [event_words.title(event.action) for event in rows.events],
            "By": [rows.names.get(event.user, event.user) for event in rows.events],
            "Previous": ["–" if e.prev_hash == ZERO_HASH else e.prev_hash[:12] for e in rows.events],
            "Hash": [event.event_hash[:12] for event in rows.events],
            "Check": columns.cells(checks),
        }
    )
    st.dataframe(
        frame,
        key="ledger_events",
        hide_index=True,
        row_height=_ROW,
        height=min(_ROW * len(rows.events) + 37, 480),
        column_config={
            "Event": columns.count(84),
            "Time": columns.text(162, "Time UTC"),
            "Case": columns.text(99),
            "In case": columns.count(73),
            "Action": columns.text(144),
            "By": columns.text(152),
            "Previous": columns.text(130),
            "Hash": columns.text(130),
            "Check": columns.chips("Check", checks, 108),
        },
        alt="Events of the ledger",
    )
    if len(rows.events) == _MOST:
        st.markdown(formats.small(f"The newest {_MOST} are shown; narrow them to see older ones."))


def _time(ts: str) -> str:
    try:
        at = parse(ts)
    except ValueError:
        return ts  # edited behind the desk's back; the verification says so
    return f"{formats.day(at)} {at:%H:%M:%S}"


def _check(event: Recorded, verified: Verified | None) -> Verdict:
    if verified is None or event.event_id > verified.report.events:
        return Verdict.NOT_EVALUATED
    return Verdict.TAMPERED if event.event_id in verified.report.broken_events else Verdict.VERIFIED
