"""The newest runs of the rules: when, how long, over how much, built upon which, and what they found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats
from casedesk.domain.counts import counted
from casedesk.services.operation_history import Ran


def show(runs: Sequence[Ran]) -> None:
    """Draw the list."""
    if not runs:
        empty.show("No run yet", "The rules run by: casedesk detect; or over HTTP with wait=true.")
        return
    frame = pd.DataFrame(
        {
            "Run": [one.run.run_id for one in runs],
            "When UTC": [f"{formats.day(one.run.ran_at)} {one.run.ran_at:%H:%M:%S}" for one in runs],
            "Took": [_took(one.took) for one in runs],
            "Transactions": [one.run.transactions for one in runs],
            "Looked at": [_reach(one) for one in runs],
            "Built upon": [one.since or "—" for one in runs],
            "New alerts": [one.run.new_alerts for one in runs],
            "Grown": [one.run.grown_alerts for one in runs],
            "Engine": [one.run.engine for one in runs],
        }
    )
    config = {
        "Run": columns.text(86),
        "When UTC": columns.text(146),
        "Took": columns.text(64, right=True),
        "Transactions": columns.count(92),
        "Looked at": columns.text(130),
        "Built upon": columns.text(86),
        "New alerts": columns.count(76),
        "Grown": columns.count(60),
        "Engine": columns.text(342),
    }
    st.dataframe(frame, key="operations_runs", hide_index=True, row_height=29, height=29 * min(len(runs), 14) + 37,
                 column_config=config, alt="The newest runs of the rules")  # fmt: skip


def _took(took: timedelta | None) -> str:
    if took is None:
        return "—"
    seconds = took.total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else formats.span(took) if seconds >= 3_600 else f"{seconds / 60:.1f} min"


def _reach(one: Ran) -> str:
    return "Everything" if one.subjects is None else counted(one.subjects, "account")
