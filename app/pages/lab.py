"""The detection lab: a rule with other thresholds on the real history, what is in force, and how it has done."""

from __future__ import annotations

import streamlit as st

from app.ui import (
    below_line,
    empty,
    failures,
    lab_form,
    lab_result,
    proposal_basket,
    rule_proposal,
    rule_set_list,
    scorecard_table,
    session,
    title,
)
from casedesk.errors import CasedeskError
from casedesk.services import lab

TRY, SCORES = "Try a rule", "Scorecard"


def tried(asked: lab_form.Asked) -> lab.Trial:
    """Return the outcome for these values; it stays the same until something is imported or decided."""
    return session.memo(
        f"lab_{asked}",
        lambda: lab.try_rule(
            look=desk.reading(), actor=actor, base_currency=session.currency(), rule=asked.rule, values=asked.values()
        ),
    )


desk, actor, now = session.desk(), session.actor(), session.now()
with title.row("Detection lab"):
    view = st.segmented_control("View", [TRY, rule_set_list.TITLE, SCORES, below_line.TITLE], key="lab_view", default=TRY, required=True,
                                label_visibility="collapsed", persist_state="session")  # fmt: skip
    beside_title = st.container(width="content")
    if view == TRY:
        lab_form.show_buttons()
if view == below_line.TITLE:
    below_line.show()
elif view == rule_set_list.TITLE:
    rule_set_list.show(now)
elif view == SCORES:
    scorecard_table.show(session.memo("scorecard", lambda: lab.scorecard(uow=desk.reading(), actor=actor, at=now)))
else:
    page = st.grid(7, min_column_width=120, gap=("small", "medium"))
    with page.cell(column_span=2):
        lab_form.show()
    with page.cell(column_span=5):
        proposal_basket.show()
        asked = lab_form.asked()
        if asked is None or asked.rule != lab_form.rule():
            empty.show(
                "Nothing was tried yet",
                "Move a threshold and press “Try it”: the rule runs over everything stored, beside the same rule in force.",
            )
        else:
            try:
                with st.spinner("Running the rule over everything stored, twice", show_time=True):
                    trial = tried(asked)
            except CasedeskError as refusal:
                failures.show(refusal)
            else:
                with beside_title:
                    rule_proposal.show(trial, asked.values(), session.currency())
                lab_result.show(trial, session.currency())
