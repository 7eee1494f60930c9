"""Risk: who is nearest to listed parties, how the scores are spread, what moved between runs, and who is listed."""

from __future__ import annotations

import streamlit as st

from app.ui import (
    case_header,
    empty,
    listed_names,
    listed_parties,
    score_run,
    score_runs,
    score_spread,
    score_table,
    session,
    title,
)
from casedesk.services import party_lists, scores

desk, actor = session.desk(), session.actor()
found = scores.overview(uow=desk.reading(), actor=actor)
matches = party_lists.matches(uow=desk.reading(), actor=actor)
with title.row("Risk"):
    score_run.show(found)
score_run.show_state(found)
names = ["Scores", "Runs", "Lists", f"Name matches :gray[{matches.counts[party_lists.MatchState.WAITING]:,}]"]
case_header.keep_tab("risk_tab", names)
board, runs, lists, alike = st.tabs(names, key="risk_tab", on_change="rerun")
if board.open:
    with board:
        if found.runs:
            score_spread.show(found)
            score_table.show()
        else:
            empty.show("No scores were computed yet", score_run.way_out(found))
elif runs.open:
    with runs:
        score_runs.show(found)
elif lists.open:
    with lists:
        listed_parties.show(found.lists)
elif alike.open:
    with alike:
        listed_names.show(matches)
