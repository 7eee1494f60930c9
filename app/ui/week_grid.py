"""A week in seven columns: each day's first cases, with the kind of due date and its derivation on hover."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import streamlit as st

from app.ui import calendar_state, due_list, formats, month_grid, navigation, session
from casedesk.domain.counts import counted
from casedesk.services.calendar import Days, Line, Page


def show(found: Days, lines: Mapping[date, Page], today: date) -> None:
    """Draw the week."""
    days = [found.first + timedelta(days=n) for n in range(7)]
    for column, day in zip(st.columns(7, gap="xsmall"), days, strict=True):
        with column:
            # in a line of its own: beside the day, a narrow window would cut the count off
            st.markdown(formats.small(month_grid.WEEKDAYS[day.weekday()]), text_alignment="center")
            month_grid.show_day(day, found, today, str(day.day))
            page = lines.get(day)
            if page is not None:
                _entries(day, page)
    st.markdown(formats.small(f"{counted(found.total, 'due date')} in this week. Days are days in UTC."))


def _entries(day: date, page: Page) -> None:
    with st.container(gap=None):
        for number, line in enumerate(page.lines):
            st.button(line.case.case_id, key=session.key("week", day.isoformat(), str(number)), type="tertiary",
                      icon=f":material/{formats.CLOCKS[line.kind].icon}:", help=_told(line),
                      on_click=navigation.open_case, args=(line.case.case_id,))  # fmt: skip
        more = page.total - len(page.lines)
        if more:
            st.button(f":gray[and {more:,} more]", key=session.key("more", day.isoformat()), type="tertiary",
                      on_click=calendar_state.show_span, args=(day.isoformat(),))  # fmt: skip


def _told(line: Line) -> str:
    owner = formats.plain(line.case.owner_name) or "nobody’s"
    return (
        f"**{formats.CLOCKS[line.kind].word}** · {formats.plain(line.case.customer)} · {owner}  \n"
        f"{formats.plain(due_list.derivation(line))}"
    )
