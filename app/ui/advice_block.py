"""Advice on a case, marked as what it is: what the desk would do first, why, and what the reasons rest on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from app.ui import evidence_table, formats, session
from casedesk.domain.advice import share
from casedesk.domain.counts import counted
from casedesk.domain.moments import parse
from casedesk.services import advice
from casedesk.services.advice import Given, Said
from casedesk.services.casefile import CaseFile

_LEVELS: Final = {1: "a fast rule", 2: "the score", 3: "the score and a language model"}


def show(file: CaseFile, now: datetime) -> None:
    """Draw the newest advice that the reader is shown; nothing where there is none or it is not disclosed."""
    found = advice.of_events(file.events)
    if found is None:
        return
    with st.container(gap="xxsmall"):
        st.markdown(_head(found, now))
        step = next(iter(found.about("next")), None)
        if step is not None:
            st.markdown(f":small[First: {formats.plain(step.text)}]")
        if found.reasons:
            with st.expander(f"Why: {counted(len(found.reasons), 'reason')}", key=_key("why", file)):
                _reasons(file, found)


def _head(found: Given, now: datetime) -> str:
    badge = formats.ADVICE[found.verdict]
    report = " :violet-badge[:material/description: Report recommended]" if found.report else ""
    score = "" if found.score < 0 else f" {share(found.score)}"
    by = f"by {_LEVELS.get(found.level, 'the desk')}{score}, {formats.ago(parse(found.event.ts), now)}"
    old = " · the case has grown since" if found.stale else ""
    return (
        f"**Advice** {badge.text} :gray-badge[Priority {found.priority}]{report}{_decided(found)} "
        f":small[:gray[{by}{old}. A person decides.]]"
    )


def _decided(found: Given) -> str:
    """Say whether the decision that followed agrees; whoever decides has nothing more to do for it."""
    if found.agrees is None:
        return ""
    return (
        " :green-badge[:material/check: Decided so]"
        if found.agrees
        else " :gray-badge[:material/close: Decided otherwise]"
    )


def _reasons(file: CaseFile, found: Given) -> None:
    tags = evidence_table.tags(file.alerts)
    for reason in found.reasons:
        st.markdown(f":small[{formats.plain(reason.text)}{_cited(reason, tags)}]")
    cited = [alert for alert in tags if any(alert in reason.cites for reason in found.reasons)]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        for alert in cited:
            st.button(f"Evidence of {tags[alert].word}", key=_key(f"advice_{alert}", file), type="tertiary",
                      icon=":material/receipt_long:", on_click=evidence_table.open_at,
                      args=(file.case.case_id, alert))  # fmt: skip


def _cited(reason: Said, tags: dict[str, formats.Badge]) -> str:
    """Name the alerts of a reason by their rules, and its transactions by their ids."""
    named = [tags[one].word if one in tags else one for one in reason.cites]
    return f" :gray[· {formats.plain(_listed(named))}]" if named else ""


def _listed(named: Sequence[str], most: int = 4) -> str:
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return ", ".join(named[:most]) + more


def _key(name: str, file: CaseFile) -> str:
    return session.key(name, file.case.case_id)
