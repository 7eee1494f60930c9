"""Take a batch back that was not sent: a reason, and another manager than who produced it."""

from __future__ import annotations

import streamlit as st

from app.ui import flash, session
from casedesk.errors import CasedeskError
from casedesk.services import withdrawing
from casedesk.services.outgoing import Batch


def show(batch: Batch, scope: str) -> None:
    """Draw the form. What was typed survives a refusal.

    :param scope: where a refusal is shown.
    """
    own = batch.produced_by == session.actor().user_id
    why = "You produced this batch, so another manager has to take it back." if own else ""
    with st.expander("Take it back", key=session.key("take_back", batch.batch_id)):
        st.text_area("Reason", key=session.key("withdrawal", batch.batch_id), height=90, disabled=own,
                     persist_state="session", placeholder="Why it must not be sent. Its reports wait for another batch.")  # fmt: skip
        st.button("Take the batch back", key="withdraw", icon=":material/undo:", disabled=own, help=why or None,
                  on_click=_withdraw, args=(batch.batch_id, scope))  # fmt: skip


def _withdraw(batch_id: str, scope: str) -> None:
    field = session.key("withdrawal", batch_id)
    session.flashes().pop(scope, None)
    try:
        withdrawing.withdraw(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), batch_id=batch_id,
            reason=session.take(field),
        )  # fmt: skip
    except CasedeskError as refusal:
        flash.refuse(scope, refusal)
        return
    session.clear(field)
    flash.say(f"{batch_id} is taken back; its reports wait for another batch.")
