"""The leaderboard: the accounts with the highest scores, with their parts and what they were in the run before."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, formats, session
from casedesk.services import scores
from casedesk.services.scores import Ranked

_ROW: Final = 29
#: Accounts on the board.
_SHOWN: Final = 100
OWN: Final = "Customers"
ALL: Final = "All accounts"
_SIDES: Final = {"received": "In", "sent": "Out"}


def show() -> None:
    """Draw the board."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(
            "**Leaderboard** :gray[listed accounts are left out; each line's parts add up to it]", width="content"
        )
        whose = st.segmented_control("Whose", [OWN, ALL], key="score_whose", default=OWN, required=True,
                                     label_visibility="collapsed", persist_state="session")  # fmt: skip
    _, found = scores.top(uow=session.desk().reading(), actor=session.actor(), limit=_SHOWN, own=whose != ALL)
    if not found:
        st.markdown(formats.small("No way of money leads from any of these accounts to a listed one."))
        return
    keys = sorted({(part.side, part.hops) for one in found for part in one.score.parts})
    parts = {f"{_SIDES[side]} {hops}": [_part(one, side, hops) for one in found] for side, hops in keys}
    frame = pd.DataFrame(
        {
            "Account": [one.score.account_id for one in found],
            "Customer": [one.customer_id or "other bank" for one in found],
            "Holder": [one.holder for one in found],
            "Exposure": [f"{one.score.exposure:.4f}" for one in found],
            "Before": [formats.exposure(one.before) for one in found],
            **parts,
        }
    )
    st.dataframe(
        frame,
        key="score_board",
        hide_index=True,
        row_height=_ROW,
        height=min(_ROW * len(found), 640) + 37,
        column_config={
            "Account": columns.text(120), "Customer": columns.text(96), "Holder": columns.text(210),
            "Exposure": columns.text(76, right=True), "Before": columns.text(76, right=True),
            **{name: columns.text(70, right=True) for name in parts},
        },
        alt="Accounts by exposure",
    )  # fmt: skip
    st.markdown(formats.small("In and Out: what ways of so many hops add, by money that came and money that went. Before: the score in the "
                              "run before; “–” had none."))  # fmt: skip


def _part(one: Ranked, side: str, hops: int) -> str:
    units = sum(part.units for part in one.score.parts if (part.side, part.hops) == (side, hops))
    return f"{units / scores.WHOLE:.4f}" if units else ""
