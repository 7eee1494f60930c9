"""The queue: what waits, who holds it, and the way into a case."""

from __future__ import annotations

import streamlit as st

from app.ui import bulk_assign, empty, filters, flash, live_strip, navigation, queue_table, session, title, triage_state
from casedesk.domain.people import Action, may
from casedesk.services import assignment, people, queue

TAKE = "take_next"


def take_next() -> None:
    """Take the most urgent case nobody holds, and open it."""
    actor = session.actor()
    done = flash.attempt(
        TAKE, lambda: assignment.take_next(uow=session.desk().writing(), actor=actor, at=session.now())
    )
    if done is not None:
        session.set_worklist(worklist())
        navigation.open_case(done.case_id)


def worklist() -> session.Worklist:
    """Freeze the queue as it is now, for stepping from one case to the next."""
    query = triage_state.query(session.actor().user_id)
    ids = queue.ids(uow=session.desk().reading(), actor=session.actor(), at=session.now(), query=query)
    return session.Worklist(filters.view_name(query.view, page.due_soon_days), ids)


def open_first() -> None:
    """Open the first case of the page."""
    session.set_worklist(worklist())
    navigation.open_case(page.lines[0].row.case_id)


actor, now = session.actor(), session.now()
everybody = people.everybody(uow=session.desk().reading())
triage_state.read_address(sees_decisions=actor.need_to_know, owners={person.user_id for person in everybody})
live_strip.begin()
page = triage_state.read_page(actor, now)
queue_table.carry_ticks(page)
free = not session.dialog()

with title.row("Triage"):
    live_strip.show(now)
    if may(actor.role, Action.ASSIGN):
        ticked = queue_table.ticked(page)
        st.button(
            f"Assign {len(ticked)} selected" if ticked else "Assign selected", key="assign_selected",
            icon=":material/group_add:", shortcut="A" if free else None, disabled=not ticked,
            help=None if ticked else "Tick the cases to assign first.",
            on_click=session.open_dialog, args=(bulk_assign.NAME,),
        )  # fmt: skip
    waiting = page.counters[queue.View.UNASSIGNED]
    if may(actor.role, Action.TAKE):
        st.button("Take next", key=TAKE, type="primary", icon=":material/play_arrow:", disabled=not waiting,
                  help=None if waiting else "No case is waiting without an owner.",
                  shortcut="T" if free else None, on_click=take_next)  # fmt: skip
flash.show(TAKE, kept="")
filters.show_views(page)
filters.show_filters(actor, everybody, page.typologies)
if page.lines:
    queue_table.show(page, now, worklist, selectable=may(actor.role, Action.ASSIGN))
    filters.show_footer(page, f"{now:%H:%M:%S}", open_first, keys=free)
else:
    empty.show_queue(page, now)
triage_state.write_address()
if not free:
    bulk_assign.show(queue_table.ticked(page), everybody)
