"""The title row of a page: its name left, and on the right what the page offers as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def row(title: str) -> Iterator[None]:
    """Draw the title; what is drawn inside the block stands at the right end of its row."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"### {title}", width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content", gap="xsmall"):
            yield


def show(title: str) -> None:
    """Draw a title with nothing beside it."""
    with st.container(height=40, border=False, vertical_alignment="center"):
        st.markdown(f"### {title}")
