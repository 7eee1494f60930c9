"""The alerts of a case: what each rule found, in a sentence with its figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.ui import formats
from casedesk.domain.alerts import Alert
from casedesk.domain.money import MINOR_DIGITS


def show(alerts: Sequence[Alert], currency: str) -> None:
    """Draw the table, worst first. Figures stay numbers, because only numbers are aligned to the right."""
    frame = pd.DataFrame(
        {
            "Risk": [formats.BADGES[alert.risk].text for alert in alerts],
            "Rule": [f"**{formats.plain(formats.rule(a.rule))}** v{formats.plain(a.rule_version)}" for a in alerts],
            "What was found": [_found(alert) for alert in alerts],
            "Tx": [len(alert.transaction_ids) for alert in alerts],
            f"Amount {currency}": [formats.units(alert.amount_minor, currency) for alert in alerts],
        }
    )
    written: dict[Any, Any] = {"Tx": "{:,}", f"Amount {currency}": f"{{:,.{MINOR_DIGITS[currency]}f}}"}
    st.table(frame.style.format(written), hide_index=True, border="horizontal", alt="Alerts of the case")


def _found(alert: Alert) -> str:
    lapsed = f" **No longer found** since run {formats.plain(alert.lapsed_in)}." if alert.lapsed_in else ""
    return formats.plain(alert.sentence) + lapsed
