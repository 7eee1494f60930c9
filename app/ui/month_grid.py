"""A month as a grid of days with how much falls due; each day is the way to its list."""

from __future__ import annotations

from calendar import Calendar
from collections import Counter
from datetime import date, timedelta
from typing import Final

import streamlit as st

from app.ui import calendar_state, formats, session
from casedesk.domain.counts import counted
from casedesk.services.calendar import Days, Kind

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def show(found: Days, today: date) -> None:
    """Draw the grid: weeks from Monday, days of other months left out."""
    for column, word in zip(st.columns(7, gap="xsmall"), WEEKDAYS, strict=True):
        column.markdown(formats.small(word), text_alignment="center")
    for week in Calendar().monthdatescalendar(found.first.year, found.first.month):
        for column, day in zip(st.columns(7, gap="xsmall"), week, strict=True):
            if day.month == found.first.month:
                with column:
                    show_day(day, found, today, str(day.day))
    st.markdown(_legend(found))


def show_day(day: date, found: Days, today: date, word: str) -> None:
    """Draw a day with how much falls due on it."""
    counts = found.days.get(day, Counter())
    total = counts.total()
    said = f":blue[**{word}**]" if day == today else word
    st.button(
        f"{said} :{_color(day, counts, today, found.soon_days)}-badge[{total:,}]" if total else said,
        key=session.key("day", day.isoformat()),
        type="secondary" if total else "tertiary",
        width="stretch",
        disabled=not total,
        help=f"{formats.day(day)}: {_told(counts) or 'nothing falls due'}",
        on_click=calendar_state.show_span,
        args=(day.isoformat(),),
    )


def _color(day: date, counts: Counter[Kind], today: date, soon_days: int) -> formats.Color:
    if counts.total() == counts[Kind.RETENTION]:
        return "gray"  # nobody is late with it
    return "red" if day < today else "orange" if day < today + timedelta(days=soon_days) else "gray"


def _told(counts: Counter[Kind]) -> str:
    return ", ".join(f"{formats.CLOCKS[kind].word.lower()} {counts[kind]:,}" for kind in Kind if counts[kind])


def _legend(found: Days) -> str:
    """Say what the figures are."""
    return formats.small(
        f"{counted(found.total, 'due date')} in {found.first:%B %Y}. Red is overdue, orange is due within "
        f"{counted(found.soon_days, 'day')}. Days are days in UTC."
    )
