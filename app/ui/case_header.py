"""The head of a case: the way back and along the queue, the subject's name, and what it stands at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from app.ui import formats, navigation, session
from casedesk.domain.cases import Stage
from casedesk.domain.counts import counted
from casedesk.services.casefile import CaseFile


def show_bar(case_id: str) -> None:
    """Draw the way back to the queue and to the cases before and after this one in it."""
    worklist = session.worklist()
    ids = worklist.case_ids
    place = ids.index(case_id) if case_id in ids else -1
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.button("Queue", key="to_queue", icon=":material/arrow_back:", type="tertiary", shortcut="Esc",
                      on_click=navigation.go, args=("triage",))  # fmt: skip
            if place >= 0:
                st.markdown(formats.small(f"{place + 1:,} of {len(ids):,} · {worklist.name}"), width="content")
        with st.container(horizontal=True, width="content"):
            _step("Previous", "K", "keyboard_arrow_up", ids[place - 1] if place > 0 else "")
            _step("Next", "J", "keyboard_arrow_down", ids[place + 1] if 0 <= place < len(ids) - 1 else "")


def _step(label: str, shortcut: str, icon: str, case_id: str) -> None:
    st.button(label, key=f"to_{label.lower()}", icon=f":material/{icon}:", type="tertiary", shortcut=shortcut,
              disabled=not case_id, help=None if case_id else f"There is no {label.lower()} case in this queue.",
              on_click=navigation.open_case, args=(case_id,))  # fmt: skip


def show(file: CaseFile, now: datetime) -> None:
    """Draw the subject's name, the badges, and the facts in one line."""
    case = file.case
    with st.container(gap="xxsmall"):
        st.markdown(f"## {formats.plain(file.customer.name)}")
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"`{case.case_id}`", width="content")
            show_badges(file, now)
        owner = escape(file.names.get(case.owner, case.owner)) if case.owner else "nobody"
        alerts = counted(len(case.alerts), "alert")
        opened = formats.ago(case.opened_at, now)
        amount = formats.money(case.amount_minor, session.currency())
        transactions = counted(case.transactions, "transaction")
        st.html(
            f'<span style="font-size:13.1px;opacity:.74">{alerts} · {amount} · {transactions} · '
            f'owner {owner} · opened <time title="{formats.moment(case.opened_at)}">{opened}</time></span>'
        )


def show_badges(file: CaseFile, now: datetime) -> None:
    """Draw risk, status and clock; the clock explains itself on hover."""
    case = file.case
    risk, stage = formats.BADGES[case.risk], formats.BADGES[file.stage]
    st.badge(risk.word, icon=f":material/{risk.icon}:", color=risk.color)
    st.badge(stage.word, icon=f":material/{stage.icon}:", color=stage.color)
    if file.stage is not Stage.CLOSED:
        due = formats.due(case.clock.due_at, now)
        word = f"Overdue {due.word.removesuffix(' over')}" if due.icon == "alarm" else f"Due in {due.word}"
        st.badge(word, icon=f":material/{due.icon}:", color=due.color, help=formats.plain(case.clock.explain()))
    elif file.disclosed and case.disposition:
        decision = formats.BADGES[case.disposition]
        st.badge(decision.word, icon=f":material/{decision.icon}:", color=decision.color)


def keep_tab(key: str, names: Sequence[str]) -> None:
    """Keep the open tab open when a count in a name has changed: Streamlit knows tabs by all their whole names."""
    held = str(session.value(key, ""))
    if held:
        session.put(key, next((name for name in names if name.split(" :")[0] == held.split(" :")[0]), names[0]))
