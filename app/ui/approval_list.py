"""The lists of the Approvals page: what waits, what was escalated, what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats, picker, session
from casedesk.services import approvals
from casedesk.services.approvals import Counts, Judged, Waiting

WAITING: Final = "Waiting"
ESCALATED: Final = "Escalated"
DECIDED: Final = "Decided"
_NOTHING: Final = {
    WAITING: ("Nothing waits for approval", "A case appears here when its analyst sends it."),
    ESCALATED: ("Nothing was escalated", "A case appears here when its analyst escalates it."),
    DECIDED: ("Nothing was decided yet", "What managers approve or return is listed here."),
}


def show(counts: Counts, now: datetime) -> str:
    """Draw the views and the list of the chosen one; return the chosen case, or the empty string."""
    sizes = {WAITING: counts.waiting, ESCALATED: counts.escalated, DECIDED: counts.decided}
    view = st.segmented_control("View", list(sizes), key="approvals_view", default=WAITING, required=True, wrap=True,
                                format_func=lambda name: f"{name} :gray[{sizes[name]:,}]",
                                label_visibility="collapsed") or WAITING  # fmt: skip
    desk, actor = session.desk(), session.actor()
    if view == DECIDED:
        judged = approvals.decided(uow=desk.reading(), actor=actor)
        if judged:
            return _judged(judged, now)
    else:
        read = approvals.waiting if view == WAITING else approvals.escalated
        rows = read(uow=desk.reading(), actor=actor, at=now)
        if rows:
            return _rows(view, rows, now)
    empty.show(*_NOTHING[view])
    return ""


def _rows(view: str, rows: Sequence[Waiting], now: datetime) -> str:
    due = [formats.due(waiting.row.due_at, now) for waiting in rows]
    frame = pd.DataFrame(
        {
            "Due": columns.cells(due),
            "Case": [waiting.row.case_id for waiting in rows],
            "Customer": [waiting.row.customer for waiting in rows],
            "By": [waiting.by for waiting in rows],
            "Sent": [formats.age(now - waiting.sent_at) if waiting.sent_at else "" for waiting in rows],
        }
    )
    config = {
        "Due": columns.chips("Due", due, 86),
        "Case": columns.text(84),
        "Customer": columns.text(104),
        "By": columns.text(80),
        "Sent": columns.text(60, right=True),
    }
    ids = [waiting.row.case_id for waiting in rows]
    chosen = picker.show(f"approvals_{view.lower()}", frame, config, ids, f"{view} cases")
    st.markdown(formats.small("You cannot approve a case you worked on: the row opens, the button says why."))
    return chosen


def _judged(rows: Sequence[Judged], now: datetime) -> str:
    frame = pd.DataFrame(
        {
            "Case": [judged.row.case_id for judged in rows],
            "Customer": [judged.row.customer for judged in rows],
            "By": [judged.by for judged in rows],
            "Outcome": ["Approved" if judged.approved else "Returned" for judged in rows],
            "When": [formats.age(now - judged.at) for judged in rows],
        }
    )
    config = {
        "Case": columns.text(84),
        "Customer": columns.text(122),
        "By": columns.text(98),
        "Outcome": columns.text(70),
        "When": columns.text(44, right=True),
    }
    events = [str(judged.event_id) for judged in rows]
    chosen = picker.show("approvals_decided", frame, config, events, "Decided cases")
    return rows[events.index(chosen)].row.case_id
