"""The verdict of a verification as one sentence: where, what was expected, what was found, and what is intact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import streamlit as st

from app.ui import formats
from casedesk.domain.counts import counted
from casedesk.domain.moments import parse
from casedesk.domain.verification import Finding, Report, Verdict
from casedesk.services.packets import Judged


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification of this session: the report, who asked, when, and how long it took."""

    report: Report
    by: str  # a name
    at: datetime
    seconds: float


def show(verified: Verified | None, names: dict[str, str], now: datetime) -> None:
    """Draw the verdict on the ledger, first thing on its page."""
    if verified is None:
        st.info("**Not verified yet in this session.** Verify now re-hashes every event, replays the state of every case "
                "and compares both with what is stored.", icon=":material/help:")  # fmt: skip
        return
    report = verified.report
    asked = f"Verified by {formats.plain(verified.by)} {formats.ago(verified.at, now)}."
    if report.verdict is Verdict.VERIFIED:
        st.success(
            f"**Intact.** {counted(report.events, 'event')} re-hashed in {verified.seconds:.2f} s, {counted(report.cases, 'case chain')} and the "
            f"state of every case replayed. {_reach(report)} {asked}",
            icon=":material/verified_user:",
        )
    elif report.first is not None:
        st.error(_broken(report, report.first, names, asked), icon=":material/gpp_bad:")
    else:
        st.warning(f"**Cannot tell.** {formats.plain(report.reason)} {asked}", icon=":material/help:")


def _reach(report: Report) -> str:
    reach = report.reach()
    return f"{reach[0].upper()}{reach[1:]}."


def _broken(report: Report, first: Finding, names: dict[str, str], asked: str) -> str:
    where = f"event {first.event_id:,}" if first.event_id else formats.plain(first.case_id)
    case = f" · case {formats.plain(first.case_id)}" if first.event_id else ""
    return (
        f"**Broken at {where}.** {formats.plain(first.problem)}  \n"
        f"Expected {_code(first.expected)}, got {_code(first.got)}{case} · column {_code(first.column)}"
        f"{_written(first, names)}.  \n"
        f"{_intact(report)} Copy nothing, change nothing: export this verdict and call the database owner. {asked}"
    )


def _written(first: Finding, names: dict[str, str]) -> str:
    if not first.ts:
        return ""
    try:
        when = formats.moment(parse(first.ts))
    except ValueError:
        when = formats.plain(first.ts)
    return f" · written {when} by {formats.plain(names.get(first.user, first.user))}"


def _intact(report: Report) -> str:
    """Say which events are intact, as runs of numbers."""
    if not report.broken_events:
        return f"The {counted(report.events, 'event itself is', 'events themselves are')} intact; what was stored beside them is not."
    runs = list(_runs(report.broken_events, report.events))
    if len(runs) > 3 or not runs:
        return f"{len(report.broken_events):,} of {counted(report.events, 'event')} {'is' if len(report.broken_events) == 1 else 'are'} broken."
    return f"Events {' and '.join(runs)} are intact."


def _runs(broken: Iterable[int], last: int) -> Iterable[str]:
    start = 1
    for event in [*sorted(broken), last + 1]:
        if event - 1 >= start:
            yield f"{start:,}–{event - 1:,}" if event - 1 > start else f"{start:,}"
        start = event + 1


def show_file(report: Report, row: int, names: dict[str, str]) -> None:
    """Draw the verdict on an uploaded file."""
    if report.verdict is Verdict.VERIFIED:
        st.success(f"**Intact.** {counted(report.events, 'event')} of {counted(report.cases, 'case chain agrees', 'case chains agree')} with their hashes.",
                   icon=":material/verified_user:")  # fmt: skip
    elif report.first is not None:
        first = report.first
        at = f"Broken at row {row:,}" if row else "Broken"
        event = f" · event {first.event_id:,} of {formats.plain(first.case_id)}" if first.event_id else ""
        st.error(
            f"**{at}**{event} · {_code(first.column)}  \n{formats.plain(first.problem)}  \n"
            f"Expected {_code(first.expected)}, got {_code(first.got)}",
            icon=":material/gpp_bad:",
        )
    else:
        st.warning(f"**Cannot tell.** {formats.plain(report.reason)}", icon=":material/help:")


_MARKS: Final = {
    Verdict.VERIFIED: ":green[:material/verified_user:]",
    Verdict.TAMPERED: ":red[:material/gpp_bad:]",
    Verdict.NOT_EVALUATED: ":gray[:material/help:]",
}
_WORDS: Final = {Verdict.VERIFIED: "Intact", Verdict.TAMPERED: "Broken", Verdict.NOT_EVALUATED: "Cannot tell"}


def show_packet(judged: Judged) -> None:
    """Draw the verdict on an uploaded packet, and each of its claims."""
    if judged.verdict is Verdict.VERIFIED:
        st.success("**Intact.** Everything that the packet claims follows from it.", icon=":material/verified_user:")
    elif judged.verdict is Verdict.TAMPERED:
        broken = next(claim for claim in judged.claims if claim.verdict is Verdict.TAMPERED)
        st.error(f"**Broken** · {broken.name}  \n{formats.plain(broken.sentence)}", icon=":material/gpp_bad:")
    else:
        reason = judged.reason or "Nothing outside the packet vouches for it."
        st.warning(f"**Cannot tell.** {formats.plain(reason)}", icon=":material/help:")
    for claim in judged.claims:
        st.markdown(
            f"{_MARKS[claim.verdict]} **{claim.name}** :gray[{_WORDS[claim.verdict]}] · {formats.plain(claim.sentence)}"
        )


def _code(text: str) -> str:
    """Write a value in mono, cut to 16 characters; a back-tick would end the mono."""
    shown = " ".join(text.replace("`", "'").split())
    return f"`{shown[:16]}…`" if len(shown) > 16 else f"`{shown or ' '}`"
