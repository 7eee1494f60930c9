"""The transactions of a case as the subject's accounts see them, with the alerts each is evidence of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, formats, session
from app.ui.formats import Badge
from casedesk.domain.alerts import Alert
from casedesk.services import casefile
from casedesk.services.casefile import CaseFile, Leg

#: How the tab is named on the page, before its count.
TAB: Final = "Evidence"
_ROW: Final = 29
_MOST: Final = 2_000  # rows sent to the browser


def show_newest(legs: Sequence[Leg], alerts: Sequence[Alert], rows: int = 8) -> None:
    """Draw the newest rows of the evidence."""
    _table(legs[:rows], alerts, "evidence_newest", height=None)


def show_tab(file: CaseFile, evidence: Sequence[Leg]) -> None:
    """Draw the evidence, to be narrowed to one alert or widened to everything the accounts did."""
    case_id = file.case.case_id
    named = tags(file.alerts)
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.segmented_control(
            "Alert",
            ["", *named],
            key=session.key("evidence_alert", case_id),
            default=None if session.known(session.key("evidence_alert", case_id)) else "",
            format_func=lambda alert: f"{named[alert].word} :gray[{_count(evidence, alert)}]" if alert
            else f"All :gray[{len(evidence):,}]",
            required=True,
            wrap=True,
            label_visibility="collapsed",
        )  # fmt: skip
        everything = st.toggle("All account activity", key=session.key("evidence_all", case_id))
    legs = _activity(case_id) if everything else evidence
    if chosen and not everything:
        legs = [leg for leg in legs if chosen in leg.alert_ids]
    _table(legs[:_MOST], file.alerts, "evidence", height=640)
    if len(legs) > _MOST:
        st.markdown(formats.small(f"The newest {_MOST:,} of {len(legs):,} are shown."))


def open_at(case_id: str, alert_id: str) -> None:
    """Go to the tab of the evidence, narrowed to one alert. Call it in a callback."""
    session.put(session.key("tab", case_id), TAB)
    session.put(session.key("evidence_alert", case_id), alert_id)


def _activity(case_id: str) -> Sequence[Leg]:
    return casefile.legs(uow=session.desk().reading(), actor=session.actor(), case_id=case_id, evidence_only=False)


def _count(legs: Sequence[Leg], alert_id: str) -> str:
    return f"{sum(1 for leg in legs if alert_id in leg.alert_ids):,}"


def tags(alerts: Sequence[Alert]) -> dict[str, Badge]:
    """Name each alert by its rule; two alerts of one rule are numbered."""
    rules = [alert.rule for alert in alerts]
    found: dict[str, Badge] = {}
    for place, alert in enumerate(alerts):
        number = f" {rules[: place + 1].count(alert.rule)}" if rules.count(alert.rule) > 1 else ""
        color = formats.BADGES[alert.risk].color
        found[alert.alert_id] = Badge(f"{formats.rule(alert.rule)}{number}", "label", "", color)
    return found


def _table(legs: Sequence[Leg], alerts: Sequence[Alert], key: str, height: int | None) -> None:
    if not legs:
        st.markdown(formats.small("No transaction stands here."))
        return
    code = session.currency()
    named = tags(alerts)
    frame = pd.DataFrame(
        {
            "Time": [f"{leg.transaction.booked_at:%d %b %y %H:%M}" for leg in legs],
            "Transaction": [leg.transaction.transaction_id for leg in legs],
            "In": [_side(leg, code, into=True) for leg in legs],
            "Out": [_side(leg, code, into=False) for leg in legs],
            "Channel": [_channel(leg) for leg in legs],
            "Counterparty": [leg.counterparty_name for leg in legs],
            "Ctry": [leg.country for leg in legs],
            "Alert": [[named[a].chip for a in leg.alert_ids if a in named] for leg in legs],
        }
    )
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        placeholder="",
        row_height=_ROW,
        height=height if height and len(legs) * _ROW + 37 > height else len(legs) * _ROW + 37,
        column_config={
            "Time": columns.text(114, "Time UTC"),
            "Transaction": columns.text(90),
            "In": columns.amount(f"In {code}", code, 86),
            "Out": columns.amount(f"Out {code}", code, 86),
            "Channel": columns.text(64),
            "Counterparty": columns.text(178),
            "Ctry": columns.text(42),
            "Alert": columns.chips("Alert", named.values(), 104),
        },
        alt="Transactions of the case",
    )


def _side(leg: Leg, code: str, *, into: bool) -> float | None:
    return formats.units(leg.transaction.base_minor, code) if leg.into is into else None


def _channel(leg: Leg) -> str:
    name = leg.transaction.channel.value
    return name if name == "ACH" else name.capitalize()
