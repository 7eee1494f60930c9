"""What became of a narrative since it was approved, or returned: the later text, with what came in and what went."""

from __future__ import annotations

from html import escape
from typing import Final

import streamlit as st

from app.ui import formats
from casedesk.domain.amendments import amendment
from casedesk.domain.counts import counted
from casedesk.domain.moments import parse
from casedesk.services.casefile import CaseFile

#: Shape first, then a tint that lets the theme's own ink show in light and dark.
_MARKS: Final = {
    "+": ("ins", "text-decoration:underline;font-weight:600;background:rgba(58,91,199,.16)"),
    "-": ("del", "text-decoration:line-through;opacity:.75;background:rgba(168,35,43,.14)"),
}
_LONG: Final = 700  # characters, beyond which the text has a frame to be scrolled in


def show(file: CaseFile) -> None:
    """Draw the changes; nothing where there is no earlier narrative, or where it is not disclosed."""
    found = amendment(file.events) if file.disclosed else None
    if found is None:
        return
    who = formats.plain(file.names.get(found.by, found.by))
    when = formats.moment(parse(found.ts))
    count = f"{counted(found.came, 'word')} in, {found.went:,} out" if found.came or found.went else "not one word"
    with st.expander(f"Changed since it was {found.judged} · {count}"):
        st.markdown(
            formats.small(f"{found.judged.capitalize()} by {who}, {when} (event {found.event_id:,}). Underlined came in, struck "
                          "through went.")
        )  # fmt: skip
        text = "".join(_piece(mark, words) for mark, words in found.pieces)
        with st.container(height=260 if len(text) > _LONG else "content", border=False):
            st.html(f'<div style="overflow-wrap:anywhere;line-height:1.55;white-space:pre-line">{text}</div>')


def _piece(mark: str, text: str) -> str:
    """Write a piece, its blanks outside the mark, so that no line begins with an underlined gap."""
    if mark not in _MARKS:
        return escape(text)
    name, style = _MARKS[mark]
    words = text.rstrip()
    return f'<{name} style="{style}">{escape(words)}</{name}>{text[len(words) :]}'
