"""One version of the model: who proposed it and why, the form to decide it, and its figures beside those it would replace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from app.ui import flash, formats, model_card, model_drift, model_figures, model_performance, session
from app.ui.model_list import STATES
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, may
from casedesk.errors import CasedeskError
from casedesk.services import models
from casedesk.services.models import SHIPPED, ModelVersion, Overview, ProposalState, Shown


def show(found: Overview, chosen: str, now: datetime) -> None:
    """Draw the chosen version, or the shipped model, with what may be done to it."""
    one = next((version for version in found.versions if version.version_id == chosen), None)
    if one is not None:
        _version(one, found.names, now)
    shown = _read(chosen)
    if shown is None:
        return
    if one is not None:
        _beside(one, shown)
    model_card.show(shown)
    model_drift.show(shown)
    standing = [version.version_id for version in (found.champion, found.challenger) if version]
    if chosen in standing or (chosen == SHIPPED and found.champion is None):
        model_performance.show(chosen)


def _read(version_id: str) -> Shown | None:
    """Read a model's card; where its files are missing or others, say so."""
    try:
        return models.show(look=session.desk().reading(), actor=session.actor(), version_id=version_id)
    except CasedeskError as refusal:
        st.warning(formats.plain(str(refusal)), icon=":material/folder_off:")
        return None


def _version(one: ModelVersion, names: dict[str, str], now: datetime) -> None:
    badge = STATES[one.state]
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"`{one.version_id}`", width="content")
            st.badge(badge.word, icon=f":material/{badge.icon}:", color=badge.color)
            hashes = f"model `{one.model_id[:8]}` · card `{one.card_sha256[:8]}`"
            st.markdown(formats.small(hashes), width="content")
        st.markdown(f"**{formats.plain(one.name)}**")
        st.markdown(formats.plain(one.reason))
        st.markdown(formats.small(_story(one, names, now)))
        flash.show(_scope(one.version_id), names=names)
        if one.state is ProposalState.PROPOSED:
            _decide(one)


def _story(one: ModelVersion, names: Mapping[str, str], now: datetime) -> str:
    def who(user: str) -> str:
        return formats.plain(names.get(user, user))

    said = f"Proposed by {who(one.proposed_by)} {formats.ago(one.proposed_at, now)}, upon {one.base_id or 'the shipped model'}"
    if one.decided_at is None:
        return said
    verb = {ProposalState.REJECTED: "rejected", ProposalState.WITHDRAWN: "withdrawn"}.get(one.state, "put in force")
    note = f": {formats.plain(one.decision)}" if one.decision else ""
    return f"{said}; {verb} by {who(one.decided_by)}, {formats.moment(one.decided_at)}{note}"


def _decide(one: ModelVersion) -> None:
    actor, name = session.actor(), one.version_id
    mine = actor.user_id == one.proposed_by
    reason = ""
    if not may(actor.role, Action.PUT_MODEL_IN_FORCE):
        reason = "Only a manager who did not propose it may decide it."
    elif mine:
        reason = f"You proposed {name}, so another manager has to decide it. You may withdraw it."
    can_write = not reason or (mine and may(actor.role, Action.PROPOSE_MODEL))
    st.text_area("Reason for rejecting, or a remark" if not mine else "Reason for withdrawing", key=_text(name), height=68,
                 disabled=not can_write, persist_state="session")  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        if mine and can_write:
            st.button("Withdraw", key="model_withdraw", icon=":material/undo:", on_click=_do, args=(name, _withdraw))
        st.button("Reject", key="model_reject", icon=":material/close:", disabled=bool(reason), help=reason or None,
                  on_click=_do, args=(name, _reject))  # fmt: skip
        st.button("Put in force", key="model_approve", icon=":material/check:", type="primary", disabled=bool(reason),
                  help=reason or None, on_click=_do, args=(name, _approve))  # fmt: skip
    if reason:
        st.markdown(formats.small(formats.plain(reason)))


def _beside(one: ModelVersion, shown: Shown) -> None:
    """Draw the version's figures beside those of the model it was proposed against."""
    st.markdown(f"**Beside {one.base_id or 'the shipped model'}** :gray[which it was proposed against]")
    base = _read(one.base_id)
    if base is not None:
        model_figures.show(base, shown, (model_figures.head(one.base_id), model_figures.head(one.version_id)))


def _scope(name: str) -> str:
    return session.key("model", name)


def _text(name: str) -> str:
    return session.key("model_reason", name)


def _do(name: str, step: Callable[[str], Recorded]) -> None:
    flash.attempt(_scope(name), lambda: step(name), clears=(_text(name),))


def _who(name: str) -> dict[str, Any]:
    return {"uow": session.desk().writing(), "actor": session.actor(), "at": session.now(), "version_id": name}


def _approve(name: str) -> Recorded:
    return models.approve(**_who(name), remark=session.take(_text(name)))


def _reject(name: str) -> Recorded:
    return models.reject(**_who(name), reason=session.take(_text(name)))


def _withdraw(name: str) -> Recorded:
    return models.withdraw(**_who(name), reason=session.take(_text(name)))
