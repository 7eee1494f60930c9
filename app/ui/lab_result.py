"""What a tried rule would have raised, beside what the rule in force raises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from app.ui import columns, formats, lab_form, lost_reports
from casedesk.domain.alerts import Alert
from casedesk.domain.counts import counted
from casedesk.domain.intervals import Proportion
from casedesk.services.lab import Figures, Trial, Week

_ROW: Final = 29
_MOST: Final = 500
_INK: Final = ("#5B626B", "#A2A9B2")


def show(trial: Trial, currency: str) -> None:
    """Draw the sentence, the figures, the weeks and the alerts that differ."""
    _sentence(trial, currency)
    _figures(trial)
    if trial.weeks:
        st.echarts_chart(_chart(trial.weeks), key="lab_weeks", height=200, alt="Alerts a week, in force and tried")
    names = {"gained": f"Gained :gray[{len(trial.gained):,}]", "lost": f"Lost :gray[{len(trial.lost):,}]"}
    chosen = st.segmented_control("Alerts that differ", list(names), key="lab_differ", default="gained", required=True,
                                  format_func=lambda name: names[name], label_visibility="collapsed")  # fmt: skip
    alerts = trial.gained if chosen == "gained" else trial.lost
    if alerts:
        _alerts(alerts[:_MOST], currency)
        if len(alerts) > _MOST:
            st.markdown(formats.small(f"The {_MOST} worst of {len(alerts):,} are shown; the command line lists all."))
    else:
        st.markdown(formats.small(f"No alert would be {chosen}."))


def _sentence(trial: Trial, currency: str) -> None:
    moved = [lab_form.moved(one, currency) for one in trial.moved]
    what = formats.plain("; ".join(moved)) if moved else "The thresholds are those in force"
    st.markdown(
        formats.small(f"{what} · {counted(trial.transactions, 'transaction')} · data `{trial.data_fingerprint[:16]}…`")
    )
    if trial.lost_sars:
        words = lost_reports.sentence(trial.lost_sars, len(trial.caught_otherwise))
        st.warning(words, icon=":material/visibility_off:")


def _figures(trial: Trial) -> None:
    before, after = trial.in_force, trial.tried
    rows: list[tuple[str, str, str]] = [
        ("Alerts", *_pair(before, after, lambda f: f"{f.alerts:,}")),
        ("Hidden by suppressions", *_pair(before, after, lambda f: f"{f.hidden:,}")),
        ("Customers", *_pair(before, after, lambda f: f"{f.customers:,}")),
        ("Cases a week", *_pair(before, after, lambda f: f"{f.cases_a_week:.1f}")),
        ("Alerts per 1,000 customers", *_pair(before, after, lambda f: f"{f.per_thousand_customers:.1f}")),
        ("Decided alerts that were filed", *_pair(before, after, lambda f: _judged(f.productive))),
        ("Past reports caught", *_pair(before, after, lambda f: f"{len(f.sar_cases):,}")),
    ]
    frame = pd.DataFrame(rows, columns=["", "In force", "Tried"])
    st.table(frame, hide_index=True, border="horizontal", alt="In force and tried")
    st.markdown(
        formats.small(
            "What suppressions in force hide is in no other figure. Shares stand with their exact 95 % interval (Clopper and "
            "Pearson). Only decided alerts count."
        )
    )


def _pair(before: Figures, after: Figures, write: Any) -> tuple[str, str]:
    return write(before), write(after)


def _judged(found: Proportion) -> str:
    if not found.of:
        return "none decided"
    return f"{found.hits:,} of {found.of:,} · {found.low * 100:.0f} to {found.high * 100:.0f} %"


def _chart(weeks: Sequence[Week]) -> dict[str, Any]:
    ink = _INK[columns.dark()]
    frame = pd.DataFrame(
        {
            "week": [week.monday.isoformat() for week in weeks],
            "In force": [week.in_force for week in weeks],
            "Tried": [week.tried for week in weeks],
        }
    )
    bars: dict[str, Any] = {"type": "bar", "barMaxWidth": 9}
    return {
        "animation": False,
        "dataset": {"source": frame},
        "legend": {"top": 0, "left": 0, "itemWidth": 9, "itemHeight": 7, "textStyle": {"color": ink}},
        "grid": {"left": 4, "right": 8, "top": 34, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "time", "axisLabel": {"color": ink, "formatter": "{d} {MMM}"}, "axisLine": {"show": False}},
        "yAxis": {"type": "value", "minInterval": 1, "axisLabel": {"color": ink}},
        "series": [{**bars, "encode": {"x": "week", "y": name}, "name": name} for name in ("In force", "Tried")],
    }


def _alerts(alerts: Sequence[Alert], currency: str) -> None:
    risks = [formats.BADGES[alert.risk] for alert in alerts]
    frame = pd.DataFrame(
        {
            "Risk": columns.cells(risks),
            "Customer": [alert.customer_id for alert in alerts],
            "Until": [formats.day(alert.window_end) for alert in alerts],
            "Tx": [len(alert.transaction_ids) for alert in alerts],
            "Amount": [formats.units(alert.amount_minor, currency) for alert in alerts],
            "What was found": [alert.sentence for alert in alerts],
        }
    )
    st.dataframe(
        frame,
        key="lab_alerts",
        hide_index=True,
        row_height=_ROW,
        height=min(_ROW * len(alerts) + 37, 330),
        column_config={
            "Risk": columns.chips("Risk", risks, 92),
            "Customer": columns.text(96),
            "Until": columns.text(92),
            "Tx": columns.count(48),
            "Amount": columns.amount(f"Amount {currency}", currency, 110),
            "What was found": columns.text(520),
        },
        alt="Alerts that differ",
    )
