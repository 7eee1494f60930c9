"""Customers whose names are like listed ones: one is chosen, and a person says whether it is the listed party."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.ui import columns, empty, flash, formats, picker, session
from casedesk.domain.people import Action, may
from casedesk.services import party_lists
from casedesk.services.party_lists import Matches, NameMatch


def show(found: Matches) -> None:
    """Draw the matches that wait, and the form for the chosen one."""
    counts = {state: f"{found.counts[state]:,} {state}" for state in party_lists.MatchState}
    if not found.shown:
        empty.show(
            "No name waits for a person",
            f"{', '.join(counts.values())}. casedesk score screen compares the names again.",
        )
        return
    page = st.grid(7, min_column_width=120, gap=("small", "medium"))
    with page.cell(column_span=4):
        chosen = _choose(found.shown)
        st.markdown(formats.small(f"{', '.join(counts.values())}; the most alike first."))
    with page.cell(column_span=3):
        _form(chosen)


def _choose(shown: tuple[NameMatch, ...]) -> NameMatch:
    frame = pd.DataFrame(
        {
            "Alike": [f"{one.likeness / 1e4:.0f} %" for one in shown],
            "Customer": [one.customer_name for one in shown],
            "Listed name": [one.listed_name for one in shown],
            "Source": [one.source for one in shown],
        }
    )
    config = {
        "Alike": columns.text(56, right=True),
        "Customer": columns.text(180),
        "Listed name": columns.text(200),
        "Source": columns.text(110),
    }
    ids = [one.match_id for one in shown]
    chosen = picker.show("name_matches", frame, config, ids, "Names that are alike", most=12)
    return shown[ids.index(chosen)]


def _form(one: NameMatch) -> None:
    reason = (
        "" if may(session.actor().role, Action.DECIDE_MATCH) else "Only an analyst or a manager may decide on a name."
    )
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{formats.plain(one.customer_name)}** :gray[{formats.plain(one.customer_id)}]")
        number = f", number {formats.plain(one.ref)}" if one.ref != one.listed_name else ""
        st.markdown(f":gray[is like] **{formats.plain(one.listed_name)}** :gray[on] {formats.plain(one.source)}{number}"
                    f":gray[, by] {one.likeness / 1e4:.1f} %")  # fmt: skip
        if one.reason:
            st.markdown(formats.small(f"Listed for: {formats.plain(one.reason)}"))
        flash.show(_scope(one.match_id))
        st.text_area("What was compared besides the names, and what it showed", key=_text(one.match_id), height=90,
                     disabled=bool(reason), persist_state="session")  # fmt: skip
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            st.button("Refuse match", key="match_refuse", icon=":material/close:", disabled=bool(reason), help=reason or None,
                      on_click=_decide, args=(one.match_id, False))  # fmt: skip
            st.button("Confirm match", key="match_confirm", icon=":material/check:", disabled=bool(reason),
                      help=reason or None, on_click=_decide, args=(one.match_id, True))  # fmt: skip
        st.markdown(
            formats.small(
                "Confirmed, the customer is a listed party from the next run on. Either is final for these two names."
            )
        )


def _decide(match_id: str, confirmed: bool) -> None:
    flash.attempt(
        _scope(match_id),
        lambda: party_lists.decide(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), match_id=match_id, confirmed=confirmed,
            reason=session.take(_text(match_id)),
        ),
        clears=(_text(match_id),),
    )  # fmt: skip


def _scope(match_id: str) -> str:
    return session.key("match", match_id)


def _text(match_id: str) -> str:
    return session.key("match_reason", match_id)
