"""Everything that happened on a case, newest first, each event with its number and hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from app.ui import event_words, formats
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import parse
from casedesk.domain.verification import Report, Verdict

_MUTED = "opacity:.72"
_MONO = "font-family:'Source Code Pro','Source Code',monospace;font-size:12px;opacity:.85"
_LONG = 600  # characters shown of one event's text


def show(events: Sequence[Recorded], names: dict[str, str], now: datetime) -> None:
    """Draw all events as a table. Every value is escaped: people and files wrote them."""
    rows = "".join(_row(event, names, now) for event in reversed(events))
    st.html(f'<table style="border-collapse:collapse;width:100%;font-size:13.1px;line-height:1.35">{rows}</table>')


def _row(event: Recorded, names: dict[str, str], now: datetime) -> str:
    who = escape(names.get(event.user, event.user))
    said = _said(event, names)
    return (
        '<tr style="vertical-align:top;border:none">'
        f'<td style="border:none;padding:4px 9px 8px 4px;text-align:right;white-space:nowrap;{_MUTED}">'
        f"{event.event_id:,}</td>"
        f'<td style="border:none;padding:4px 8px 8px 0;width:100%;overflow-wrap:anywhere">'
        f"<strong>{escape(event_words.title(event.action))}</strong> "
        f'<span style="{_MUTED}">{who}</span>{said}</td>'
        f'<td style="border:none;padding:4px 9px;text-align:right;white-space:nowrap;{_MUTED}">{_when(event, now)}</td>'
        f'<td style="border:none;padding:5px 9px 4px 0;{_MONO}" title="{escape(event.event_hash)}">'
        f"{escape(event.event_hash[:8])}</td></tr>"
    )


def show_latest(events: Sequence[Recorded], names: dict[str, str], now: datetime, chain: Report, most: int = 6) -> None:
    """Draw the latest events in the narrow form, with the verdict on the case's chain."""
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**Latest events**", width="content")
            show_chain(chain)
        st.html(
            f'<div style="font-size:12.3px;line-height:1.35">{"".join(_item(e, names, now) for e in _last(events, most))}</div>'
        )


def _last(events: Sequence[Recorded], most: int) -> Sequence[Recorded]:
    return list(reversed(events[-most:]))


def _item(event: Recorded, names: dict[str, str], now: datetime) -> str:
    who = escape(names.get(event.user, event.user))
    return (
        '<div style="display:flex;gap:8px;margin-bottom:9px">'
        f'<span style="{_MUTED}">{event.event_id:,}</span>'
        '<div style="flex:1;min-width:0;overflow-wrap:anywhere">'
        '<div style="display:flex;justify-content:space-between;gap:8px">'
        f"<strong>{escape(event_words.title(event.action))}</strong>"
        f'<span style="white-space:nowrap;{_MUTED}">{_when(event, now)}</span></div>'
        f'<div style="display:flex;justify-content:space-between;gap:8px"><span style="{_MUTED}">{who}</span>'
        f'<span style="{_MONO}" title="{escape(event.event_hash)}">{escape(event.event_hash[:8])}</span></div>'
        f"{_said(event, names, 160)}</div></div>"
    )


def show_chain(chain: Report) -> None:
    """Draw the verdict on the case's chain; on hover, what it covers, or what is wrong."""
    badge = formats.BADGES[chain.verdict]
    word = {Verdict.VERIFIED: "Chain intact", Verdict.TAMPERED: "Chain broken"}.get(chain.verdict, badge.word)
    covers = "Re-hashed just now. Whether the last events of the ledger are all there, the Ledger page tells."
    said = covers if chain.verdict is Verdict.VERIFIED else chain.sentence()
    st.badge(word, icon=f":material/{badge.icon}:", color=badge.color, help=formats.plain(said))


def _said(event: Recorded, names: dict[str, str], most: int = _LONG) -> str:
    text = event_words.details(event, names)
    return f'<div style="opacity:.85">{escape(formats.clip(text, most))}</div>' if text else ""


def _when(event: Recorded, now: datetime) -> str:
    try:
        at = parse(event.ts)
    except ValueError:
        return escape(event.ts)
    return f'<time title="{escape(formats.moment(at))}">{formats.ago(at, now)}</time>'
