"""The alerts that one suppression hid, with what was found in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats
from casedesk.domain.alerts import band
from casedesk.services.suppressions import Hidden, Listed

_ROW: Final = 29
_IN_FULL: Final = 6


def show(chosen: Listed, rows: Sequence[Hidden], currency: str) -> None:
    """Draw what a suppression hid, the newest first."""
    name = chosen.suppression.suppression_id
    count = chosen.count
    released = f", {count.released:,} released since" if count.released else ""
    st.markdown(f"**Alerts hidden by {name}** :gray[{count.hidden:,} hidden{released}]")
    if not rows:
        empty.show(f"{name} has hidden nothing", "What a run of the rules finds within its days is listed here.")
        return
    risks = [formats.BADGES[band(row.severity)] for row in rows]
    frame = pd.DataFrame(
        {
            "Last UTC": [formats.moment(row.window_end).removesuffix(" UTC") for row in rows],
            "Risk": columns.cells(risks),
            "Account": [row.account_id for row in rows],
            "Tx": [len(row.transaction_ids) for row in rows],
            f"Amount {currency}": [formats.units(row.amount_minor, currency) for row in rows],
            "Now": ["Released" if row.released_in else "Hidden" for row in rows],
            "What was found": [row.sentence for row in rows],
        }
    )
    st.dataframe(
        frame,
        key=f"hidden_{name}",
        hide_index=True,
        row_height=_ROW,
        height=min(_ROW * len(rows) + 37, 340),
        column_config={
            "Last UTC": columns.text(124),
            "Risk": columns.chips("Risk", risks, 84),
            "Account": columns.text(84),
            "Tx": columns.count(40),
            f"Amount {currency}": columns.amount(f"Amount {currency}", currency, 96),
            "Now": columns.text(74),
            "What was found": columns.text(420),
        },
        alt=f"Alerts hidden by {name}",
    )
    gloss = f"newest {_IN_FULL} of {len(rows):,}, in full" if len(rows) > _IN_FULL else "in full, the newest first"
    st.markdown(f"**What was found** :gray[{gloss}]")
    for row in rows[:_IN_FULL]:
        released = f" Released by run {row.released_in}." if row.released_in else ""
        st.markdown(formats.small(f"{row.alert_id}: {formats.plain(row.sentence)}{released}"))
