"""A long list in pages: which part is shown, and the way to the others."""

from __future__ import annotations

from typing import Final

import streamlit as st

from app.ui import formats, session
from casedesk.domain.counts import counted

#: Rows on one page: as many as a list draws without scrolling far.
ROWS: Final = 50


def start_of(key: str, total: int) -> int:
    """Return the position of the page's first row; the first page again when the list has become shorter."""
    page = int(session.value(key, 1))
    return (page - 1) * ROWS if (page - 1) * ROWS < total else 0


def show(key: str, start: int, shown: int, total: int) -> None:
    """Draw where the page stands and the way to the others; nothing where all fits on one."""
    pages = -(-total // ROWS)
    if pages <= 1:
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="xsmall"):
        st.markdown(formats.small(f"{start + 1:,}–{start + shown:,} of {total:,}"), width="content")
        if session.value(key, 1) > pages:
            session.put(key, 1)
        st.pagination(pages, key=key, max_visible_pages=5, width=45 * (min(pages, 5) + 2), persist_state="session")


def show_way_back(key: str, total: int) -> None:
    """Draw the way to the first page, where the list has become shorter than the pages before this one."""
    st.markdown(
        formats.small(
            f"This page is past the end of the list; {counted(total, 'row is', 'rows are')} on the pages before it."
        )
    )
    st.button("First page", key=session.key("first", key), on_click=session.put, args=(key, 1))
