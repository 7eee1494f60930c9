"""Legal holds: those that stand, with the form to lift one, and the form to place another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from app.ui import flash, formats, navigation, session
from casedesk.domain.moments import parse
from casedesk.domain.people import Action, may
from casedesk.services import retention
from casedesk.services.retention import Hold

_SCOPE: Final = "hold_new"
_LIFTING: Final = "hold_lifting"
_CASE: Final = "hold_case"
_REASON: Final = "hold_reason"
_MOST: Final = 20
_ONLY: Final = "Only a manager may place or lift a legal hold."


def show(holds: Sequence[Hold], names: Mapping[str, str]) -> None:
    """Draw the holds and the forms."""
    st.markdown(f"**Legal holds** :gray[{len(holds):,}]")
    flash.show(_LIFTING, names=dict(names))  # above: what it is about may have been lifted by somebody else
    for hold in holds[:_MOST]:
        _hold(hold, names)
    if not holds:
        st.markdown(formats.small("No case is under a legal hold."))
    if len(holds) > _MOST:
        st.markdown(formats.small(f"And {len(holds) - _MOST:,} more; “casedesk retention holds” lists all."))
    _place()


def _hold(hold: Hold, names: Mapping[str, str]) -> None:
    refused = "" if may(session.actor().role, Action.HOLD) else _ONLY
    field = session.key("hold_text", str(hold.event))
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(":material/lock:", width="content")
            st.button(hold.case_id, key=session.key("hold_open", str(hold.event)), type="tertiary",
                      on_click=navigation.open_case, args=(hold.case_id,))  # fmt: skip
            who = formats.plain(names.get(hold.placed_by, hold.placed_by))
            st.markdown(
                formats.small(f"event {hold.event}, {who}, {formats.day(parse(hold.placed_at))}"), width="content"
            )
        st.markdown(formats.plain(formats.clip(hold.reason, 400)))
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            st.text_input("Reason for lifting it", key=field, disabled=bool(refused), persist_state="session")
            st.button("Lift hold", key=session.key("hold_lift", str(hold.event)), icon=":material/lock_open:",
                      disabled=bool(refused), help=refused or None, on_click=_lift, args=(hold.event,))  # fmt: skip


def _place() -> None:
    refused = "" if may(session.actor().role, Action.HOLD) else _ONLY
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Place a hold**")
        flash.show(_SCOPE)
        st.text_input("Case", key=_CASE, placeholder="C-26-00042", disabled=bool(refused), persist_state="session")
        st.text_area("Reason", key=_REASON, height=68, disabled=bool(refused), persist_state="session")
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"):
            st.markdown(formats.small(refused or "The case is kept until the hold is lifted, whatever its retention."), width="content")  # fmt: skip
            st.button("Place hold", key="hold_place", icon=":material/lock:", disabled=bool(refused), help=refused or None,
                      on_click=_put)  # fmt: skip


def _put() -> None:
    flash.attempt(
        _SCOPE,
        lambda: retention.hold(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=session.take(_CASE).strip(),
            reason=session.take(_REASON),
        ),
        clears=(_CASE, _REASON),
    )  # fmt: skip


def _lift(hold: int) -> None:
    field = session.key("hold_text", str(hold))
    flash.attempt(
        _LIFTING,
        lambda: retention.release(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), hold=hold, reason=session.take(field)
        ),
        clears=(field,),
    )
