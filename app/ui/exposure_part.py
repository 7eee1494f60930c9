"""How near a customer's money is to listed parties: each account with its parts, and the strongest ways of the nearest."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from app.ui import formats, session, ways_chart
from casedesk.domain.counts import counted
from casedesk.domain.money import format_minor
from casedesk.domain.scores import RiskScore, ScoringRun
from casedesk.errors import CasedeskError
from casedesk.services import scores
from casedesk.services.casefile import CaseFile

#: Ways that are named; all others of one length and side are one line.
WAYS: Final = 8
#: Up to so many payments the graph of a run is read as soon as somebody looks; beyond, when they ask for it.
AT_ONCE: Final = 1_000_000
_SIDES: Final = {"received": "in", "sent": "out"}


def show(file: CaseFile) -> None:
    """Draw the accounts' scores, and why the nearest has its own."""
    names = [account.account_id for account in file.accounts]
    run, found = scores.of_accounts(uow=session.desk().reading(), actor=session.actor(), account_ids=names)
    if run is None:
        st.markdown(formats.small("No scores were computed yet; a manager does it on the Risk page."))
        return
    exposed = [score for score in found if score.score]
    if not exposed:
        st.markdown(
            formats.small(
                f"No way of money within three hops leads from these accounts to a listed party ({run.run_id})."
            )
        )
        return
    _accounts(exposed)
    st.markdown(
        formats.small(
            f"{run.run_id}, as of {formats.moment(run.as_of)}; in: money that came from there, out: money that went."
        )
    )
    if exposed[0].listed:
        st.markdown(f"**{formats.plain(exposed[0].account_id)}** is listed itself, by id or with its customer.")
        return
    _ways(run, exposed[0])


def _accounts(exposed: list[RiskScore]) -> None:
    """Draw a line for each account: its score, and what each length of way adds to it on each side."""
    keys = sorted({(part.side, part.hops) for score in exposed for part in score.parts})
    columns: dict[Any, list[Any]] = {
        "Account": [formats.plain(one.account_id) for one in exposed],
        "Exposure": [one.exposure for one in exposed],
    }
    for side, hops in keys:
        units = [sum(p.units for p in one.parts if (p.side, p.hops) == (side, hops)) for one in exposed]
        columns[f"{_SIDES[side]}, {counted(hops, 'hop')}"] = [one / scores.WHOLE for one in units]
    frame = pd.DataFrame(columns)
    written: dict[Any, Any] = dict.fromkeys(list(columns)[1:], "{:.4f}")
    st.table(frame.style.format(written), hide_index=True, border="horizontal", alt="Exposure by account")


def _ways(run: ScoringRun, nearest: RiskScore) -> None:
    desk, account = session.desk(), nearest.account_id
    asked = session.key("ways", account)
    if not (desk.graphs.holds(run) or run.payments <= AT_ONCE or session.value(asked, False)):
        st.button("Find the ways", key=session.key("find", account), icon=":material/route:", on_click=session.put,
                  args=(asked, True), help="Reads all payments into memory, which takes a while the first time.")  # fmt: skip
        return
    try:
        _, told = scores.explained(
            reading=desk.reading, graphs=desk.graphs, actor=session.actor(), account_id=account, strongest=WAYS
        )
    except CasedeskError as refusal:
        st.warning(formats.plain(str(refusal)), icon=":material/sync_problem:")
        return
    holders = scores.holders(uow=desk.reading(), actor=session.actor(), account_ids=ways_chart.accounts(told))
    st.markdown(f"**Strongest ways** :gray[to and from {formats.plain(account)}, {len(told.paths)} named]")
    ways_chart.show(told, holders)
    _list(told)


def _list(told: scores.Explanation) -> None:
    """Draw the ways as text, and what all others add; the last line is the whole."""
    rows = [(way.part, _SIDES[way.side], _text(way)) for way in told.paths]
    rows += [
        (part, _SIDES[side], f":gray[all other ways of {counted(hops, 'hop')}]")
        for (hops, side), part in sorted(told.other_paths.items())
        if part > 5e-5  # below, the line would show nothing
    ]
    rows.append((told.score, "", "**together**"))
    frame = pd.DataFrame(rows, columns=["Part", "Side", "Way"])
    st.table(frame.style.format({"Part": "{:.4f}"}), hide_index=True, border="horizontal", alt="The strongest ways")


def _text(way: Any) -> str:
    """Write a way in the order in which the money went."""
    legs = way.legs if way.side == "sent" else tuple(reversed(way.legs))
    paid = (
        f":gray[→ {format_minor(leg.amount_minor, session.currency())} →] {formats.plain(leg.payee)}" for leg in legs
    )
    return " ".join([formats.plain(legs[0].payer), *paid])
