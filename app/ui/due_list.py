"""What falls due as a list: kind, case, whose it is, and from which event by which rule; one click opens the case."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import pandas as pd
import streamlit as st

from app.ui import calendar_bar, calendar_state, columns, empty, formats, navigation, paging, session, triage_state
from casedesk.domain.people import Person
from casedesk.services.calendar import DUE, Kind, Line, Page

_NOTHING: Final[dict[str, Any]] = {"selection": {"rows": [], "columns": [], "cells": []}}
_TABLE: Final = "calendar_list"


def show(page: Page, actor: Person, now: datetime, soon_days: int) -> None:
    """Draw the list under what it is a list of."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{_title(now.date())}** :gray[{page.total:,}]", width="content")
        if calendar_state.span():
            _ways_out(actor)
    if page.total and not page.lines:
        paging.show_way_back(calendar_state.PAGE, page.total)
        return
    if not page.lines:
        empty.show("Nothing falls due then", "Choose another month, another kind, or everybody’s.")
        return
    ids = [line.case.case_id for line in page.lines]

    def opened() -> None:
        cells = session.value(_TABLE, _NOTHING)["selection"]["cells"]
        if cells and cells[0][0] < len(ids):
            session.set_worklist(session.Worklist("Calendar", tuple(dict.fromkeys(ids))))
            navigation.open_case(ids[cells[0][0]])

    frame, config = _frame(page, now, soon_days)
    st.dataframe(frame, key=_TABLE, hide_index=True, row_height=31, height=31 * min(len(ids), 20) + 37,
                 column_config=config, on_select=opened, selection_mode="single-cell", alt="What falls due")  # fmt: skip
    paging.show(calendar_state.PAGE, page.start, len(ids), page.total)


def derivation(line: Line) -> str:
    """Say the whole derivation in words, and what holds a case that is kept."""
    held = ", ".join(str(event) for event in line.holds)
    return line.clock.explain() + (f" Legal hold: event {held}." if held else "")


def _title(today: date) -> str:
    span = calendar_state.span()
    if not span:
        return f"{calendar_state.shown(today):%B %Y}"
    return calendar_bar.AHEAD[span] if span in DUE else formats.day(date.fromisoformat(span))


def _ways_out(actor: Person) -> None:
    with st.container(horizontal=True, width="content", gap="xsmall"):
        st.button("Whole month", key="calendar_all", icon=":material/calendar_month:", on_click=calendar_state.show_all)
        kind = session.value(calendar_state.KIND, Kind.REPORT)
        st.button("Cases in Triage", key="calendar_triage", icon=":material/inbox:", on_click=_to_triage,
                  args=(calendar_state.span(), calendar_state.mine(actor)), disabled=kind is not Kind.REPORT,
                  help=None if kind is Kind.REPORT else "Triage lists open cases by the day their report is due.")  # fmt: skip


def _to_triage(span: str, mine: bool) -> None:
    triage_state.show_due(span if span in DUE else date.fromisoformat(span), mine=mine)
    navigation.go("triage")


def _frame(page: Page, now: datetime, soon_days: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    due = [_due(line, now, soon_days) for line in page.lines]
    kinds = [formats.CLOCKS[line.kind] for line in page.lines]
    frame = pd.DataFrame(
        {
            "Day": [formats.day(line.clock.due_on) for line in page.lines],
            "Due": columns.cells(due),
            "Kind": columns.cells(kinds),
            "Case": [line.case.case_id for line in page.lines],
            "Customer": [line.case.customer for line in page.lines],
            "Owner": [line.case.owner_name or "—" for line in page.lines],
            "Counts from": [_source(line) for line in page.lines],
            "Period": [_period(line) for line in page.lines],
        }
    )
    return frame, {
        "Day": columns.text(88),
        "Due": columns.chips("Due", due, 84),
        "Kind": columns.chips("Kind", kinds, 150),
        "Case": columns.text(86),
        "Customer": columns.text(132),
        "Owner": columns.text(108),
        "Counts from": columns.text(158),
        "Period": columns.text(276, "Period, policy version, rule"),
    }


def _source(line: Line) -> str:
    return f"{formats.day(line.clock.started_on)}, event {line.clock.source_event}"


def _period(line: Line) -> str:
    rule = line.clock.rule
    return f"{rule.value} {rule.unit} · v{rule.version} · {rule.source}"


def _due(line: Line, now: datetime, soon_days: int) -> formats.Badge:
    if line.kind is not Kind.RETENTION:
        return formats.due(line.clock.due_at, now, soon_days)
    if line.holds:
        return formats.Badge("held", "lock", "■", "violet")
    ended = line.clock.due_at <= now
    return formats.Badge("ended" if ended else formats.age(line.clock.due_at - now), "schedule", "○", "gray")
