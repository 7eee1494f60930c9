"""One line on a case: what is hidden on its customer. Nothing is hidden from whoever works on the case."""

from __future__ import annotations

from datetime import date

import streamlit as st

from app.ui import formats, session, suppression_list
from casedesk.domain.counts import counted
from casedesk.services import suppressions
from casedesk.services.suppressions import Listed


def show(customer_id: str, today: date) -> None:
    """Draw the line, if a suppression is in force on the customer or still hides something."""
    found = suppressions.on_customer(uow=session.desk().reading(), actor=session.actor(), customer_id=customer_id)
    shown = [one for one in found if one.count.hidden or one.suppression.days_left(today)]
    if not shown:
        return
    hidden = sum(one.count.hidden for one in shown)
    alerts = f"{counted(hidden, 'alert is', 'alerts are')} hidden" if hidden else "no alert is hidden"
    what = "; ".join(_said(one) for one in shown)
    st.markdown(
        f":orange-badge[:material/visibility_off: Suppression] {formats.small(f'{alerts} on this customer: {what}')}"
    )


def _said(one: Listed) -> str:
    it = one.suppression
    account = f", account {formats.plain(it.account_id)}" if it.account_id else ""
    return f"{formats.rule(it.rule)}{account}, {suppression_list.days(it)} ({it.suppression_id}, {one.count.hidden:,})"
