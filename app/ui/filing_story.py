"""How far the reports of a case have come, and what the filing system said of them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.ui import formats
from casedesk.domain.filings import Filing


def show(filings: Sequence[Filing], names: dict[str, str]) -> None:
    """Draw the reports of a case, the newest first. Produced is not transmitted, and transmitted is not acknowledged."""
    for filing in reversed(filings):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"`{filing.filing_id}`", width="content")
            badge = formats.FILINGS[filing.state]
            st.badge(badge.word, icon=f":material/{badge.icon}:", color=badge.color)
            st.markdown(formats.small(formats.plain(facts(filing, names))), width="content")
        show_remarks(filing)


def facts(filing: Filing, names: dict[str, str]) -> str:
    """Say in one line who did what, and under which numbers."""

    def who(user: str) -> str:
        return names.get(user, user)

    said = [filing.kind, f"drafted by {who(filing.drafted_by)}"]
    if filing.approved_by:
        said.append(f"approved by {who(filing.approved_by)}")
    if filing.batch_id:
        said.append(f"number {filing.place:,} of {filing.batch_id}")
    if filing.tracking_id:
        said.append(f"tracking ID {filing.tracking_id}")
    if filing.bsa_id:
        said.append(f"BSA ID {filing.bsa_id}")
    return " · ".join(said)


def show_remarks(filing: Filing, parts: Sequence[str] = ()) -> None:
    """Draw what the filing system said, gravest first, each with the part of the form it is about where that is known."""
    told = list(zip(filing.remarks, parts or [""] * len(filing.remarks), strict=True))
    for remark, part in sorted(told, key=lambda one: not one[0].fatal):
        mark = ":red[:material/block:]" if remark.fatal else ":orange[:material/warning:]"
        where = " · ".join(word for word in (remark.code, part or remark.element) if word)
        st.markdown(formats.small(f"{mark} {formats.plain(f'{where}: {remark.text}')}"))
