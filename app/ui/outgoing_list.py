"""What waits to be produced, and the batches there are. No title, address or file name says what is in them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats, picker
from casedesk.services.outgoing import Batch, Ready

_BADGES = {
    "produced": formats.Badge("Produced", "inventory_2", "◐", "blue"),
    "transmitted": formats.Badge("Transmitted", "send", "▲", "orange"),
    "withdrawn": formats.Badge("Taken back", "undo", "↩", "gray"),
    "answered": formats.Badge("Answered", "check_circle", "●", "green"),
}


def word(batch: Batch) -> str:
    """Name how far a batch has come."""
    return _BADGES[batch.state].word.lower()


def show_ready(ready: Sequence[Ready]) -> None:
    """Draw what waits."""
    st.markdown(f"**Waiting** :gray[{len(ready):,}]")
    if not ready:
        st.markdown(
            formats.small("Nothing waits. What a manager approves with its form stands here until it is produced.")
        )
        return
    states = [formats.FILINGS[one.filing.state] for one in ready]
    frame = pd.DataFrame(
        {
            "Filing": [one.filing.filing_id for one in ready],
            "State": columns.cells(states),
            "Case": [one.filing.case_id for one in ready],
            "Customer": [one.customer for one in ready],
            "Kind": [one.filing.kind for one in ready],
            "Hindrance": [one.hindrance for one in ready],
        }
    )
    config = {
        "Filing": columns.text(74),
        "State": columns.chips("State", states, 100),
        "Case": columns.text(96),
        "Customer": columns.text(130),
        "Kind": columns.text(80),
        "Hindrance": columns.text(300),
    }
    st.dataframe(frame, hide_index=True, height=31 * min(len(ready), 8) + 37, row_height=31, column_config=config,
                 key="outgoing_ready", alt="What waits")  # fmt: skip


def choose(batches: Sequence[Batch]) -> Batch | None:
    """Draw the batches, the newest first; return the chosen one."""
    st.markdown(f"**Batches** :gray[{len(batches):,}]")
    if not batches:
        empty.show("No batch was produced yet", "A batch stays here with its file from then on.")
        return None
    badges = [_BADGES[one.state] for one in batches]
    frame = pd.DataFrame(
        {
            "Batch": [one.batch_id for one in batches],
            "State": columns.cells(badges),
            "Reports": [one.reports for one in batches],
            "Test": ["test" if one.test else "" for one in batches],
            "Produced": [formats.day(one.produced_at) for one in batches],
            "Tracking ID": [one.tracking_id for one in batches],
        }
    )
    config = {
        "Batch": columns.text(84),
        "State": columns.chips("State", badges, 116),
        "Reports": columns.count(66),
        "Test": columns.text(50),
        "Produced": columns.text(100),
        "Tracking ID": columns.text(150),
    }
    ids = [one.batch_id for one in batches]
    return batches[ids.index(picker.show("outgoing_batches", frame, config, ids, "Batches", most=10))]
