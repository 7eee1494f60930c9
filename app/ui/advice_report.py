"""How advice and people agree, and what the language model cost: two small tables for whoever may know decisions."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from app.ui import formats, session
from casedesk.bootstrap import budget_of
from casedesk.domain.advice import Verdict
from casedesk.domain.cases import Disposition
from casedesk.domain.counts import counted
from casedesk.domain.people import Action, may
from casedesk.services import advice, counsel
from casedesk.services.advice import Agreement

_DECISIONS: Final = (Disposition.SAR, Disposition.ESCALATE, Disposition.NO_SAR)


def show() -> None:
    """Draw both, each for those who may see it."""
    actor, desk = session.actor(), session.desk()
    if may(actor.role, Action.SEE_DECISIONS):
        show_agreement(session.memo("agreement", lambda: advice.agreement(uow=desk.reading(), actor=actor)))
    if may(actor.role, Action.TUNE):
        show_spending(counsel.spending(uow=desk.reading(), actor=actor, budget=budget_of(desk.settings)))


def show_agreement(found: Agreement) -> None:
    """Draw what was advised last before each decision, by what was decided."""
    st.markdown(f"**Advice and people** :gray[{counted(found.cases, 'decided case')} with advice before it]")
    if not found.cases:
        return
    frame = pd.DataFrame(
        {
            "Advice": [formats.ADVICE[verdict].text for verdict in Verdict],
            **{
                formats.BADGES[decision].word: [found.counts.get((verdict, decision), 0) for verdict in Verdict]
                for decision in _DECISIONS
            },
            "Agreed": [str(found.sides[verdict]) if verdict in found.sides else "takes no side" for verdict in Verdict],
        }
    )
    st.table(frame, hide_index=True, border="horizontal", alt="Advice by decision")
    st.markdown(formats.small(
        f"Report recommended, and reported or escalated: {found.reports}. Reported although the advice was to dismiss: "
        f"{found.missed}. Ranges are exact 95 % intervals. People see advice before they decide."
    ))  # fmt: skip


def show_spending(found: counsel.Spending) -> None:
    """Draw what the language model cost in the last days."""
    st.markdown("**Language model** :gray[cost by day, UTC]")
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
