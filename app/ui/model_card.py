"""The card of a model: what was measured, how true its probabilities are, and all it says of itself."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.ui import formats, reliability
from casedesk.services.models import Shown


def show(found: Shown) -> None:
    """Draw the card."""
    card = found.card
    st.markdown(f"**{formats.plain(card['name'])}** :gray[{formats.plain(card['split']['words'])}]")
    st.caption(formats.plain(card["statement"]))
    if card["measured"]:
        _figures(card["measured"])
        reliability.show(card["measured"]["calibration"]["bins"])
    else:
        st.info("Nothing was kept for testing, so nothing was measured.", icon=":material/help:")
    with st.expander("The whole card", key="model_whole_card"):
        st.markdown(found.words.replace("![Reliability](reliability.svg)", ""))


def _figures(measured: dict[str, Any]) -> None:
    payments, accounts, told = (measured[part] for part in ("transactions", "accounts", "calibration"))
    row = st.columns(4)
    for cell, (label, value) in zip(
        row,
        (
            ("PR-AUC of payments", f"{payments['pr_auc']:.3f}"),
            ("Recall at 3 %", f"{payments['recall_at_budget']['0.03']:.3f}"),
            ("Accounts, first 100", f"{accounts['precision_at']['100']:.2f}"),
            ("Calibration error", f"{told['error']:.4f}"),
        ),
        strict=True,
    ):
        cell.metric(label, value)
