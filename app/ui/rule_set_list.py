"""The rule sets: what is in force, what waits, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats, lab_form, paging, picker, rule_set_panel, session
from casedesk.domain.counts import counted
from casedesk.services import rule_sets
from casedesk.services.rule_sets import Headline, Overview

TITLE: Final = "Rule sets"
_PAGE: Final = "rule_sets_page"
_ROW: Final = 29


def show(now: datetime) -> None:
    """Draw what is in force and the list on the left, the chosen rule set on the right."""
    desk, actor = session.desk(), session.actor()
    found = session.memo("rule_sets", lambda: rule_sets.overview(look=desk.reading(), actor=actor))
    page = st.grid(7, min_column_width=120, gap=("small", "medium"))
    with page.cell(column_span=3):
        _in_force(found)
        chosen = _history(found.history, found.names) if found.history else ""
    with page.cell(column_span=4):
        if chosen:
            one = session.memo(
                f"rule_set_{chosen}", lambda: rule_sets.show(look=desk.reading(), actor=actor, rule_set_id=chosen)
            )
            rule_set_panel.show(one, found.names, now)
        else:
            empty.show("No rule set was proposed yet",
                       "The rules run as shipped. Try a rule, then propose its thresholds; another manager decides.")  # fmt: skip


def _in_force(found: Overview) -> None:
    running = found.running
    name = running.rule_set_id or "Rules as shipped"
    st.markdown(f"**In force** :gray[{name} · {counted(len(running.rules), 'rule')} · `{running.hash[:8]}`]")
    for sentence in running.adrift:
        st.warning(formats.plain(sentence), icon=":material/upgrade:")
    moved = [(rule, one) for rule in running.rules for one in rule.parameters.described() if one.changed]
    if moved:
        frame = pd.DataFrame(
            {
                "Rule": [rule.title for rule, _ in moved],
                "Parameter": [formats.parameter(one.name.removesuffix("_minor")) for _, one in moved],
                "In force": [lab_form.said(one.value, one.unit, session.currency()) for _, one in moved],
                "Shipped": [lab_form.said(one.default, one.unit, session.currency()) for _, one in moved],
            }
        )
        st.dataframe(
            frame, key="rule_set_values", hide_index=True, row_height=_ROW, height=min(_ROW * len(moved) + 37, 240),
            column_config={"Rule": columns.text(110), "Parameter": columns.text(104),
                           "In force": columns.text(112, right=True), "Shipped": columns.text(112, right=True)},
            alt="Values in force that are not as shipped",
        )  # fmt: skip
    else:
        st.markdown(formats.small("Every value is as shipped."))
    if running.off:
        st.markdown(formats.small(f"Switched off: {', '.join(formats.rule(one) for one in running.off)}."))


def _history(every: Sequence[Headline], names: dict[str, str]) -> str:
    st.markdown(f"**Rule sets** :gray[{len(every):,}, newest first]")
    start = paging.start_of(_PAGE, len(every))
    sets = every[start : start + paging.ROWS]
    states = [formats.RULE_SETS[one.state] for one in sets]
    frame = pd.DataFrame(
        {
            "Set": [one.rule_set_id for one in sets],
            "State": columns.cells(states),
            "Proposed": [formats.day(one.proposed_at) for one in sets],
            "By": [names.get(one.proposed_by, one.proposed_by) for one in sets],
        }
    )
    config = {
        "Set": columns.text(82),
        "State": columns.chips("State", states, 106),
        "Proposed": columns.text(88),
        "By": columns.text(122),
    }
    chosen = picker.show("rule_sets", frame, config, [one.rule_set_id for one in sets], "Rule sets")
    paging.show(_PAGE, start, len(sets), len(every))
    return chosen
