"""What is told of a proposal, and the form to decide it: the same for rule sets and for models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from app.ui import flash, formats, session
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, may
from casedesk.domain.proposals import Proposal, ProposalState


@dataclass(frozen=True, slots=True)
class Form:
    """How the page of one kind of proposal calls things, and the steps of its service."""

    kind: str  # what its widgets' keys begin with
    shipped: str  # what stands in force where nothing was put in force yet
    propose: Action
    decide: Action
    approve: Callable[..., Recorded]
    reject: Callable[..., Recorded]
    withdraw: Callable[..., Recorded]

    def story(self, one: Proposal, names: Mapping[str, str], now: datetime) -> str:
        """Tell who proposed it and when, upon what, and who decided what of it."""

        def who(user: str) -> str:
            return formats.plain(names.get(user, user))

        said = f"Proposed by {who(one.proposed_by)} {formats.ago(one.proposed_at, now)}, upon {one.base_id or self.shipped}"
        if one.decided_at is None:
            return said
        verb = {ProposalState.REJECTED: "rejected", ProposalState.WITHDRAWN: "withdrawn"}.get(one.state, "put in force")
        note = f": {formats.plain(one.decision)}" if one.decision else ""
        return f"{said}; {verb} by {who(one.decided_by)}, {formats.moment(one.decided_at)}{note}"

    def show(self, one: Proposal, names: dict[str, str]) -> None:
        """Draw what came of the last step, and while the proposal waits the form to decide it."""
        flash.show(self._scope(one), names=names)
        if one.state is ProposalState.PROPOSED:
            self._decide(one)

    def _decide(self, one: Proposal) -> None:
        actor, name = session.actor(), one.proposal_id
        mine = actor.user_id == one.proposed_by
        reason = ""
        if not may(actor.role, self.decide):
            reason = "Only a manager who did not propose it may decide it."
        elif mine:
            reason = f"You proposed {name}, so another manager has to decide it. You may withdraw it."
        can_write = not reason or (mine and may(actor.role, self.propose))
        st.text_area("Reason for rejecting, or a remark" if not mine else "Reason for withdrawing", key=self._text(one), height=68,
                     disabled=not can_write, persist_state="session")  # fmt: skip
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            if mine and can_write:
                st.button("Withdraw", key=f"{self.kind}_withdraw", icon=":material/undo:", on_click=self._do,
                          args=(one, self.withdraw, "reason"))  # fmt: skip
            st.button("Reject", key=f"{self.kind}_reject", icon=":material/close:", disabled=bool(reason), help=reason or None,
                      on_click=self._do, args=(one, self.reject, "reason"))  # fmt: skip
            st.button("Put in force", key=f"{self.kind}_approve", icon=":material/check:", type="primary", disabled=bool(reason),
                      help=reason or None, on_click=self._do, args=(one, self.approve, "remark"))  # fmt: skip
        if reason:
            st.markdown(formats.small(formats.plain(reason)))

    def _do(self, one: Proposal, step: Callable[..., Recorded], words: str) -> None:
        def taken() -> Recorded:
            given: dict[str, Any] = {one.KEY: one.proposal_id, words: session.take(self._text(one))}
            return step(uow=session.desk().writing(), actor=session.actor(), at=session.now(), **given)

        flash.attempt(self._scope(one), taken, clears=(self._text(one),))

    def _scope(self, one: Proposal) -> str:
        return session.key(self.kind, one.proposal_id)

    def _text(self, one: Proposal) -> str:
        return session.key(f"{self.kind}_reason", one.proposal_id)
