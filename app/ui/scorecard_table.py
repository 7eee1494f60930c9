"""How each rule has done: alerts, cases, reports, false positives and age; and the rules that never fired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats
from casedesk.services import lab
from casedesk.services.lab import Score, Scorecard

_ROW: Final = 29
#: Every rule of the library at once; the months scroll.
_TALLEST: Final = _ROW * len(lab.RULES)


def show(card: Scorecard) -> None:
    """Draw all months together, then month by month."""
    if not card.rules:
        empty.show("No rule has fired yet", "Alerts come from detection over imported transactions.")
        return
    st.markdown("**All months**")
    _table("scorecard_rules", card.rules, months=False)
    if card.silent:
        st.markdown(formats.small(f"Never fired: {', '.join(formats.rule(name) for name in card.silent)}."))
    st.markdown("**By month**")
    _table("scorecard_months", card.months, months=True)
    st.markdown(formats.small("A false positive is an alert whose case was closed without a report; the range is the exact 95 % "
                              "interval. The age is the median of the open cases."))  # fmt: skip


def _table(key: str, scores: Sequence[Score], *, months: bool) -> None:
    frame = pd.DataFrame(
        {
            "Rule": [formats.rule(score.rule) for score in scores],
            **({"Month": [score.month for score in scores]} if months else {}),
            "Alerts": [score.alerts for score in scores],
            "Cases": [score.cases for score in scores],
            "Filed": [score.sars for score in scores],
            "Decided": [score.false_positives.of for score in scores],
            "False positives": [_share(score) for score in scores],
            "Range": [_range(score) for score in scores],
            "Age": ["" if score.age_days is None else f"{score.age_days} d" for score in scores],
        }
    )
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        row_height=_ROW,
        height=min(_ROW * len(scores), _TALLEST) + 37,
        column_config={  # least widths; where there is room, all grow
            "Rule": columns.text(172),
            "Month": columns.text(66),
            "Alerts": columns.count(56),
            "Cases": columns.count(56),
            "Filed": columns.count(50),
            "Decided": columns.count(64),
            "False positives": columns.text(98, right=True),
            "Range": columns.text(92, right=True),
            "Age": columns.text(50, right=True),
        },
        alt="Scorecard of the rules",
    )


def _share(score: Score) -> str:
    share = score.false_positives.share
    return "" if share is None else f"{share * 100:.0f} %"


def _range(score: Score) -> str:
    found = score.false_positives
    return f"{found.low * 100:.0f} to {found.high * 100:.0f} %" if found.of else ""
