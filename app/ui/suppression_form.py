"""Propose a suppression: the rule, the customer found by search, the account, the days, and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import streamlit as st

from app.ui import flash, formats, session
from casedesk.services import suppressions

_SCOPE: Final = "suppression_new"
_RULE: Final = "suppression_rule"
_SEARCH: Final = "suppression_search"
_CUSTOMER: Final = "suppression_customer"
_ACCOUNT: Final = "suppression_account"
_FIRST: Final = "suppression_first"
_LAST: Final = "suppression_last"
_REASON: Final = "suppression_reason"


def show(today: date) -> None:
    """Draw the form."""
    titles = {one.name: one.title for one in suppressions.RULES}
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Propose a suppression**")
        flash.show(_SCOPE)
        st.selectbox("Rule", list(titles), key=_RULE, format_func=lambda name: titles[name], persist_state="session")
        customer = _customer()
        _account(customer)
        with st.container(horizontal=True, gap="xsmall"):
            st.date_input("First covered day", value=today, key=_FIRST, persist_state="session")
            st.date_input("Last covered day", value=today + timedelta(days=89), key=_LAST, persist_state="session")
        st.text_area("Reason", key=_REASON, height=90, persist_state="session",
                     placeholder="Why these alerts need no one to look at them, and what was checked.")  # fmt: skip
        missing = "" if customer else "Search for the customer first."
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            st.button("Propose", key="suppression_propose", type="primary", icon=":material/send:",
                      disabled=bool(missing), help=missing or None, shortcut="Ctrl+Enter", on_click=_propose,
                      args=(customer,))  # fmt: skip
        st.markdown(formats.small("It hides nothing before another manager approves it, and never an alert that is there already."))  # fmt: skip


def _customer() -> str:
    """Draw the search and what it found; return the chosen customer's id, or the empty string."""
    st.text_input("Customer", key=_SEARCH, type="search", live=True, icon=":material/search:",
                  placeholder="Name, id or account", persist_state="session")  # fmt: skip
    text = session.take(_SEARCH)
    found = suppressions.find_customers(uow=session.desk().reading(), actor=session.actor(), text=text)
    if not found:
        said = f"No customer matches “{formats.plain(text)}”." if text.strip() else "Type a part of the name."
        st.markdown(formats.small(said))
        return ""
    lines = {one.customer_id: f"{one.name} · {one.country} · {one.customer_id}" for one in found}
    chosen = st.selectbox("Found", list(lines), key=_CUSTOMER, format_func=lambda name: lines[name],
                          label_visibility="collapsed")  # fmt: skip
    return chosen or ""


def _account(customer: str) -> None:
    accounts = (
        suppressions.accounts_of(uow=session.desk().reading(), actor=session.actor(), customer_id=customer)
        if customer
        else ()
    )
    st.selectbox("Account", ["", *(one.account_id for one in accounts)], key=session.key(_ACCOUNT, customer),
                 format_func=lambda name: name or "All accounts", disabled=not customer)  # fmt: skip


def _propose(customer: str) -> None:
    first, last = session.value(_FIRST, date.min), session.value(_LAST, date.min)
    account = session.key(_ACCOUNT, customer)
    flash.attempt(
        _SCOPE,
        lambda: suppressions.propose(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(),
            rule=str(session.value(_RULE, suppressions.RULES[0].name)), customer_id=customer,
            account_id=session.take(account), reason=session.take(_REASON), covers_from=first,
            covers_until=last + timedelta(days=1),
        )[1],
        clears=(_REASON, _SEARCH, account),
    )  # fmt: skip
