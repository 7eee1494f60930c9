"""Reading a narrative is an event: once for each person and narrative, and it makes nobody a worker on the case."""

from __future__ import annotations

from casedesk.domain.cases import Disposition
from casedesk.domain.people import Role
from casedesk.services import casefile, decisions
from tests.builders import TestDesk
from tests.services import filing_ways as ways


def narratives_read(desk: TestDesk, case_id: str) -> list[str]:
    return [event.user for event in desk.history(case_id) if event.action == "narrative_read"]


def look(desk: TestDesk, who: str, case_id: str) -> None:
    decisions.read_narrative(uow=desk.writing(), actor=desk.people[who], at=desk.at(), case_id=case_id)


def seen(desk: TestDesk, case_id: str) -> casefile.CaseFile:
    return casefile.read(uow=desk.reading(), actor=desk.people["mia"], case_id=case_id)


def test_reading_a_narrative_is_recorded_once_for_each_person_and_narrative(desk: TestDesk) -> None:
    case_id = desk.awaiting(maker="ben")
    for who in ("ben", "mia", "mia", "otto", "queenie"):
        look(desk, who, case_id)
    assert narratives_read(desk, case_id) == ["mia", "otto", "queenie"]
    desk.send_back("max", case_id)
    desk.decide("ben", case_id, Disposition.SAR)
    look(desk, "mia", case_id)
    assert narratives_read(desk, case_id) == ["mia", "otto", "queenie", "mia"]


def test_reading_the_draft_of_a_returned_sar_is_recorded_too(desk: TestDesk) -> None:
    case_id = desk.awaiting(maker="ben")
    desk.send_back("max", case_id)
    look(desk, "otto", case_id)
    assert narratives_read(desk, case_id) == ["otto"]


def test_reading_a_report_that_another_decision_followed_is_recorded_too(desk: TestDesk) -> None:
    """The timeline of the case still shows its text."""
    case_id = desk.awaiting(maker="ben")
    desk.send_back("max", case_id)
    desk.decide("ben", case_id, Disposition.NO_SAR)
    for _ in range(2):
        look(desk, "otto", case_id)
    assert narratives_read(desk, case_id) == ["otto"]


def test_reading_a_case_with_a_form_that_was_only_begun_is_recorded_too(desk: TestDesk) -> None:
    case_id = desk.open()
    desk.take("ben", case_id)
    look(desk, "mia", case_id)
    ways.save(desk, case_id, "ben")
    for who in ("ben", "ann", "mia", "mia"):
        look(desk, who, case_id)
    assert narratives_read(desk, case_id) == ["mia"]


def test_a_stranger_who_is_shown_nothing_leaves_no_trace_and_learns_nothing(desk: TestDesk) -> None:
    case_id = desk.awaiting(maker="ben")
    before = desk.dump()
    look(desk, "ann", case_id)
    assert desk.dump() == before


def test_a_rationale_without_a_sar_is_no_narrative(desk: TestDesk) -> None:
    case_id = desk.closed(maker="ben")
    look(desk, "mia", case_id)
    assert narratives_read(desk, case_id) == []


def test_reading_makes_nobody_a_worker_on_the_case(desk: TestDesk) -> None:
    case_id = desk.awaiting(maker="ben")
    look(desk, "mia", case_id)
    assert not seen(desk, case_id).touched
    desk.hire(Role.ANALYST, "mia")
    assert not seen(desk, case_id).disclosed
