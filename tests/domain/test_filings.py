"""A report on its way: which step follows from which, and what each adds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from casedesk.domain import events
from casedesk.domain.events import Event
from casedesk.domain.filings import FilingState, NotThere, after, fold
from casedesk.domain.ledger import ZERO_HASH, Recorded, link
from casedesk.domain.moments import canonical

DRAFTED = events.FilingDrafted(filing_id="F-000001", digest="d1", kind="initial", via="app")
APPROVED = events.FilingApproved(
    filing_id="F-000001", digest="d1", decision=7, maker="ann", approval="required", via="app"
)
PRODUCED = events.FilingProduced(
    filing_id="F-000001",
    digest="d1",
    batch_id="B-000001",
    place=2,
    sha256="f",
    part="p",
    frame="r",
    test=True,
    via="app",
)
WITHDRAWN = events.FilingWithdrawn(filing_id="F-000001", batch_id="B-000001", maker="max", via="app")
TRANSMITTED = events.FilingTransmitted(filing_id="F-000001", batch_id="B-000001", tracking_id="T-9", via="app")
_ANSWER = {"filing_id": "F-000001", "batch_id": "B-000001", "sha256": "a", "via": "app"}
ACKNOWLEDGED = events.FilingAcknowledged(
    bsa_id="31000055053784", remarks=(("WARN", "C21", "Number", "Path", "No number."),), **_ANSWER
)
REJECTED = events.FilingRejected(bsa_id="", remarks=(("FATAL", "F1", "", "", "No."),), owner="ann", **_ANSWER)

#: State to the events that may follow there.
FOLLOWS: dict[FilingState | None, set[type[Event]]] = {
    None: {events.FilingDrafted},
    FilingState.DRAFT: {events.FilingDrafted, events.FilingApproved},
    FilingState.APPROVED: {events.FilingDrafted, events.FilingApproved, events.FilingProduced},
    FilingState.PRODUCED: {events.FilingTransmitted, events.FilingWithdrawn},
    FilingState.TRANSMITTED: {events.FilingAcknowledged, events.FilingRejected},
    FilingState.ACKNOWLEDGED: set(),
    FilingState.REJECTED: set(),
}
EVENTS = (DRAFTED, APPROVED, PRODUCED, WITHDRAWN, TRANSMITTED, ACKNOWLEDGED, REJECTED)
WAY = (DRAFTED, APPROVED, PRODUCED, TRANSMITTED)
REACHED: dict[FilingState | None, tuple[Event, ...]] = {
    None: (),
    FilingState.DRAFT: WAY[:1],
    FilingState.APPROVED: WAY[:2],
    FilingState.PRODUCED: WAY[:3],
    FilingState.TRANSMITTED: WAY,
    FilingState.ACKNOWLEDGED: (*WAY, ACKNOWLEDGED),
    FilingState.REJECTED: (*WAY, REJECTED),
}


def recorded(*story: Event) -> list[Recorded]:
    ts = canonical(datetime(2026, 7, 1, tzinfo=UTC))
    return [
        link(event, stream="C-1", user="mia", ts=ts, event_id=n, case_seq=n, prev_hash=ZERO_HASH, nonce="0" * 32)
        for n, event in enumerate(story, start=1)
    ]


@pytest.mark.parametrize("state", list(FOLLOWS), ids=str)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.action)
def test_a_step_follows_only_from_where_it_may(state: FilingState | None, event: Event) -> None:
    rows = recorded(*REACHED[state], event)
    before = fold(rows[:-1]).get("F-000001")
    assert (before.state if before else None) is state
    if type(event) in FOLLOWS[state]:
        assert after(before, rows[-1]).state_event == len(rows)
    else:
        with pytest.raises(NotThere, match="F-000001"):
            after(before, rows[-1])


def test_an_answered_report_knows_its_number_and_what_was_said_of_it() -> None:
    filing = fold(recorded(*WAY, ACKNOWLEDGED))["F-000001"]
    assert (filing.bsa_id, filing.tracking_id, filing.batch_id, filing.place) == (
        "31000055053784",
        "T-9",
        "B-000001",
        2,
    )
    assert [(remark.code, remark.fatal) for remark in filing.remarks] == [("C21", False)]
    rejected = fold(recorded(*WAY, REJECTED))["F-000001"]
    assert (rejected.state, rejected.remarks[0].fatal) == (FilingState.REJECTED, True)


def test_a_new_draft_takes_the_approval_away() -> None:
    filing = fold(recorded(*WAY[:2], replace(DRAFTED, digest="d2")))["F-000001"]
    assert (filing.state, filing.digest, filing.decision, filing.approved_by) == (FilingState.DRAFT, "d2", 0, "")
