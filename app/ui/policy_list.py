"""The policy in force: each value with its unit, first day, version and source, and whether another one waits."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, formats, picker
from casedesk.services.policies import SETTABLE, Overview, State

BANK: Final = "The bank may set"
SHIPPED: Final = "As shipped"
_WAITS: Final = formats.Badge("Proposed", "approval", "◆", "violet")
_OWN: Final = formats.Badge("Bank’s own", "gavel", "●", "blue")
#: What the values are called; one that is not here is called by its own name.
_TITLES: Final = {
    "sar_days_suspect_known": "Report due, suspect known",
    "sar_days_suspect_unknown": "Report due, no suspect",
    "continuing_report_days": "Continuing report due",
    "continuing_review_days": "Continuing review due",
    "continuing_review": "Separate continuing review",
    "retention_years": "Retention",
    "ctr_days": "Currency report due",
    "ctr_line_minor": "Currency report line",
    "due_soon_days": "Due soon",
    "remind_days_before": "Reminder before the due day",
    "escalate_days_overdue": "Escalation once overdue",
}


def title_of(name: str) -> str:
    """Return what a value is called."""
    return _TITLES.get(name, formats.parameter(name))


def worded(value: int, unit: str) -> str:
    """Write a value with its unit, as Markdown."""
    said = formats.plain(unit)
    return f"**{value:,}** ({said})" if unit[:1].isdigit() else f"**{value:,}** {said}"


def show_views(found: Overview) -> str:
    """Draw the two kinds of values with their counts; return the chosen one."""
    sizes = {BANK: len(SETTABLE), SHIPPED: len(found.now) - len(SETTABLE)}
    return st.segmented_control("View", list(sizes), key="policy_view", default=BANK, required=True,
                                format_func=lambda view: f"{view} :gray[{sizes[view]}]", persist_state="session",
                                label_visibility="collapsed") or BANK  # fmt: skip


def choose(found: Overview, view: str) -> str:
    """Draw the values of a view; return the name of the chosen one."""
    names = sorted((name for name in found.now if (name in SETTABLE) == (view == BANK)), key=title_of)
    waiting = {one.name for one in found.changes if one.state is State.PROPOSED}
    values = [found.now[name] for name in names]
    states = [_WAITS if value.name in waiting else _OWN if value.event else None for value in values]
    frame = pd.DataFrame(
        {
            "Value": [title_of(name) for name in names],
            "State": columns.cells(states),
            "In force": [value.value for value in values],
            "Unit": [value.unit for value in values],
            "From": [formats.day(value.valid_from) for value in values],
            "Version": [value.version for value in values],
            "Source": [value.source for value in values],
        }
    )
    config = {
        "Value": columns.text(214),
        "State": columns.chips("", [state for state in states if state], 112),
        "In force": columns.count(84),
        "Unit": columns.text(150),
        "From": columns.text(96),
        "Version": columns.count(64),
        "Source": columns.text(328),
    }
    return picker.show(f"policy_values_{view}", frame, config, names, f"Values: {view}", most=13)
