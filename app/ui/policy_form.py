"""Propose a policy value: the number, its first day, who demands it, and why."""

from __future__ import annotations

from datetime import date
from typing import Final

import streamlit as st

from app.ui import flash, formats, session
from casedesk.domain.people import Action, may
from casedesk.domain.policy import Parameter
from casedesk.services import policies
from casedesk.services.policies import SETTABLE

_SCOPE: Final = "policy_new"


def show(now: Parameter, seen_version: int, today: date) -> None:
    """Draw the form for a value, for whoever may propose one that a bank may set.

    :param now: the value in force, from which the form starts.
    :param seen_version: the newest version there is.
    """
    name = now.name
    if not may(session.actor().role, Action.PROPOSE_POLICY):
        return
    if name not in SETTABLE:
        st.markdown(formats.small("No due date or reminder follows from this value, so it stays as shipped."))
        return
    least, most = SETTABLE[name]
    number, day, source, reason = (session.key(field, name) for field in _FIELDS)
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Propose another value**")
        flash.show(_SCOPE)
        with st.container(horizontal=True, gap="xsmall"):
            st.number_input(f"Value, {now.unit}", min_value=least, max_value=most, value=now.value, step=1, key=number,
                            persist_state="session")  # fmt: skip
            st.date_input("First day", value=today, format="YYYY-MM-DD", key=day, persist_state="session")
        st.text_input("Source", key=source, placeholder="A law, a decision of the board", persist_state="session")
        st.text_area("Reason", key=reason, height=90, persist_state="session")
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            st.button("Propose", key="policy_propose", icon=":material/send:", shortcut="Ctrl+Enter", on_click=_propose,
                      args=(name, seen_version))  # fmt: skip
        st.markdown(formats.small("It counts for nothing before another manager puts it in force."))


_FIELDS: Final = ("policy_number", "policy_day", "policy_source", "policy_reason")


def _propose(name: str, seen_version: int) -> None:
    number, day, source, reason = (session.key(field, name) for field in _FIELDS)
    flash.attempt(
        _SCOPE,
        lambda: policies.propose(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), name=name,
            value=int(session.value(number, 0)), valid_from=session.value(day, date.min),
            source=session.take(source), reason=session.take(reason), seen_version=seen_version,
        ),
        clears=(number, day, source, reason),
    )  # fmt: skip
