"""Closed cases that are like this one: in what, how much, and how they ended where that may be told."""

from __future__ import annotations

import streamlit as st

from app.ui import formats, navigation, session
from casedesk.domain.counts import counted
from casedesk.services import similar_cases
from casedesk.services.casefile import CaseFile
from casedesk.services.similar_cases import Similar


def show(file: CaseFile) -> None:
    """Draw a line for each, the most alike first."""
    found = similar_cases.similar(uow=session.desk().reading(), actor=session.actor(), case_id=file.case.case_id)
    if not found:
        st.markdown(formats.small("No closed case has a rule or a counterparty in common with this one."))
        return
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.button(one.case_id, key=session.key("similar", one.case_id), type="tertiary", icon=":material/folder_open:",
                      on_click=navigation.open_case, args=(one.case_id,))  # fmt: skip
            if one.outcome:
                badge = formats.BADGES[one.outcome]
                st.badge(badge.word, icon=f":material/{badge.icon}:", color=badge.color)
            st.markdown(f"{one.likeness * 100:.0f} % alike", width="content")
            st.markdown(formats.small(f"{formats.plain(one.customer)} · {_common(one)}"), width="content")
    weights = ", ".join(f"{name} {weight}" for name, weight in similar_cases.WEIGHTS.items())
    st.markdown(formats.small(f"Alike: the shares of rules and counterparties that both have of those that either has, and how near "
                              f"their exposures are, weighted {weights}. How a case ended counts for nothing in it."))  # fmt: skip


def _common(one: Similar) -> str:
    rules = ", ".join(formats.plain(formats.rule(name)) for name in sorted(one.rules))
    parts = [f"{rules} ({len(one.rules)} of {counted(one.all_rules, 'rule')})" if rules else "no rule in common"]
    if one.counterparties:
        parts.append(
            f"{len(one.counterparties)} of {counted(one.all_counterparties, 'counterparty', 'counterparties')}"
        )
    if one.exposure:
        parts.append(f"exposure {one.exposure:.2f}")
    return " · ".join(parts)
