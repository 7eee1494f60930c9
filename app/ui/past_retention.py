"""The closed cases whose retention has ended, with what holds them; ticks choose those of which a purge is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from app.ui import columns, empty, formats, paging, session
from casedesk.domain.counts import counted
from casedesk.services.retention import Overdue

PAGE: Final = "retention_page"
_NOTHING: Final[dict[str, Any]] = {"selection": {"rows": [], "columns": [], "cells": []}}


def start() -> int:
    """Return the position of the first row of the page that is shown."""
    return (int(session.value(PAGE, 1)) - 1) * paging.ROWS


def key(case_ids: Sequence[str]) -> str:
    """Return the key of a table with these rows. Ticks are row numbers: over other rows there are none."""
    return session.key("retention_due", sha256(" ".join(case_ids).encode()).hexdigest()[:8])


def show(found: Overdue) -> tuple[str, ...]:
    """Draw the list; return the ids of the ticked cases."""
    st.markdown(f"**Past retention** :gray[{found.total:,}]")
    if found.without_filing:
        st.markdown(formats.small(f"{counted(found.without_filing, 'older case was', 'older cases were')} closed with a report of "
                                  "which no filing is known, so its retention has not begun."))  # fmt: skip
    if not found.cases:
        if found.total:
            paging.show_way_back(PAGE, found.total)
            return ()
        following = (
            f"That of {counted(found.next_cases, 'case')} ends next, on {formats.day(found.next_on)}."
            if found.next_on
            else ""
        )
        empty.show("No case has reached the end of its retention", following)
        return ()
    frame, config = _frame(found)
    ids = tuple(one.case_id for one in found.cases)
    st.dataframe(frame, key=key(ids), hide_index=True, row_height=31, height=31 * min(len(found.cases), 12) + 37,
                 column_config=config, on_select="rerun", selection_mode="multi-row", alt="Past retention")  # fmt: skip
    paging.show(PAGE, start(), len(found.cases), found.total)
    return tuple(ids[row] for row in session.value(key(ids), _NOTHING)["selection"]["rows"])


def _frame(found: Overdue) -> tuple[pd.DataFrame, dict[str, ColumnConfig]]:
    held = [
        formats.Badge(f"event {one.holds[0].event}", "lock", "■", "violet") if one.holds else None
        for one in found.cases
    ]
    frame = pd.DataFrame(
        {
            "Case": [one.case_id for one in found.cases],
            "Kept until": [formats.day(one.clock.due_on) for one in found.cases],
            "Held": columns.cells(held),
            "Counts from": [
                f"{formats.day(one.clock.started_on)}, event {one.clock.source_event}" for one in found.cases
            ],
            "Period": [
                f"{one.clock.rule.value} {one.clock.rule.unit} · v{one.clock.rule.version}" for one in found.cases
            ],
        }
    )
    return frame, {
        "Case": columns.text(84),
        "Kept until": columns.text(90),
        "Held": columns.chips("Held", [badge for badge in held if badge], 96),
        "Counts from": columns.text(150),
        "Period": columns.text(130),
    }
