"""What falls due when: a month or a week by days, and a list with the derivation of each due date."""

from __future__ import annotations

from app.ui import calendar_bar, due_list, month_grid, paging, session, title, week_grid
from app.ui import calendar_state as state
from casedesk.services import calendar, people

actor, now, desk = session.actor(), session.now(), session.desk()
today = now.date()
everybody = people.everybody(uow=desk.reading())
state.read_address(actor, today, [person.user_id for person in everybody])
with title.row("Calendar"):
    calendar_bar.show_views(today)
first, last = state.bounds(today)
asked, view = state.asked(actor), state.view_shown()
found = calendar.shown(uow=desk.reading(), actor=actor, at=now, first=first, last=last, asked=asked)
calendar_bar.show_filters(found, actor, everybody)
if view == state.MONTH:
    month_grid.show(found, today)
elif view == state.WEEK:
    lines = calendar.by_day(uow=desk.reading(), actor=actor, at=now, days=found, asked=asked, most=8)
    week_grid.show(found, lines, today)
else:
    due = state.span() or (first, last)
    page = calendar.listed(
        uow=desk.reading(), actor=actor, at=now, due=due, asked=asked, start=state.start(), limit=paging.ROWS
    )
    due_list.show(page, actor, now, found.soon_days)
state.write_address(today)
