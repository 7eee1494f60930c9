"""Which draw is shown, whether it can be drawn again with the same picks, and how to make a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from app.ui import flash, formats, session
from casedesk.domain.counts import counted
from casedesk.domain.people import Action, may
from casedesk.errors import CasedeskError
from casedesk.services import quality
from casedesk.services.quality import Overview, StoredDraw

SCOPE = "draw"


def choose(draws: Sequence[StoredDraw]) -> str:
    """Return the id of the draw to show: the newest, unless another was chosen."""
    ids = [draw.draw_id for draw in draws]
    chosen = session.value("qa_draw", ids[0])
    return chosen if chosen in ids else ids[0]


def show(found: Overview | None, draws: Sequence[StoredDraw]) -> None:
    """Draw the title row's right side."""
    if found is not None:
        _facts(found)
        _redrawn(found.draw.draw_id)
    if len(draws) > 1:
        st.selectbox("Draw", [draw.draw_id for draw in draws], key="qa_draw", label_visibility="collapsed", width=150,
                     persist_state="session")  # fmt: skip
    if may(session.actor().role, Action.DRAW_SAMPLE):
        _new()


def _facts(found: Overview) -> None:
    draw = found.draw
    period = f"{formats.day(draw.period_from)} – {formats.day(draw.period_to)}"
    st.markdown(
        formats.small(
            f"Draw {draw.draw_id} · {period} · {found.rate_per_mille / 10:g} % · {counted(draw.population_size, 'closed case')} · "
            "seed drawn after commit"
        ),
        width="content",
    )


def _redrawn(draw_id: str) -> None:
    again = session.memo(
        f"redrawn_{draw_id}",
        lambda: quality.redraw(uow=session.desk().reading(), actor=session.actor(), draw_id=draw_id),
    )
    if again.agrees:
        st.badge("Re-drawn: same picks", icon=":material/verified:", color="green",
                 help="Drawn again from its record just now; population, rates, seed and picks agree with the ledger.")  # fmt: skip
    else:
        st.badge(
            "Re-drawn: other picks",
            icon=":material/gpp_bad:",
            color="red",
            help=formats.plain(" ".join(again.problems)),
        )


def _new() -> None:
    today = session.now().date()
    with st.popover("New draw", icon=":material/casino:", type="tertiary"):
        flash.show(SCOPE, kept="What you chose is kept")
        st.date_input("Closed from", value=today - timedelta(days=30), format="YYYY-MM-DD", key="draw_from")
        st.date_input("Closed to", value=today, format="YYYY-MM-DD", key="draw_to")
        st.number_input(
            "Share in %", min_value=0.1, max_value=100.0, value=10.0, step=1.0, format="%.1f", key="draw_rate"
        )
        st.markdown(formats.small("SARs and new analysts are drawn whole, by policy."))
        st.button("Draw sample", key="draw_sample", type="primary", on_click=_draw)


def _draw() -> None:
    desk = session.desk()
    session.flashes().pop(SCOPE, None)
    try:
        draw, picks = quality.draw_sample(
            freeze=desk.writing(), uow=desk.writing(), actor=session.actor(), at=session.now(),
            period_from=session.value("draw_from", session.now().date()),
            period_to=session.value("draw_to", session.now().date()),
            rate_per_mille=round(float(session.value("draw_rate", 10.0)) * 10),
        )  # fmt: skip
    except CasedeskError as refusal:
        flash.refuse(SCOPE, refusal)
        return
    session.put("qa_draw", draw.draw_id)
    flash.say(f"{len(picks):,} of {counted(draw.population_size, 'case')} drawn ({draw.draw_id}).")
