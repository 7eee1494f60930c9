"""The queue as a table in which one click opens a case and ticks select for a bulk assignment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from app.ui import columns, formats, navigation, session, triage_state
from casedesk.domain.alerts import band
from casedesk.domain.expected_value import HALVING_DAYS, at_stake
from casedesk.services.assignment import Seen
from casedesk.services.queue import Page, QueueRow, Sort

_DRAWN: Final = "queue_drawn"
_TABLE: Final = "queue_table"
_ROW: Final = 31
_MOST_SHOWN: Final = 20  # rows before the table scrolls by itself
_NOTHING: Final[dict[str, Any]] = {"selection": {"rows": [], "columns": [], "cells": []}}


def key() -> str:
    """Return the key of the table that is drawn now."""
    number = session.value(_TABLE, 0)
    return f"queue_{number}" if number else "queue"


def show(page: Page, now: datetime, worklist: Callable[[], session.Worklist], *, selectable: bool) -> None:
    """Draw the lines of one page.

    :param worklist: makes the list that Next and Previous step through, when a case is opened.
    :param selectable: whether rows can be ticked.
    """
    case_ids = [line.row.case_id for line in page.lines]
    carry_ticks(page)
    drawn_as = key()

    def opened() -> None:
        cells = session.value(drawn_as, _NOTHING)["selection"]["cells"]
        if cells and cells[0][0] < len(case_ids):
            session.set_worklist(worklist())
            navigation.open_case(case_ids[cells[0][0]])

    by_value = triage_state.sort() is Sort.VALUE
    frame, config = _frame(page, now, by_value=by_value)
    st.dataframe(
        frame,
        key=drawn_as,
        hide_index=True,
        row_height=_ROW,
        height=_ROW * min(len(page.lines), _MOST_SHOWN) + 37,
        column_config=config,
        on_select=opened,
        selection_mode=["multi-row", "single-cell"] if selectable else "single-cell",
        alt="The queue of cases",
    )
    if by_value:
        st.markdown(formats.small(STAKE))


def ticked(page: Page) -> tuple[Seen, ...]:
    """Return the ticked cases as they were drawn. Call :func:`carry_ticks` first, where the list may have changed."""
    shown = _shown(page)
    if [seen.case_id for seen in session.value(_DRAWN, [])] != [seen.case_id for seen in shown]:
        return ()
    return tuple(shown[row] for row in session.value(key(), _NOTHING)["selection"]["rows"])


def carry_ticks(page: Page) -> None:
    """Let ticks follow their cases when the list changed: they are row numbers, which may now mean other cases.

    A case that is not listed any more, or was changed since it was ticked, loses its tick. The table is a new one then,
    because changing the selection of the old one by hand makes the browser swallow the next click.
    """
    drawn, shown = session.value(_DRAWN, []), _shown(page)
    if [seen.case_id for seen in drawn] == [seen.case_id for seen in shown]:
        return
    rows = [drawn[row] for row in session.value(key(), _NOTHING)["selection"]["rows"] if row < len(drawn)]
    session.put(_DRAWN, shown)
    if rows:
        session.put(_TABLE, session.value(_TABLE, 0) + 1)
        kept = [place for place, seen in enumerate(shown) if seen in rows]
        session.put(key(), {"selection": {"rows": kept, "columns": [], "cells": []}})


def _shown(page: Page) -> list[Seen]:
    return [Seen(line.row.case_id, line.row.version) for line in page.lines]


#: What the order by value goes by, as docs/guide/analyst.md has it.
STAKE: Final = (
    "At stake is severity ÷ 100 × amount. In this order it counts half for every "
    f"{HALVING_DAYS} days until the case is due: at stake × 2^(−days left ÷ {HALVING_DAYS})."
)


def _at_stake(row: QueueRow, code: str) -> float:
    return formats.units(at_stake(row.severity, row.amount_minor), code)


def _typology(row: QueueRow) -> str:
    lapsed = "all" if row.lapsed_count == row.alert_count else f"{row.lapsed_count:,}"
    return formats.rule(row.typology) + (f", {lapsed} lapsed" if row.lapsed_count else "")


def _frame(page: Page, now: datetime, *, by_value: bool) -> tuple[pd.DataFrame, dict[str, ColumnConfig]]:
    code = session.currency()
    lines = page.lines
    due = [formats.due(line.row.due_at, now, page.due_soon_days) for line in lines]
    risk = [formats.BADGES[band(line.row.severity)] for line in lines]
    stage = [formats.BADGES[line.stage] for line in lines]
    frame = pd.DataFrame(
        {
            "Due": columns.cells(due),
            "Risk": columns.cells(risk),
            "Case": [line.row.case_id for line in lines],
            "Customer": [line.row.customer for line in lines],
            "Typology": [_typology(line.row) for line in lines],
            "Alerts": [line.row.alert_count for line in lines],
            "Amount": [formats.units(line.row.amount_minor, code) for line in lines],
            **({"At stake": [_at_stake(line.row, code) for line in lines]} if by_value else {}),
            "Status": columns.cells(stage),
            "Owner": [line.row.owner_name or "—" for line in lines],
            **({} if by_value else {"Age": [formats.age(now - line.row.opened_at) for line in lines]}),
        }
    )
    return frame, {
        "Due": columns.chips("Due", due, 84),
        "Risk": columns.chips("Risk", risk, 90),
        "Case": columns.text(86),
        "Customer": columns.text(152 if by_value else 196),  # what is at stake takes the room of the age
        "Typology": columns.text(140),
        "Alerts": columns.count(52),
        "Amount": columns.amount(f"Amount {code}", code, 92),
        "At stake": columns.amount("At stake", code, 92, help=STAKE),
        "Status": columns.chips("Status", stage, 138),
        "Owner": columns.text(112),
        "Age": columns.text(48, right=True),
    }
