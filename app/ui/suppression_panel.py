"""One suppression: why, who proposed and approved it, and the form to approve, reject or end it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import streamlit as st

from app.ui import flash, formats, session, suppression_list
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, may
from casedesk.services import suppressions
from casedesk.services.suppressions import Listed, State, Suppression

CHOSEN: Final = "Chosen"
PROPOSE: Final = "Propose"


def choose(chosen: Listed | None) -> str:
    """Draw the choice between the chosen suppression and a new one, for whoever may propose; return it."""
    if not may(session.actor().role, Action.PROPOSE_SUPPRESSION):
        return CHOSEN
    if chosen is None:
        return PROPOSE
    return st.segmented_control("Panel", [CHOSEN, PROPOSE], key="suppressions_panel", default=CHOSEN, required=True,
                                label_visibility="collapsed", persist_state="session") or CHOSEN  # fmt: skip


def show(listed: Listed, names: dict[str, str], now: datetime) -> None:
    """Draw the chosen suppression with what may be done to it."""
    one = listed.suppression
    with st.container(border=True, gap="xsmall"):
        badge = formats.BADGES[one.state]
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"`{one.suppression_id}`", width="content")
            st.badge(badge.word, icon=f":material/{badge.icon}:", color=badge.color)
            st.markdown(formats.small(_left(one, now)), width="content")
        account = formats.plain(f"account {one.account_id}") if one.account_id else "all accounts"
        st.markdown(f"**{formats.plain(formats.rule(one.rule))}** on {formats.plain(listed.customer)}, {account}, "
                    f"{suppression_list.days(one)}")  # fmt: skip
        st.markdown(formats.plain(one.reason))
        for line in _story(one, names):
            st.markdown(formats.small(line))
        flash.show(_scope(one.suppression_id), names=names)
        if one.state is State.PROPOSED:
            _judge(one)
        elif one.state is State.IN_FORCE:
            _end(one)


def _left(one: Suppression, now: datetime) -> str:
    left = suppression_list.left(one, now.date())
    return "" if not left else "its days are over; what it hid stays hidden" if left == "over" else f"{left} left"


def _story(one: Suppression, names: dict[str, str]) -> list[str]:
    def who(user: str) -> str:
        return formats.plain(names.get(user, user))

    lines = [f"Proposed by {who(one.proposed_by)}, {formats.moment(one.proposed_at)}"]
    if one.decided_at:
        rejected = one.state is State.REJECTED
        note = f": {formats.plain(one.decision_note)}" if one.decision_note else ""
        lines.append(f"{'Rejected' if rejected else 'Approved'} by {who(one.decided_by)}, "
                     f"{formats.moment(one.decided_at)}{note}")  # fmt: skip
    if one.severity_cap:
        lines.append(f"Never hides an alert of a severity above {one.severity_cap}")
    if one.ended_at:
        lines.append(f"Ended by {who(one.ended_by)}, {formats.moment(one.ended_at)}: {formats.plain(one.end_reason)}")
    return lines


def why_not(one: Suppression, actor: Person) -> str:
    """Return why the actor may not decide on a proposal, or the empty string."""
    if not may(actor.role, Action.APPROVE_SUPPRESSION):
        return "Only a manager who did not propose it may approve or reject a suppression."
    if actor.user_id == one.proposed_by:
        return f"You proposed {one.suppression_id}, so another manager has to approve or reject it."
    return ""


def _judge(one: Suppression) -> None:
    reason = why_not(one, session.actor())
    name = one.suppression_id
    st.text_area("Reason for rejecting, or a remark", key=_text(name), height=68, disabled=bool(reason),
                 persist_state="session")  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        st.button("Reject", key="suppression_reject", icon=":material/close:", disabled=bool(reason),
                  help=reason or None, on_click=_do, args=(name, _reject))  # fmt: skip
        st.button("Approve", key="suppression_approve", icon=":material/check:", type="primary", disabled=bool(reason),
                  help=reason or None, on_click=_do, args=(name, _approve))  # fmt: skip
    if reason:
        st.markdown(formats.small(formats.plain(reason)))


def _end(one: Suppression) -> None:
    may_end = may(session.actor().role, Action.PROPOSE_SUPPRESSION)
    reason = "" if may_end else "Only a manager may end a suppression."
    st.text_area("Reason for ending it", key=_text(one.suppression_id), height=68, disabled=bool(reason),
                 persist_state="session")  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"):
        st.markdown(formats.small(reason or "The next run of the rules raises what it hid."), width="content")
        st.button("End suppression", key="suppression_end", icon=":material/visibility:", disabled=bool(reason),
                  help=reason or None, on_click=_do, args=(one.suppression_id, _finish))  # fmt: skip


def _do(name: str, step: Callable[[str], Recorded]) -> None:
    flash.attempt(_scope(name), lambda: step(name), clears=(_text(name),))


def _approve(name: str) -> Recorded:
    return suppressions.approve(
        uow=session.desk().writing(), actor=session.actor(), at=session.now(), suppression_id=name,
        note=session.take(_text(name)),
    )[1]  # fmt: skip


def _reject(name: str) -> Recorded:
    return suppressions.reject(
        uow=session.desk().writing(), actor=session.actor(), at=session.now(), suppression_id=name,
        reason=session.take(_text(name)),
    )[1]  # fmt: skip


def _finish(name: str) -> Recorded:
    return suppressions.end(
        uow=session.desk().writing(), actor=session.actor(), at=session.now(), suppression_id=name,
        reason=session.take(_text(name)),
    )[1]  # fmt: skip


def _scope(name: str) -> str:
    return session.key("suppression", name)


def _text(name: str) -> str:
    return session.key("suppression_text", name)
