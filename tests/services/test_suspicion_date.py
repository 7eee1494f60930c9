"""The suspicion date: it starts provisionally at the alert, moves only with a reason, and the clock follows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from casedesk.domain.casework import BadChoice, BadText
from casedesk.domain.moments import NaiveTime, canonical
from casedesk.domain.policy import NoPolicy
from casedesk.errors import CasedeskError
from casedesk.services import decisions, intake
from tests.builders import START, TestDesk

JUNE = datetime(2026, 6, 10, 14, 30, tzinfo=UTC)


def held(desk: TestDesk) -> str:
    case_id = desk.open(raised_at=START)
    desk.take("ann", case_id)
    return case_id


def move(desk: TestDesk, case_id: str, to: datetime, known: bool = True, reason: str = "The branch called.") -> None:
    decisions.move_suspicion(**desk.who("ann", case_id), suspicion_at=to, suspect_identified=known, reason=reason)


def test_the_clock_starts_provisionally_at_the_earliest_alert(any_desk: TestDesk) -> None:
    desk = any_desk
    alerts = [desk.alert(raised_at=START + timedelta(days=n)) for n in (2, 0, 1)]
    case = intake.open_case(uow=desk.writing(), actor=desk.people["ann"], at=desk.at(days=3), alert_ids=alerts)
    case = desk.case(case.case_id)
    assert case.alerted_at == case.suspicion_at == START
    assert case.opened_at > case.alerted_at
    assert case.clock.due_on == date(2026, 7, 31)
    assert (
        case.clock.source
        == f"event {desk.history(case.case_id)[0].event_id}, the alert, provisional until the suspicion date is set"
    )


def test_moving_it_is_an_event_with_its_reason_and_the_clock_names_that_event(any_desk: TestDesk) -> None:
    desk = any_desk
    case_id = held(desk)
    move(desk, case_id, JUNE)
    event, case = desk.history(case_id)[-1], desk.case(case_id)
    assert (event.action, event.user, event.notes) == ("suspicion_moved", "ann", "The branch called.")
    assert event.data["previous"] == canonical(START)
    assert event.data["suspicion_at"] == canonical(JUNE)
    assert case.clock.due_on == date(2026, 7, 10)
    assert case.clock.source == f"event {event.event_id}, suspicion date set"
    assert (case.alerted_at, case.suspicion_at) == (START, JUNE)
    assert desk.verify().verdict.value == "VERIFIED"


def test_without_a_suspect_the_clock_runs_60_days(desk: TestDesk) -> None:
    case_id = held(desk)
    move(desk, case_id, START, known=False)
    assert desk.case(case_id).clock.due_on == date(2026, 8, 30)


@pytest.mark.parametrize(
    ("to", "known", "reason", "error", "sentence"),
    [
        (START + timedelta(days=1), True, "x", BadChoice, "lies in the future"),
        (START, True, "x", BadChoice, "is unchanged"),
        (JUNE, True, "", BadText, "The reason for moving the date is empty"),
        (JUNE, True, " \n\t ", BadText, "The reason for moving the date is empty"),
        (JUNE, True, "x" * 20_001, BadText, "at most 20,000 characters; this one has 20,001"),
        (JUNE.replace(tzinfo=None), True, "x", NaiveTime, "without a zone"),
        (datetime(1990, 1, 1, tzinfo=UTC), True, "x", NoPolicy, "was in force on 1990-01-01"),
        (JUNE, True, "NUL \x00", CasedeskError, "NUL character"),
        (JUNE, True, "half \ud800", CasedeskError, "half a character"),
    ],
)
def test_a_date_or_a_reason_that_cannot_be_is_refused_and_nothing_changes(
    desk: TestDesk, to: datetime, known: bool, reason: str, error: type[CasedeskError], sentence: str
) -> None:
    case_id = held(desk)
    before = desk.dump()
    with pytest.raises(error, match=sentence):
        move(desk, case_id, to, known, reason)
    assert desk.dump() == before


def test_a_clock_that_runs_a_little_ahead_is_forgiven_a_minute_and_no_more(desk: TestDesk) -> None:
    case_id = held(desk)
    arguments = desk.who("ann", case_id)
    with pytest.raises(BadChoice, match="future"):
        decisions.move_suspicion(
            **arguments,
            suspicion_at=arguments["at"] + timedelta(minutes=1, microseconds=1),
            suspect_identified=True,
            reason="x",
        )
    arguments = desk.who("ann", case_id)
    decisions.move_suspicion(
        **arguments, suspicion_at=arguments["at"] + timedelta(minutes=1), suspect_identified=True, reason="x"
    )
