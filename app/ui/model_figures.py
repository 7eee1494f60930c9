"""Two models side by side: what their cards measured, and what they made of this desk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pandas as pd
import streamlit as st

from casedesk.services.models import Shown

#: From where a stability index asks for another training.
RETRAIN: Final = 0.25
_NONE: Final = "–"


def _measured(part: str, *path: str, digits: int = 3) -> Callable[[Shown], str]:
    def said(one: Shown) -> str:
        value: Any = one.card["measured"].get(part)
        for name in path if value is not None else ():
            value = value[name]
        return _NONE if value is None else f"{value:.{digits}f}"

    return said


def moved(one: Shown) -> int | None:
    """Count the features that moved too far since training; None where the model has not scored this desk."""
    return None if one.run is None else sum(value > RETRAIN for value in json.loads(one.run.drift).values())


def _on_desk(value: int | None) -> str:
    return _NONE if value is None else f"{value:,}"


#: What is compared, in the order in which a checker asks.
_ROWS: Final[tuple[tuple[str, Callable[[Shown], str]], ...]] = (
    ("PR-AUC of payments", _measured("transactions", "pr_auc")),
    ("Recall at 0.5 % of payments", _measured("transactions", "recall_at_budget", "0.005")),
    ("Recall at 1 %", _measured("transactions", "recall_at_budget", "0.01")),
    ("Recall at 3 %", _measured("transactions", "recall_at_budget", "0.03")),
    ("Right among the first 100 accounts", _measured("accounts", "precision_at", "100", digits=2)),
    ("Calibration error", _measured("calibration", "error", digits=4)),
    ("Calibration error of the suspicious", _measured("calibration", "error_of_the_suspicious")),
    ("Labelled payments that trained it", lambda one: f"{one.card['trained_on']['guilty']:,}"),
    ("Trained on payments until", lambda one: max(data["until"] for data in one.card["data"])[:10]),
    ("Accounts it calls High on this desk", lambda one: _on_desk(one.high)),
    ("Features that drifted on this desk", lambda one: _on_desk(moved(one))),
)


def show(before: Shown, after: Shown, heads: tuple[str, str]) -> None:
    """Draw the figures of two models beside each other."""
    rows = [(words, said(before), said(after)) for words, said in _ROWS]
    st.table(pd.DataFrame(rows, columns=["", *heads]), hide_index=True, border="horizontal", alt="Two models side by side")  # fmt: skip
    if _data(before) != _data(after):
        st.caption("Each was measured on its own data, so their measured figures do not compare.")
    if None in (before.run, after.run):
        st.caption(f"{_NONE} on this desk: it has not scored the payments here yet (`casedesk model run`).")


def _data(one: Shown) -> list[str]:
    return [data["sha256"] for data in one.card["data"]]


def head(version_id: str) -> str:
    """Call a model at the top of a column."""
    return version_id or "Shipped model"
