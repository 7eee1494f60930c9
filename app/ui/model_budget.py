"""What advice spent on a language model, against what a day may cost."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.ui import formats, session
from casedesk.bootstrap import budget_of
from casedesk.domain.counts import counted
from casedesk.services import counsel


def show() -> None:
    """Draw the budget, and a line for each of the last days on which the language model was asked."""
    desk = session.desk()
    found = counsel.spending(uow=desk.reading(), actor=session.actor(), budget=budget_of(desk.settings))
    st.markdown("**Language model** :gray[budget spent by day, UTC]")
    if found.budget is None:
        st.markdown(formats.small("None is switched on; nothing leaves this machine."))
    else:
        most = f"{found.budget.money} and {counted(found.budget.calls, 'call')}"
        st.markdown(formats.small(f"A day may cost {most}, for all processes together."))
    if not found.days:
        return
    frame = pd.DataFrame(
        {
            "Day": [formats.day(day.day) for day in found.days],
            "Calls": [day.calls for day in found.days],
            "Cost": [day.cost_micros / counsel.MILLION for day in found.days],
            "Not settled": [day.unsettled for day in found.days],
            "Discarded": [day.discarded for day in found.days],
            "Failed": [day.failed for day in found.days],
        }
    )
    st.table(
        frame.style.format({"Cost": "{:,.4f}"}), hide_index=True, border="horizontal", alt="Cost of the language model"
    )
