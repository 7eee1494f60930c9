"""The ledger: whether it is intact, how large it is, and what stands in it."""

from __future__ import annotations

from time import perf_counter

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.ui import checkpoint, empty, formats, ledger_table, session, title, verdict
from casedesk.domain.counts import counted
from casedesk.services import audit, ledger


def verify(bar: DeltaGenerator) -> verdict.Verified:
    """Verify the whole ledger. It only reads, so it needs no callback, and the progress can be drawn."""
    began = perf_counter()

    def progress(done: int, size: int) -> None:
        bar.progress(min(done / max(size, 1), 1.0), text=f"{done:,} of {counted(size, 'event')}")

    report = audit.verify_database(uow=desk.reading(), progress=progress, anchors=desk.checkpoints.anchors())
    return verdict.Verified(report, actor.name, session.now(), perf_counter() - began)


actor, now, desk = session.actor(), session.now(), session.desk()
figures = ledger.figures(uow=desk.reading(), actor=actor, at=now)
signed = desk.checkpoints.status()
rows = ledger_table.read()
with title.row("Ledger"):
    asked = st.button("Verify now", key="verify", type="primary", icon=":material/verified:", shortcut="V")
place = st.empty()
if asked:
    session.keep_verdict(verify(place))
    now = session.now()
with place.container():
    verdict.show(session.verdict(), rows.names, now)
with st.container(border=True):
    for cell, (label, value, gloss) in zip(
        st.columns(5),
        (
            ("Events", f"{figures.size:,}", None),
            ("Cases", f"{figures.cases:,}", None),
            ("Last event", formats.ago(figures.last_at, now) if figures.last_at else "none",
             formats.moment(figures.last_at) if figures.last_at else None),
            ("Last signed", formats.ago(signed.written_at, now) if signed.written_at else "none",
             checkpoint.gloss(signed, signs=desk.checkpoints.signs)),
            ("Unsigned events", f"{max(figures.size - signed.size, 0):,}", None),
        ),
        strict=True,
    ):  # fmt: skip
        cell.metric(label, value, help=gloss)
with st.container(horizontal=True, vertical_alignment="center"):
    st.markdown(formats.small("Root"), width="content")
    st.markdown(f"`{figures.root}`", width="content")
    st.markdown(formats.small(f"size {figures.size:,} · RFC 6962"), width="content")
checkpoint.warn(signed)
ledger_table.show_filters(rows)
if rows.events:
    ledger_table.show(rows, session.verdict())
else:
    empty.show("No event matches", "Take a filter away, or search for a case, a person or an event number.")
