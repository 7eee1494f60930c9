"""The newest run of scoring, and the button for another one."""

from __future__ import annotations

import streamlit as st

from app.ui import flash, formats, session
from casedesk.domain.counts import counted
from casedesk.domain.people import Action, may
from casedesk.errors import CasedeskError
from casedesk.services import scoring
from casedesk.services.scores import Overview

_SCOPE = "score"


def show(found: Overview) -> None:
    """Draw the button; greyed, it says why."""
    reason = why_not(found)
    st.button("Compute scores", key="score_run", type="primary", icon=":material/play_arrow:", disabled=bool(reason),
              help=reason or None, on_click=_run)  # fmt: skip


def why_not(found: Overview) -> str:
    """Return why the actor cannot compute scores now, or the empty string."""
    if not may(session.actor().role, Action.SCORE):
        return "Only a manager may compute scores."
    if not any(one.in_force for one in found.lists):
        return "No list of parties is in force; load one first: casedesk score load FILE."
    return ""


def way_out(found: Overview) -> str:
    """Say what is missing for the first scores."""
    return why_not(found) or "Compute scores does it; with many payments it takes a minute."


def show_state(found: Overview) -> None:
    """Draw a refusal of the button, and which run and lists the page tells of."""
    flash.show_plain(_SCOPE)
    if not found.runs:
        return
    run, record = found.runs[0], found.records[0]
    known = {one.list_id: one for one in found.lists}
    lists = ", ".join(
        f"{formats.plain(known[name].source)} {formats.plain(known[name].version)}"
        for name in record.lists
        if name in known
    )
    st.markdown(formats.small(
        f"{run.run_id}, {formats.moment(run.ran_at)}, as of {formats.moment(run.as_of)} · {counted(run.payments, 'payment')} "
        f"between {counted(run.accounts, 'account')} · {counted(run.listed, 'listed account')} by {lists} and "
        f"{counted(len(record.matches), 'confirmed name')}"
    ))  # fmt: skip


def _run() -> None:
    session.flashes().pop(_SCOPE, None)
    try:
        done = scoring.run(
            look=session.desk().reading(), uow=session.desk().writing(), actor=session.actor(), at=session.now(),
            base_currency=session.currency(),
        )  # fmt: skip
    except CasedeskError as refusal:
        flash.refuse(_SCOPE, refusal)
        return
    flash.say(f"Scores computed ({done.run_id}).")
