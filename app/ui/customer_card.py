"""Who the subject is: what is known of them, their accounts, and their earlier cases."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.ui import formats, navigation, session
from casedesk.domain.countries import COUNTRIES
from casedesk.domain.counts import counted
from casedesk.services.casefile import CaseFile


def show(file: CaseFile) -> None:
    """Draw the customer."""
    _facts(file)
    st.markdown(f"**Accounts** :gray[{len(file.accounts):,}]")
    _accounts(file)
    st.markdown(f"**Other cases** :gray[{len(file.earlier):,}]")
    _cases(file)


def _facts(file: CaseFile) -> None:
    customer = file.customer
    known = {
        "Customer": customer.customer_id,
        "Kind": customer.kind.value,
        "Country": f"{COUNTRIES.get(customer.country, customer.country)} {customer.country}".strip(),
        "Segment": customer.segment,
        "Occupation": customer.occupation,
        "Customer since": formats.day(customer.since) if customer.since else "",
    }
    rows = [[f":gray[{name}]", formats.plain(value)] for name, value in known.items() if value]
    st.table(pd.DataFrame(rows), hide_index=True, hide_header=True, border="horizontal", alt="The customer")


def _accounts(file: CaseFile) -> None:
    if not file.accounts:
        st.markdown(formats.small("No account is on file."))
        return
    frame = pd.DataFrame(
        {
            "Account": [formats.plain(account.account_id) for account in file.accounts],
            "Bank": [formats.plain(account.bank) for account in file.accounts],
            "Currency": [account.currency for account in file.accounts],
            "Country": [account.country for account in file.accounts],
            "Opened": [formats.day(a.opened_on) if a.opened_on else "" for a in file.accounts],
        }
    )
    st.table(frame, hide_index=True, border="horizontal", alt="Accounts of the customer")


def _cases(file: CaseFile) -> None:
    if not file.earlier:
        st.markdown(formats.small("This is the customer's only case."))
    for other in file.earlier:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.button(
                other.case_id,
                key=session.key("other", other.case_id),
                type="tertiary",
                icon=":material/folder_open:",
                on_click=navigation.open_case,
                args=(other.case_id,),
            )
            stage = formats.BADGES[other.stage]
            st.badge(stage.word, icon=f":material/{stage.icon}:", color=stage.color)
            if other.disposition:
                decision = formats.BADGES[other.disposition]
                st.badge(decision.word, icon=f":material/{decision.icon}:", color=decision.color)
            alerts = counted(other.alerts, "alert")
            st.markdown(formats.small(f"opened {formats.day(other.opened_at)} · {alerts}"), width="content")
