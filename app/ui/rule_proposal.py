"""Propose the thresholds that were just tried: what changes, why, and that somebody else decides."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from app.ui import flash, formats, proposal_basket, rule_set_list, session
from app.ui.proposal_basket import Collected
from casedesk.domain.people import Action, may
from casedesk.services import rule_sets
from casedesk.services.lab import Trial

SCOPE: Final = "rule_proposal"


def show(trial: Trial, values: dict[str, Any], currency: str) -> None:
    """Draw the button and, in it, the form; nothing for who may not propose.

    Once thresholds are collected for a proposal of several rules, these can only join them.
    """
    if not may(session.actor().role, Action.PROPOSE_RULES):
        return
    one, held = proposal_basket.collected(trial, values, currency), proposal_basket.held()
    reason = proposal_basket.waiting() if trial.moved else "The thresholds are those in force."
    if held:
        there = held.get(trial.rule) == one
        st.button("In the proposal" if there else "Add to the proposal", key="rule_collect", icon=":material/playlist_add:",
                  disabled=bool(reason) or there, help=reason or None, on_click=proposal_basket.add, args=(one,))  # fmt: skip
        return
    with st.popover("Propose these thresholds", key="rule_propose_open", icon=":material/upgrade:", disabled=bool(reason),
                    help=reason or None):  # fmt: skip
        st.markdown(formats.plain(one.said))
        flash.show(SCOPE)
        st.text_area("Reason", key=_text(trial.rule), height=90, persist_state="session",
                     placeholder="What the figures show, and why the other values are better.")  # fmt: skip
        with st.container(horizontal=True):
            st.button("Propose", key="rule_propose", icon=":material/send:", on_click=_propose, args=(one,))
            st.button("Collect with other rules", key="rule_collect", type="tertiary", icon=":material/playlist_add:",
                      on_click=proposal_basket.add, args=(one,))  # fmt: skip
        st.markdown(formats.small("The rule runs once more, and the evidence is frozen. Another manager decides."))


def _text(rule: str) -> str:
    return session.key("rule_reason", rule)


def _propose(one: Collected) -> None:
    done = flash.attempt(
        SCOPE,
        lambda: rule_sets.propose(
            look=session.desk().reading(), uow=session.desk().writing(), actor=session.actor(), at=session.now(),
            base_currency=session.currency(), reason=session.take(_text(one.rule)), changes={one.rule: one.values},
            seen_hash=one.seen_hash,
        ),
        clears=(_text(one.rule),),
    )  # fmt: skip
    if done is not None:
        session.put("lab_view", rule_set_list.TITLE)
