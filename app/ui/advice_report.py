"""How advice and people agree: a small table for whoever may know decisions."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from app.ui import formats, session
from casedesk.domain.advice import Verdict
from casedesk.domain.cases import Disposition
from casedesk.domain.counts import counted
from casedesk.domain.people import Action, may
from casedesk.services import advice
from casedesk.services.advice import Agreement

_DECISIONS: Final = (Disposition.SAR, Disposition.ESCALATE, Disposition.NO_SAR)


def show() -> None:
    """Draw it for those who may see it."""
    actor, desk = session.actor(), session.desk()
    if may(actor.role, Action.SEE_DECISIONS):
        show_agreement(session.memo("agreement", lambda: advice.agreement(uow=desk.reading(), actor=actor)))


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
