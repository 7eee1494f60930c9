"""What falls due when: a month by days, each of them the way to its cases."""

from __future__ import annotations

import streamlit as st

from app.ui import month_grid, session, title
from casedesk.services import calendar

actor, now = session.actor(), session.now()
month_grid.read_address(now.date())
with title.row("Calendar"):
    month_grid.show_whose(actor)
    month_grid.show_months(now.date())
first, mine = month_grid.shown(now.date()), month_grid.mine(actor)
found = calendar.month(uow=session.desk().reading(), actor=actor, at=now, first=first, mine=mine)
month_grid.show_ahead(found, mine=mine)
month_grid.show(found, now.date(), mine=mine)
st.markdown(month_grid.legend(found))
month_grid.write_address(now.date())
