"""Propose the thresholds that were just tried: what changes, why, and that somebody else decides."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from app.ui import flash, formats, lab_form, rule_set_list, session
from casedesk.domain.people import Action, may
from casedesk.services import rule_sets
from casedesk.services.lab import Trial

SCOPE: Final = "rule_proposal"


def show(trial: Trial, values: dict[str, Any], currency: str) -> None:
    """Draw the button and, in it, the form; nothing for who may not propose."""
    actor = session.actor()
    if not may(actor.role, Action.PROPOSE_RULES):
        return
    reason = _why_not(trial)
    with st.popover("Propose these thresholds", key="rule_propose_open", icon=":material/upgrade:", disabled=bool(reason),
                    help=reason or None):  # fmt: skip
        st.markdown(formats.plain("; ".join(lab_form.moved(one, currency) for one in trial.moved)))
        flash.show(SCOPE)
        st.text_area("Reason", key=_text(trial.rule), height=90, persist_state="session",
                     placeholder="What the figures show, and why the other values are better.")  # fmt: skip
        st.button("Propose", key="rule_propose", icon=":material/send:", on_click=_propose,
                  args=(trial.rule, {m.parameter.name: values[m.parameter.name] for m in trial.moved}, trial.base_hash))  # fmt: skip
        st.markdown(formats.small("The rule runs once more, and the evidence is frozen. Another manager decides."))


def _why_not(trial: Trial) -> str:
    if not trial.moved:
        return "The thresholds are those in force."
    desk, actor = session.desk(), session.actor()
    found = session.memo("rule_sets", lambda: rule_sets.overview(look=desk.reading(), actor=actor))
    if found.waiting is not None:
        return f"{found.waiting.rule_set_id} waits to be decided; one rule set is proposed at a time."
    return ""


def _text(rule: str) -> str:
    return session.key("rule_reason", rule)


def _propose(rule: str, values: dict[str, Any], seen_hash: str) -> None:
    done = flash.attempt(
        SCOPE,
        lambda: rule_sets.propose(
            look=session.desk().reading(), uow=session.desk().writing(), actor=session.actor(), at=session.now(),
            base_currency=session.currency(), reason=session.take(_text(rule)), changes={rule: values}, seen_hash=seen_hash,
        ),
        clears=(_text(rule),),
    )  # fmt: skip
    if done is not None:
        session.put("lab_view", rule_set_list.TITLE)
