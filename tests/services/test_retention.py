"""Retention and legal holds: what need not be kept any longer, and what is kept nevertheless."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from casedesk.domain import events
from casedesk.domain.casework import BadText
from casedesk.domain.holds import NoSuchHold
from casedesk.errors import NotPermitted
from casedesk.services import casefile, policies, retention
from casedesk.store.case_store import NoSuchCase
from tests.builders import START, TestDesk
from tests.services import filing_ways

REASON = "Civil action 26-114, counsel's letter of today."
LATER = START + timedelta(days=6 * 366)
LAST_DAY = date(2031, 7, 1)


def act(desk: TestDesk, who: str = "mia") -> dict[str, Any]:
    return {"uow": desk.writing(), "actor": desk.people[who], "at": desk.at()}


def due(desk: TestDesk, at: datetime = LATER, on: date | None = None) -> retention.Overdue:
    return retention.due(uow=desk.reading(), actor=desk.people["otto"], at=at, on=on)


def test_a_case_closed_without_a_report_is_due_the_day_after_its_five_years(any_desk: TestDesk) -> None:
    case = any_desk.closed()
    any_desk.open()
    assert due(any_desk, on=LAST_DAY).cases == ()
    (found,) = due(any_desk, on=LAST_DAY + timedelta(days=1)).cases
    assert (found.case_id, found.clock.due_on, found.holds) == (case, LAST_DAY, ())
    closing = any_desk.history(case)[-1].event_id
    assert found.clock.explain().startswith(
        f"Kept until 1 Jul 2031: 5 calendar years after 1 Jul 2026 (event {closing}, "
    )


def test_a_report_is_kept_for_five_years_from_its_filing_and_no_approval_is_one(desk: TestDesk) -> None:
    case = filing_ways.approved(desk, by="max")
    batch = filing_ways.produce(desk).batch.batch_id
    filing_ways.transmit(desk, batch)
    assert (due(desk).cases, due(desk).without_filing, due(desk).next_on) == ((), 1, None)
    filing_ways.answer(desk, filing_ways.acknowledgement("31000055053784"), tracking_id="TRK-1")
    sent = next(e for e in desk.history(case) if e.action == "filing_transmitted")
    last = date.fromisoformat(sent.ts[:10]).replace(year=2031)
    assert [one.clock.due_on for one in due(desk).cases] == [last]
    assert due(desk, on=last) == retention.Overdue((), 0, 0, last, 1)


def test_a_case_keeps_the_retention_of_the_day_it_was_closed(desk: TestDesk) -> None:
    old = desk.closed()
    proposal = policies.propose(
        **act(desk), name="retention_years", value=7, valid_from=START.date(), source="State law, chapter 12",
        reason="The state asks for seven years.",
    ).event_id  # fmt: skip
    policies.put_in_force(**act(desk, "max"), proposal=proposal)
    new = desk.closed()
    assert [(one.case_id, one.clock.due_on.year) for one in due(desk, on=date(2034, 1, 1)).cases] == [
        (old, 2031), (new, 2033)
    ]  # fmt: skip
    assert [one.case_id for one in due(desk, on=date(2032, 1, 1)).cases] == [old]


def test_a_hold_stands_until_it_is_lifted_and_several_stand_apart(any_desk: TestDesk) -> None:
    desk = any_desk
    case = desk.closed()
    version = desk.case(case).version
    first = retention.hold(**act(desk), case_id=case, reason=REASON).event_id
    second = retention.hold(**act(desk, "max"), case_id=case, reason="Subpoena of the grand jury.").event_id
    assert [[hold.event for hold in one.holds] for one in due(desk).cases] == [[first, second]]
    retention.release(**act(desk, "max"), hold=first, reason="The action was settled in May.")
    (hold,) = retention.list_holds(uow=desk.reading(), actor=desk.people["otto"])
    assert (hold.event, hold.case_id, hold.placed_by) == (second, case, "max")
    with pytest.raises(NoSuchHold, match=f"No hold of event {first} stands"):
        retention.release(**act(desk), hold=first, reason="The action was settled in May.")
    assert desk.case(case).version == version  # a hold is no work on the case
    assert desk.verify().verdict.value == "VERIFIED"


def test_a_hold_is_shown_to_whom_decisions_are_and_bars_nobody_from_judging(desk: TestDesk) -> None:
    case = desk.awaiting()
    retention.hold(**act(desk, "max"), case_id=case, reason=REASON)

    def file(who: str) -> casefile.CaseFile:
        return casefile.read(uow=desk.reading(), actor=desk.people[who], case_id=case)

    assert [hold.reason for hold in file("mia").holds] == [REASON]
    assert file("ben").holds == ()
    assert not [event for event in file("ben").events if event.action == "hold_placed"]
    desk.approve("max", case)
    assert [clock.kind for clock in file("mia").clocks] == []  # approved is not filed


@pytest.mark.parametrize("who", ["ann", "queenie", "otto", "system"])
def test_only_managers_place_and_lift_holds(desk: TestDesk, who: str) -> None:
    case = desk.closed()
    with pytest.raises(NotPermitted, match="may not place or lift a legal hold"):
        retention.hold(**act(desk, who), case_id=case, reason=REASON)
    hold = retention.hold(**act(desk), case_id=case, reason=REASON).event_id
    with pytest.raises(NotPermitted):
        retention.release(**act(desk, who), hold=hold, reason=REASON)


def test_a_hold_needs_a_case_and_a_reason(desk: TestDesk) -> None:
    case = desk.closed()
    before = desk.dump()
    with pytest.raises(BadText, match="A legal hold needs a reason of 20"):
        retention.hold(**act(desk), case_id=case, reason="Lawyer.")
    with pytest.raises(NoSuchCase):
        retention.hold(**act(desk), case_id="C-26-99999", reason=REASON)
    assert desk.dump() == before


@pytest.mark.parametrize("who", ["ann", "queenie"])
def test_only_who_reads_the_ledger_sees_what_is_due(desk: TestDesk, who: str) -> None:
    with pytest.raises(NotPermitted):
        retention.due(uow=desk.reading(), actor=desk.people[who], at=LATER)
    with pytest.raises(NotPermitted):
        retention.list_holds(uow=desk.reading(), actor=desk.people[who])


def test_a_hold_lifted_on_another_case_past_the_desk_is_found(desk: TestDesk) -> None:
    case, other = desk.closed(), desk.closed()
    hold = retention.hold(**act(desk), case_id=case, reason=REASON).event_id
    with desk.writing() as uow:
        event = events.HoldLifted(hold=hold, via="app", notes="Lifted behind the desk's back.")
        uow.ledger.append(event, stream=other, user="mia", at=desk.at())
        uow.commit()
    assert f"lifts a hold that does not stand on {other}" in desk.verify().findings[0].got
