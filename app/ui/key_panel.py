"""One API key: all of it but the secret, which nobody can show, and the way to end it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import streamlit as st

from app.ui import flash, formats, key_list, session
from casedesk.services import api_keys
from casedesk.services.api_keys import ApiKey

_SCOPE: Final = "key_revoke"


def show(key: ApiKey, now: datetime) -> None:
    """Draw the key and, while it opens anything, the form that ends it."""
    names = session.names()
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{formats.plain(key.label)}** {key_list.state(key, now).text}")
        st.markdown(
            f"`{key.key_id}` acts as {formats.plain(names.get(key.user_id, key.user_id))} for {', '.join(sorted(key.scopes))}, "
            f"from {formats.moment(key.created_at)} until {formats.moment(key.expires_at)}."
        )
        if key.revoked_at is not None:
            by = formats.plain(names.get(key.revoked_by, key.revoked_by))
            st.markdown(
                formats.small(f"Revoked by {by}, {formats.moment(key.revoked_at)}. The reason stands in the ledger.")
            )
        if not key_list.usable(key, now):
            return
        reason = session.key("key_reason", key.key_id)
        flash.show(_SCOPE)
        st.text_input("Reason", key=reason, placeholder="Why it must open nothing any more", persist_state="session")
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.button(
                "Revoke key", key="key_revoke_button", icon=":material/block:", on_click=_revoke, args=(key.key_id,)
            )
        st.markdown(
            formats.small("Its programs are turned away at once. It cannot be undone; make another key instead.")
        )


def _revoke(key_id: str) -> None:
    reason = session.key("key_reason", key_id)
    flash.attempt(
        _SCOPE,
        lambda: api_keys.revoke(
            uow=session.desk().writing(),
            actor=session.actor(),
            at=session.now(),
            key_id=key_id,
            reason=session.take(reason),
        ),
        clears=(reason,),
    )
