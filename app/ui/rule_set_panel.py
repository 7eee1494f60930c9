"""One rule set: why, what it changes, what that does to the history, and the form to decide it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import pandas as pd
import streamlit as st

from app.ui import columns, downloads, flash, formats, lab_form, lost_reports, session
from app.ui.proposal_form import Form
from casedesk.domain.counts import counted
from casedesk.domain.people import Action
from casedesk.exports import rule_sheet
from casedesk.services import rule_sets
from casedesk.services.rule_sets import RuleSet

_ROW: Final = 29
_MOST: Final = 500
_FORM: Final = Form(
    "rule_set", "the rules as shipped", Action.PROPOSE_RULES, Action.PUT_RULES_IN_FORCE, rule_sets.approve, rule_sets.reject,
    rule_sets.withdraw,
)  # fmt: skip


def show(one: RuleSet, names: dict[str, str], now: datetime) -> None:
    """Draw the chosen rule set with what may be done to it."""
    badge = formats.RULE_SETS[one.state]
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"`{one.rule_set_id}`", width="content")
            st.badge(badge.word, icon=f":material/{badge.icon}:", color=badge.color)
            hashes = f"rules `{one.hash_before[:8]}` → `{one.hash_after[:8]}` · sheet `{one.sheet_sha256[:8]}`"
            st.markdown(formats.small(hashes), width="content")
        st.markdown(formats.plain(one.reason))
        st.markdown(formats.small(_FORM.story(one, names, now)))
        _FORM.show(one, names)
        _download(one)
    for rule in rule_sheet.read(one.sheet, one.rule_set_id)["rules"]:
        _rule(rule)


def _download(one: RuleSet) -> None:
    desk, actor, name = session.desk(), session.actor(), one.rule_set_id
    key = "rule_set_download"
    downloads.button(
        "Download evidence sheet", key, f"{name}-evidence.md", "text/markdown",
        lambda: rule_sets.export_sheet(uow=desk.writing(), actor=actor, at=session.now(), rule_set_id=name),
    )  # fmt: skip
    flash.show(key, kept="")


def _rule(rule: Mapping[str, Any]) -> None:
    turned = {(True, False): "switched off", (False, True): "switched on"}
    gloss = turned.get((rule["on_before"], rule["on_after"]), f"version {rule['version']}")
    st.markdown(f"**{formats.plain(rule['title'])}** :gray[{formats.plain(gloss)}]")
    lost = rule["lost_sar_cases"]
    if lost:
        caught = len(rule["lost_sar_cases_caught_by_another_rule"])
        st.warning(lost_reports.sentence(lost, caught), icon=":material/visibility_off:")
    moved = [one for one in rule["parameters"] if one["before"] != one["after"]]
    rows = [(formats.parameter(one["name"].removesuffix("_minor")), *(_value(one, side) for side in ("before", "after")))
            for one in moved]  # fmt: skip
    before, after = rule["before"], rule["after"]
    rows += [(title, _number(before[name]), _number(after[name])) for title, name in rule_sheet.figures_of(before)]
    rows.append(("Decided alerts that were filed", _share(before), _share(after)))
    rows.append(("Past reports caught", str(len(before["sar_cases"])), str(len(after["sar_cases"]))))
    st.table(pd.DataFrame(rows, columns=["", "Before", "After"]), hide_index=True, border="horizontal",
             alt="Before and after")  # fmt: skip
    for word in ("gained", "lost"):
        _alerts(rule, word)


def _value(parameter: Mapping[str, str], side: str) -> str:
    value = parameter[side] or "off"
    in_money = parameter["unit"] == lab_form.MONEY and value.isdecimal()
    return formats.money(int(value), session.currency()) if in_money else value


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{float(str(value)):,.1f}"


def _share(figures: Mapping[str, Any]) -> str:
    if not figures["decided"]:
        return "none decided"
    low, high = (100 * float(figures[name]) for name in ("sar_share_low", "sar_share_high"))
    return f"{figures['decided_as_sar']:,} of {figures['decided']:,} · {low:.0f} to {high:.0f} %"


def _alerts(rule: Mapping[str, Any], word: str) -> None:
    alerts = rule[word][:_MOST]
    if not alerts:
        st.markdown(formats.small(f"No alert {word}."))
        return
    shown = f", the {_MOST} worst shown" if len(rule[word]) > _MOST else ""
    st.markdown(formats.small(f"{counted(len(rule[word]), 'alert')} {word}{shown}"))
    st.dataframe(
        pd.DataFrame(
            {
                "Customer": [a["customer_id"] for a in alerts],
                "Severity": [a["severity"] for a in alerts],
                "Until": [a["until"][:10] for a in alerts],
                "What was found": [a["sentence"] for a in alerts],
            }
        ),
        key=session.key("rule_set", rule["rule"], word),
        hide_index=True,
        row_height=_ROW,
        height=min(_ROW * len(alerts) + 37, 240),
        column_config={"Customer": columns.text(96), "Severity": columns.count(70), "Until": columns.text(90),
                       "What was found": columns.text(480)},
        alt=f"Alerts {word}",
    )  # fmt: skip
