"""Make an API key, and show it this once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from app.ui import flash, formats, session
from casedesk.domain.api_keys import LONGEST
from casedesk.domain.issued import LONGEST_LABEL
from casedesk.domain.people import SYSTEM, Action, Person, may
from casedesk.errors import CasedeskError
from casedesk.services import api_keys
from casedesk.services.api_keys import Issued, Scope

_SCOPE: Final = "key_new"
_ISSUED: Final = "key_issued"
_LABEL: Final = "key_label"
_WHOM: Final = "key_whom"
_SCOPES: Final = "key_scopes"
_DAYS: Final = "key_days"
_WORDS: Final = {
    Scope.INGEST: "Send transactions (ingest)",
    Scope.READ: "Follow alerts and cases (read)",
    Scope.ACT: "Take steps on cases (act-as-user)",
}


def show_issued() -> None:
    """Draw the key that was just made, until it is put away or the page is left. Nobody can show it again."""
    issued: Issued | None = session.flashes().get(_ISSUED)
    if issued is None:
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**Copy this key now** :gray[{issued.key.key_id}, {formats.plain(issued.key.label)}]")
        st.code(issued.sent_as, language=None, wrap_lines=True)
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(formats.small("It is shown this once; the desk keeps only its hash. Programs send it as "
                                      "Authorization: Bearer and the key."), width="stretch")  # fmt: skip
            st.button("I have copied it", key="key_put_away", icon=":material/check:", on_click=_put_away)


def show(actor: Person, everybody: Sequence[Person]) -> None:
    """Draw the form. Keys that read or act are one's own; those that send transactions may be the desk's or a colleague's."""
    whom = {actor.user_id: f"{actor.name} (you)", SYSTEM.user_id: "The desk itself, to send transactions"}
    whom |= {
        person.user_id: f"{person.name}, to send transactions"
        for person in everybody
        if person.active and person.user_id != actor.user_id and may(person.role, Action.IMPORT)
    }
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Make a key**")
        flash.show(_SCOPE)
        st.text_input(
            "What for", key=_LABEL, placeholder="Core banking feed", max_chars=LONGEST_LABEL, persist_state="session"
        )
        st.selectbox("Acts as", list(whom), key=_WHOM, format_func=lambda user: whom[user], persist_state="session")
        st.multiselect("Scopes", list(Scope), key=_SCOPES, default=[Scope.INGEST],
                       format_func=lambda scope: _WORDS[scope], persist_state="session")  # fmt: skip
        st.number_input("Days it lives", min_value=1, max_value=LONGEST, value=90, step=1,
                        key=_DAYS, persist_state="session")  # fmt: skip
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.button("Make key", key="key_make", type="primary", icon=":material/key:", on_click=_make)
        st.markdown(formats.small("A key that reads or acts as a colleague would let you be two people; only the operator at the "
                                  "command line makes those."))  # fmt: skip


def _make() -> None:
    session.flashes().pop(_SCOPE, None)
    values: dict[str, Any] = {
        "label": session.take(_LABEL), "user_id": str(session.value(_WHOM, session.actor().user_id)),
        "scopes": frozenset(session.value(_SCOPES, [])), "days": int(session.value(_DAYS, 0)),
    }  # fmt: skip
    try:
        issued = api_keys.create(uow=session.desk().writing(), actor=session.actor(), at=session.now(), **values)
    except CasedeskError as refusal:
        flash.refuse(_SCOPE, refusal)
        return
    session.put(_LABEL, "")
    session.flashes()[_ISSUED] = issued
    flash.say(f"{issued.key.key_id} made.")


def _put_away() -> None:
    session.flashes().pop(_ISSUED, None)
