"""Purges: what one would remove, the form to propose it, and what waits for another manager's last word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from app.ui import flash, formats, session
from casedesk.domain.counts import counted
from casedesk.domain.people import Action, Person, may
from casedesk.services import purging
from casedesk.services.purging import Preview, Purge

_SCOPE: Final = "purge_new"
_WAITING: Final = "purge_waiting"
_REASON: Final = "purge_reason"
_LEFT: Final = "purge_left"
_SHOWN: Final = 12
_ONLY: Final = "Only managers propose and carry out purges, two of them."


def show_preview(previews: Sequence[Preview]) -> None:
    """Draw what a purge of the ticked cases would remove, and the form to propose it."""
    refused = "" if may(session.actor().role, Action.PURGE) else _ONLY
    kept = [one for one in previews if one.hindrance]
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Purge**")
        flash.show(_SCOPE)
        if not previews:
            st.markdown(formats.small("Tick cases above to see what a purge of them would remove."))
            return
        st.markdown(f"{_what(previews)} of {counted(len(previews), 'case')} would be removed for good. "
                    "Events, hashes and proofs stay, and so do customers, accounts, transactions and alerts.")  # fmt: skip
        st.markdown(formats.small(_named([one.case_id for one in previews])))
        for one in kept[:_SHOWN]:
            st.markdown(formats.small(f":material/block: {formats.plain(one.hindrance)}"))
        reason = refused or ("A case that has to be kept is ticked." if kept else "")
        st.text_area("Reason", key=_REASON, height=68, disabled=bool(reason), persist_state="session")
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            st.button("Propose purge", key="purge_propose", icon=":material/send:", disabled=bool(reason),
                      help=reason or None, on_click=_propose, args=(tuple(one.case_id for one in previews),))  # fmt: skip
        st.markdown(formats.small("Nothing is removed before another manager carries it out."))


def show_waiting(found: Sequence[Purge], names: Mapping[str, str], previews: Mapping[int, Sequence[Preview]]) -> None:
    """Draw the proposals that wait, each behind a confirmation of its own."""
    flash.show(_WAITING, names=dict(names), kept="")  # above: somebody else may have carried it out
    left = session.value(_LEFT, "")
    if left:
        st.warning(formats.plain(left), icon=":material/warning:")
    for one in found:
        _waiting(one, names, previews[one.proposal])


def why_not(one: Purge, actor: Person) -> str:
    """Return why the actor may not carry a purge out, or the empty string."""
    if not may(actor.role, Action.PURGE):
        return _ONLY
    if actor.user_id == one.proposed_by:
        return f"You proposed the purge of event {one.proposal}, so another manager has to carry it out."
    return ""


def _waiting(one: Purge, names: Mapping[str, str], previews: Sequence[Preview]) -> None:
    refused = why_not(one, session.actor())
    confirmed = session.key("purge_confirmed", str(one.proposal))
    with st.container(border=True, gap="xsmall"):
        who = formats.plain(names.get(one.proposed_by, one.proposed_by))
        st.markdown(f"**Proposed purge** :gray[event {one.proposal}, {who}]")
        st.markdown(formats.plain(one.reason))
        st.markdown(formats.small(_named([case_id for case_id, _ in one.cases])))
        for preview in [preview for preview in previews if preview.hindrance][:_SHOWN]:
            st.markdown(formats.small(f":material/block: {formats.plain(preview.hindrance)}"))
        sure = st.checkbox(
            f"I have seen the cases: {_what(previews)} are removed for good", key=confirmed, disabled=bool(refused)
        )
        reason = refused or ("" if sure else "Confirm it first.")
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            st.button("Carry out purge", key=session.key("purge_carry_out", str(one.proposal)), disabled=bool(reason),
                      icon=":material/delete_forever:", help=reason or None, on_click=_carry_out, args=(one.proposal,))  # fmt: skip
        if refused:
            st.markdown(formats.small(formats.plain(refused)))


def _propose(case_ids: tuple[str, ...]) -> None:
    flash.attempt(
        _SCOPE,
        lambda: purging.propose(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_ids=case_ids,
            reason=session.take(_REASON),
        ),
        clears=(_REASON,),
    )  # fmt: skip


def _carry_out(proposal: int) -> None:
    done = flash.attempt(
        _WAITING,
        lambda: purging.carry_out(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), proposal=proposal
        ),
        clears=(session.key("purge_confirmed", str(proposal)),),
    )
    if done is not None:
        session.put(_LEFT, session.desk().left_by_purge())


def _what(previews: Sequence[Preview]) -> str:
    texts, forms = sum(one.texts for one in previews), sum(one.forms for one in previews)
    return counted(texts, "text") + (f" and {counted(forms, 'form')}" if forms else "")


def _named(case_ids: Sequence[str]) -> str:
    more = f" and {len(case_ids) - _SHOWN:,} more" if len(case_ids) > _SHOWN else ""
    return ", ".join(case_ids[:_SHOWN]) + more
