"""One rule set: why, what it changes, what that does to the history, and the form to decide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import pandas as pd
import streamlit as st

from app.ui import columns, downloads, flash, formats, lab_form, lost_reports, session
from casedesk.domain.counts import counted
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, may
from casedesk.domain.proposals import ProposalState
from casedesk.exports import rule_sheet
from casedesk.services import rule_sets
from casedesk.services.rule_sets import RuleSet

_ROW: Final = 29
_MOST: Final = 500


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
        st.markdown(formats.small(_story(one, names, now)))
        flash.show(_scope(one.rule_set_id), names=names)
        if one.state is ProposalState.PROPOSED:
            _decide(one)
        _download(one)
    for rule in rule_sheet.read(one.sheet, one.rule_set_id)["rules"]:
        _rule(rule)


def _story(one: RuleSet, names: Mapping[str, str], now: datetime) -> str:
    def who(user: str) -> str:
        return formats.plain(names.get(user, user))

    said = f"Proposed by {who(one.proposed_by)} {formats.ago(one.proposed_at, now)}, upon {one.base_id or 'the rules as shipped'}"
    if one.decided_at is None:
        return said
    verb = {ProposalState.REJECTED: "rejected", ProposalState.WITHDRAWN: "withdrawn"}.get(one.state, "put in force")
    note = f": {formats.plain(one.decision)}" if one.decision else ""
    return f"{said}; {verb} by {who(one.decided_by)}, {formats.moment(one.decided_at)}{note}"


def _decide(one: RuleSet) -> None:
    actor, name = session.actor(), one.rule_set_id
    mine = actor.user_id == one.proposed_by
    reason = ""
    if not may(actor.role, Action.PUT_RULES_IN_FORCE):
        reason = "Only a manager who did not propose it may decide it."
    elif mine:
        reason = f"You proposed {name}, so another manager has to decide it. You may withdraw it."
    can_write = not reason or (mine and may(actor.role, Action.PROPOSE_RULES))
    st.text_area("Reason for rejecting, or a remark" if not mine else "Reason for withdrawing", key=_text(name), height=68,
                 disabled=not can_write, persist_state="session")  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        if mine and can_write:
            st.button("Withdraw", key="rule_set_withdraw", icon=":material/undo:", on_click=_do, args=(name, _withdraw))
        st.button("Reject", key="rule_set_reject", icon=":material/close:", disabled=bool(reason), help=reason or None,
                  on_click=_do, args=(name, _reject))  # fmt: skip
        st.button("Put in force", key="rule_set_approve", icon=":material/check:", type="primary", disabled=bool(reason),
                  help=reason or None, on_click=_do, args=(name, _approve))  # fmt: skip
    if reason:
        st.markdown(formats.small(formats.plain(reason)))


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


def _scope(name: str) -> str:
    return session.key("rule_set", name)


def _text(name: str) -> str:
    return session.key("rule_set_reason", name)


def _do(name: str, step: Callable[[str], Recorded]) -> None:
    flash.attempt(_scope(name), lambda: step(name), clears=(_text(name),))


def _who(name: str) -> dict[str, Any]:
    return {"uow": session.desk().writing(), "actor": session.actor(), "at": session.now(), "rule_set_id": name}


def _approve(name: str) -> Recorded:
    return rule_sets.approve(**_who(name), remark=session.take(_text(name)))


def _reject(name: str) -> Recorded:
    return rule_sets.reject(**_who(name), reason=session.take(_text(name)))


def _withdraw(name: str) -> Recorded:
    return rule_sets.withdraw(**_who(name), reason=session.take(_text(name)))
