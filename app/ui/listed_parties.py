"""The lists of parties: every version of every source, and which are in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats, session
from casedesk.services.party_lists import ListVersion

_ROW: Final = 29


def show(lists: Sequence[ListVersion]) -> None:
    """Draw the versions, the newest first."""
    if not lists:
        empty.show("No list was loaded yet", "An operator or a manager loads one: casedesk score load FILE.")
        return
    names = session.names()
    frame = pd.DataFrame(
        {
            "List": [one.list_id for one in lists],
            "Source": [one.source for one in lists],
            "Version": [one.version for one in lists],
            "Of": [formats.day(one.listed_on) for one in lists],
            "In force": ["● in force" if one.in_force else "○ before" for one in lists],
            "Entries": [one.entries for one in lists],
            "Loaded": [f"{one.loaded_at:%Y-%m-%d %H:%M}" for one in lists],
            "By": [names.get(one.loaded_by, one.loaded_by) for one in lists],
            "SHA-256": [one.sha256[:12] for one in lists],
        }
    )
    st.dataframe(
        frame, key="party_lists", hide_index=True, row_height=_ROW, height=min(_ROW * len(frame), 500) + 37,
        column_config={
            "List": columns.text(94), "Source": columns.text(150), "Version": columns.text(120), "Of": columns.text(96),
            "In force": columns.text(88), "Entries": columns.count(72), "Loaded": columns.text(126), "By": columns.text(150),
            "SHA-256": columns.text(110),
        },
        alt="Lists of parties",
    )  # fmt: skip
    st.markdown(
        formats.small(
            "A new version of a source takes the place of the one before, which is kept. Scores follow with the next run."
        )
    )
