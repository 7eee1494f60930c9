"""One policy value: every version with who set it, every proposal with what became of it, and the form to decide one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from app.ui import flash, formats, policy_list, session
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import parse
from casedesk.domain.people import Action, Person, may
from casedesk.domain.policy import Parameter
from casedesk.services import policies
from casedesk.services.policies import Change, Overview, State


def show_history(found: Overview, name: str, names: Mapping[str, str]) -> None:
    """Draw every version of a value, and every proposal that came to nothing."""
    versions = [value for value in found.values if value.name == name]
    proposals = [one for one in found.changes if one.name == name]
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{policy_list.title_of(name)}** :gray[`{name}`]")
        for value in sorted(versions, key=lambda one: -one.version):
            st.markdown(_version(value, found.now[name], proposals, names))
        for one in proposals:
            if one.state is State.REJECTED:
                st.markdown(_rejected(one, names))
        st.markdown(formats.small("A value counts for what begins on its first day or later and was recorded after it was put "
                                  "in force. No due date that runs already moves."))  # fmt: skip


def show_waiting(found: Overview, name: str, names: Mapping[str, str]) -> None:
    """Draw what is proposed of a value, with the form to decide it.

    A refusal stands above: what it is about may have been decided by somebody else and be gone.
    """
    flash.show(_scope(name), names=dict(names))
    for one in found.changes:
        if one.name == name and one.state is State.PROPOSED:
            _decide(one, newest(found, name), names)


def newest(found: Overview, name: str) -> int:
    """Return the number of the newest version of a value, which a step on it was drawn with."""
    return max(value.version for value in found.values if value.name == name)


def _version(value: Parameter, now: Parameter, proposals: list[Change], names: Mapping[str, str]) -> str:
    how = "as shipped"
    for one in proposals:
        if (
            value.event
            and one.state is State.IN_FORCE
            and (one.value, one.valid_from) == (value.value, value.valid_from)
        ):
            maker, checker = _who(one.proposed_by, names), _who(one.decided_by, names)
            how = f"event {value.event}, proposed by {maker}, put in force by {checker}: {formats.plain(one.reason)}"
    mark = " :green-badge[:material/check_circle: in force]" if value == now else ""
    return (
        f"v{value.version} · {policy_list.worded(value.value, value.unit)} from {formats.day(value.valid_from)}{mark}  \n"
        f":small[:gray[{formats.plain(value.source)} · {how}]]"
    )


def _rejected(one: Change, names: Mapping[str, str]) -> str:
    return formats.small(
        f"Rejected: {one.value:,} from {formats.day(one.valid_from)}, proposed by {_who(one.proposed_by, names)} (event "
        f"{one.proposal}); {_who(one.decided_by, names)}: {formats.plain(one.decision)}"
    )


def why_not(one: Change, actor: Person) -> str:
    """Return why the actor may not put a proposed value in force, or the empty string."""
    if not may(actor.role, Action.PUT_POLICY_IN_FORCE):
        return "Only a manager who did not propose it may put it in force."
    if actor.user_id == one.proposed_by:
        return f"You proposed the value of event {one.proposal}, so another manager has to put it in force."
    return ""


def _decide(one: Change, seen_version: int, names: Mapping[str, str]) -> None:
    actor = session.actor()
    reason, mine = why_not(one, actor), actor.user_id == one.proposed_by
    may_not = "" if may(actor.role, Action.PUT_POLICY_IN_FORCE) else reason
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**Proposed: {one.value:,} from {formats.day(one.valid_from)}** :gray[event {one.proposal}]")
        st.markdown(formats.plain(one.reason))
        st.markdown(formats.small(f"{formats.plain(one.source)} · {_who(one.proposed_by, names)}, "
                                  f"{formats.moment(parse(one.proposed_at))}"))  # fmt: skip
        st.text_area("Reason for taking it back" if mine else "Reason for rejecting it", key=_text(one.proposal),
                     height=68, disabled=bool(may_not), persist_state="session")  # fmt: skip
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            st.button("Take back" if mine else "Reject", key="policy_reject", icon=":material/close:",
                      disabled=bool(may_not), help=may_not or None, on_click=_do,
                      args=(one.name, one.proposal, seen_version, _reject))  # fmt: skip
            st.button("Put in force", key="policy_approve", icon=":material/check:", type="primary",
                      disabled=bool(reason), help=reason or None, on_click=_do,
                      args=(one.name, one.proposal, seen_version, _approve))  # fmt: skip
        if reason:
            st.markdown(formats.small(formats.plain(reason)))


def _do(name: str, proposal: int, seen_version: int, step: Callable[[int, int], Recorded]) -> None:
    flash.attempt(_scope(name), lambda: step(proposal, seen_version), clears=(_text(proposal),))


def _approve(proposal: int, seen_version: int) -> Recorded:
    return policies.put_in_force(
        uow=session.desk().writing(), actor=session.actor(), at=session.now(), proposal=proposal,
        seen_version=seen_version,
    )  # fmt: skip


def _reject(proposal: int, seen_version: int) -> Recorded:
    return policies.reject(
        uow=session.desk().writing(), actor=session.actor(), at=session.now(), proposal=proposal,
        reason=session.take(_text(proposal)),
    )  # fmt: skip


def _who(user: str, names: Mapping[str, str]) -> str:
    return formats.plain(names.get(user, user))


def _scope(name: str) -> str:
    return session.key("policy_decide", name)


def _text(proposal: int) -> str:
    return session.key("policy_text", str(proposal))
