"""The first tab of a case: the decision if there is one, the alerts, both charts, and the newest evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app.ui import advice_block, alert_table, decision_text, evidence_table, money_chart, network, session
from casedesk.services import casefile
from casedesk.services.casefile import CaseFile, Flow, Leg


def show(file: CaseFile, evidence: Sequence[Leg], since: datetime, now: datetime) -> None:
    """Draw the overview.

    :param since: the first moment of the charts.
    """
    decision_text.show(file)
    advice_block.show(file, now)
    alert_table.show(file.alerts, session.currency())
    charts = st.grid(2, min_column_width=300)
    with charts.cell():
        st.markdown(f"**Money in and out** :gray[per day, {session.currency()}, {money_chart.DAYS} days]")
        money_chart.show(_activity(file, since), file.alerts, session.currency())
    with charts.cell():
        found = flows(file, since)
        named = sum(1 for flow in found if flow.counterparty)
        top = f"top {network.SMALL} of {named}, " if named > network.SMALL else f"{named}, "
        st.markdown(f"**Counterparties** :gray[{top}by amount]")
        network.show(file.customer.name, found, large=False)
    st.markdown(f"**Evidence** :gray[newest of {len(evidence):,}, all in the Evidence tab]")
    evidence_table.show_newest(evidence, file.alerts)


def flows(file: CaseFile, since: datetime) -> Sequence[Flow]:
    """Read the largest counterparties since a moment."""
    return casefile.flows(
        uow=session.desk().reading(),
        actor=session.actor(),
        case_id=file.case.case_id,
        since=since,
        limit=network.LARGE + 1,  # cash is one of them and not drawn
    )


def _activity(file: CaseFile, since: datetime) -> Sequence[Leg]:
    return casefile.legs(
        uow=session.desk().reading(),
        actor=session.actor(),
        case_id=file.case.case_id,
        evidence_only=False,
        since=since,
    )
