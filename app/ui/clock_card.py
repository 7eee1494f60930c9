"""The clock of a case: when the report is due, by which event, rule and policy, and how to move the date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final

import streamlit as st

from app.ui import allowed, flash, formats, session
from casedesk.domain.cases import Stage
from casedesk.domain.clocks import Clock, Kind
from casedesk.domain.moments import parse
from casedesk.domain.people import Action
from casedesk.services import decisions
from casedesk.services.casefile import CaseFile


def show(file: CaseFile, now: datetime) -> None:
    """Draw the card; the form opens under the button."""
    case = file.case
    clock = case.clock
    left = formats.due(clock.due_at, now)
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**Clock**", width="content")
            if file.stage is not Stage.CLOSED:
                word = f"{formats.span(abs(clock.due_at - now))} {'over' if clock.due_at < now else 'left'}"
                st.badge(word, icon=f":material/{left.icon}:", color=left.color, help=formats.plain(clock.explain()))
        st.markdown(f":small[SAR due **{formats.day(clock.due_on)}** :gray[· {_derived(clock)}]]")
        for clock in file.clocks:
            st.markdown(f":small[{_WORDS[clock.kind]} **{formats.day(clock.due_on)}** :gray[· {_derived(clock)}]]")
        for hold in file.holds:
            who = formats.plain(file.names.get(hold.placed_by, hold.placed_by))
            st.markdown(
                f":small[:material/lock: **Legal hold** :gray[· event {hold.event}, "
                f"{formats.day(parse(hold.placed_at))}, {who}: {formats.plain(formats.clip(hold.reason, 120))}]]"
            )
        _form(file)


_WORDS: Final = {
    Kind.CTR: "Currency report due",
    Kind.REVIEW: "Review of continuing activity due",
    Kind.CONTINUING: "Report of continuing activity due",
    Kind.RETENTION: "Kept until",
}


def _derived(clock: Clock) -> str:
    return (
        f"{clock.rule.value} {clock.rule.unit} after {formats.day(clock.started_on)} ({formats.plain(clock.source)}) · "
        f"{formats.plain(clock.rule.source)}, policy v{clock.rule.version}"
    )


def _form(file: CaseFile) -> None:
    case = file.case
    reason = allowed.refusal(file, session.actor(), Action.MOVE_SUSPICION)
    open_key = session.key("suspicion_open", case.case_id)
    shown = bool(session.value(open_key, default=False)) and not reason
    st.button("Move suspicion date", key=session.key("suspicion_toggle", case.case_id), type="tertiary",
              icon=":material/edit_calendar:", disabled=bool(reason), help=reason or None,
              on_click=session.put, args=(open_key, not shown))  # fmt: skip
    if not shown:
        return
    scope = session.key("suspicion", case.case_id)
    flash.show(scope, names=file.names, disclosed=file.disclosed)
    day, suspect = session.key("suspicion_day", case.case_id), session.key("suspicion_suspect", case.case_id)
    if not session.known(day):
        session.put(day, case.suspicion_at.date())
        session.put(suspect, case.suspect_identified)
    st.date_input("Facts first detected on", format="YYYY-MM-DD", key=day, persist_state="session")
    st.checkbox("A suspect is identified", key=suspect, persist_state="session")
    st.text_area("Reason", key=session.key("suspicion_reason", case.case_id), height=80, persist_state="session")
    st.button("Move date", key=session.key("suspicion_submit", case.case_id), width="stretch",
              on_click=_move, args=(case.case_id, file.seen_version, case.suspicion_at))  # fmt: skip


def _move(case_id: str, seen_version: int, drawn: datetime) -> None:
    fields = [session.key(name, case_id) for name in ("suspicion_day", "suspicion_suspect", "suspicion_reason")]
    chosen = session.value(fields[0], drawn.date())
    flash.attempt(
        session.key("suspicion", case_id),
        lambda: decisions.move_suspicion(
            uow=session.desk().writing(),
            actor=session.actor(),
            at=session.now(),
            case_id=case_id,
            seen_version=seen_version,
            suspicion_at=_instant(chosen, drawn),
            suspect_identified=bool(session.value(fields[1], default=True)),
            reason=session.take(fields[2]),
        ),
        clears=(*fields, session.key("suspicion_open", case_id)),
    )


def _instant(chosen: date, drawn: datetime) -> datetime:
    """Return the start of the chosen day, or the very instant when the day was not changed."""
    return drawn if chosen == drawn.date() else datetime.combine(chosen, time(), UTC)
