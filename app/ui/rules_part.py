"""What the rules say of a case: the worst severity of each, how much evidence it has, and what they come to together."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app.ui import formats, session
from casedesk.domain.alerts import Alert
from casedesk.domain.money import MINOR_DIGITS
from casedesk.services.casefile import CaseFile


def show(file: CaseFile) -> None:
    """Draw a line for each rule, the worst first, and last the whole: what the head of the case says."""
    if not file.alerts:
        st.markdown(formats.small("No rule has found anything in this case."))
        return
    by_rule: dict[str, list[Alert]] = {}
    for alert in file.alerts:
        by_rule.setdefault(alert.rule, []).append(alert)
    ranked = sorted(by_rule.items(), key=lambda item: (-max(a.severity for a in item[1]), item[0]))
    worst = [max(alerts, key=lambda alert: alert.severity) for _, alerts in ranked]
    every = [(f"**{formats.plain(formats.rule(rule))}**", alerts) for rule, alerts in ranked]
    every.append(("**together**", list(file.alerts)))
    amount = f"Amount {session.currency()}"
    frame = pd.DataFrame(
        {
            "Risk": [*(formats.BADGES[alert.risk].text for alert in worst), ""],
            "Rule": [name for name, _ in every],
            "Severity": [max(alert.severity for alert in alerts) for _, alerts in every],
            "Alerts": [len(alerts) for _, alerts in every],
            "Transactions": [sum(len(alert.transaction_ids) for alert in alerts) for _, alerts in every],
            amount: [formats.units(sum(a.amount_minor for a in alerts), session.currency()) for _, alerts in every],
        }
    )
    written: dict[Any, Any] = {
        "Severity": "{:,}", "Alerts": "{:,}", "Transactions": "{:,}", amount: f"{{:,.{MINOR_DIGITS[session.currency()]}f}}",
    }  # fmt: skip
    st.table(frame.style.format(written), hide_index=True, border="horizontal", alt="What the rules say of the case")
