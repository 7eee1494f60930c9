"""Separation of duties, case by case: who worked on a case never judges it, whatever way round they try."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.people import SYSTEM, DutiesNotSeparated, Role
from casedesk.errors import NotPermitted
from casedesk.services import decisions, exporting, intake
from tests.builders import FAIL, NARRATIVE, START, TestDesk

#: Ways in which the manager mia may have touched a case that ann then decides as a SAR.
TOUCHES: dict[str, Callable[[TestDesk], str]] = {
    "opened it": lambda desk: desk.open(by="mia"),
    "attached an alert": lambda desk: _then(
        desk.open(), lambda c: intake.attach_alert(**desk.who("mia", c), alert_id=desk.alert())
    ),
    "wrote a note": lambda desk: _then(desk.open(), lambda c: desk.note("mia", c)),
    "held it and put it back": lambda desk: _then(
        desk.open(), lambda c: (desk.take("mia", c), desk.release("mia", c))
    ),
    "assigned it": lambda desk: _then(desk.open(), lambda c: (desk.assign("mia", c, "ben"), desk.release("ben", c))),
    "took it from another": lambda desk: _then(
        desk.open(), lambda c: (desk.take("ben", c), desk.release("mia", c))
    ),
    "moved its suspicion date": lambda desk: _then(
        desk.open(),
        lambda c: (
            desk.take("ben", c),
            decisions.move_suspicion(
                **desk.who("mia", c), suspicion_at=START, suspect_identified=False, reason="The branch called."
            ),
            desk.release("ben", c),
        ),
    ),
    "decided it before": lambda desk: _then(
        desk.closed(maker="mia"), lambda c: (desk.reopen("max", c), desk.release("max", c))
    ),
    "reopened it": lambda desk: _then(
        desk.closed(maker="ben"), lambda c: (desk.reopen("mia", c), desk.release("ben", c))
    ),
    "escalated it": lambda desk: _then(
        desk.open(),
        lambda c: (desk.take("mia", c), desk.decide("mia", c, Disposition.ESCALATE), desk.assign("max", c, "ben"),
                   desk.release("ben", c)),
    ),
}  # fmt: skip


def _then(case_id: str, steps: Callable[[str], object]) -> str:
    steps(case_id)
    return case_id


@pytest.mark.parametrize("way", TOUCHES)
def test_a_manager_who_touched_the_case_neither_approves_nor_returns_its_sar(desk: TestDesk, way: str) -> None:
    case_id = TOUCHES[way](desk)
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.SAR)
    before = desk.dump()
    with pytest.raises(DutiesNotSeparated, match="only a manager who has not touched the case may"):
        desk.approve("mia", case_id)
    with pytest.raises(DutiesNotSeparated):
        desk.send_back("mia", case_id)
    assert desk.dump() == before
    desk.hire(Role.MANAGER, "moe")
    desk.approve("moe", case_id)
    assert desk.case(case_id).approved_by == "moe"


@pytest.mark.parametrize("way", TOUCHES)
def test_a_manager_who_touched_the_case_does_not_review_it_as_qa_later(desk: TestDesk, way: str) -> None:
    case_id = TOUCHES[way](desk)
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.NO_SAR)
    desk.hire(Role.QA, "mia")
    with pytest.raises(DutiesNotSeparated, match="only a QA reviewer who has not touched the case may"):
        desk.review("mia", case_id)


def test_a_manager_who_makes_a_sar_needs_another_manager(desk: TestDesk) -> None:
    case_id = desk.escalated()
    desk.take("mia", case_id)
    desk.decide("mia", case_id, Disposition.SAR)
    with pytest.raises(DutiesNotSeparated):
        desk.approve("mia", case_id)
    desk.approve("max", case_id)
    case = desk.case(case_id)
    assert (case.decided_by, case.approved_by, case.stage) == ("mia", "max", Stage.CLOSED)


def test_who_made_the_first_submission_may_not_approve_the_second_of_somebody_else(desk: TestDesk) -> None:
    case_id = desk.awaiting(maker="mia")
    desk.send_back("max", case_id)
    desk.assign("max", case_id, "ann")
    desk.decide("ann", case_id, Disposition.SAR)
    for manager in ("mia", "max"):  # max assigned it in between, which is work
        with pytest.raises(DutiesNotSeparated):
            desk.approve(manager, case_id)


def test_a_manager_who_returned_a_sar_may_approve_the_second_submission(desk: TestDesk) -> None:
    case_id = desk.awaiting()
    desk.send_back("mia", case_id)
    assert (desk.case(case_id).owner, desk.stage(case_id)) == ("ann", Stage.WORKING)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    assert desk.case(case_id).approved_by == "mia"


def test_a_manager_who_approved_may_approve_again_after_a_failed_review(desk: TestDesk) -> None:
    case_id = desk.closed(sar_approver="mia")
    desk.review("queenie", case_id, FAIL)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)


def test_the_reviewer_who_failed_a_case_may_review_the_rework(desk: TestDesk) -> None:
    case_id = desk.closed()
    desk.review("queenie", case_id, FAIL)
    assert (desk.case(case_id).owner, desk.stage(case_id)) == ("ann", Stage.WORKING)
    desk.decide("ann", case_id, Disposition.NO_SAR)
    desk.review("queenie", case_id)
    assert desk.case(case_id).qa_status.value == "Pass"


def test_the_approver_of_a_sar_does_not_review_it_as_qa_later(desk: TestDesk) -> None:
    case_id = desk.closed(sar_approver="mia")
    desk.hire(Role.QA, "mia")
    with pytest.raises(DutiesNotSeparated):
        desk.review("mia", case_id)


def test_a_reviewer_who_becomes_a_manager_does_not_approve_the_rework(desk: TestDesk) -> None:
    case_id = desk.closed()
    desk.review("queenie", case_id, FAIL)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.hire(Role.MANAGER, "queenie")
    with pytest.raises(DutiesNotSeparated):
        desk.approve("queenie", case_id)


def test_looking_and_downloading_is_no_work_on_the_case(desk: TestDesk) -> None:
    case_id = desk.awaiting()
    exporting.audit_csv(uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), case_id=case_id)
    decisions.read_narrative(uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), case_id=case_id)
    desk.approve("mia", case_id)


def test_work_on_another_case_of_the_same_customer_bars_nobody(desk: TestDesk) -> None:
    desk.note("mia", desk.open())
    case_id = desk.awaiting()
    desk.approve("mia", case_id)


def test_one_decision_is_reviewed_once(desk: TestDesk) -> None:
    case_id = desk.closed()
    desk.review("queenie", case_id)
    with pytest.raises(Exception, match="queenie reviewed this decision"):
        desk.review("quentin", case_id)


def test_a_failed_case_goes_to_nobody_when_its_maker_has_left_or_may_hold_no_case_any_more(desk: TestDesk) -> None:
    gone, moved = desk.closed(maker="ann"), desk.closed(maker="ben")
    desk.dismiss("ann")
    desk.hire(Role.QA, "ben")
    for case_id in (gone, moved):
        desk.review("queenie", case_id, FAIL)
        assert desk.case(case_id).owner == ""
        assert desk.stage(case_id) is Stage.WORKING


def test_without_approval_by_policy_a_sar_closes_and_the_event_says_why(desk: TestDesk) -> None:
    case_id = desk.open()
    desk.take("ann", case_id)
    decisions.set_disposition(
        **desk.who("ann", case_id),
        disposition=Disposition.SAR,
        text=NARRATIVE,
        base_currency="USD",
        approval_required=False,
    )
    assert desk.stage(case_id) is Stage.CLOSED
    assert desk.history(case_id)[-1].data["approval"] == "off by policy"
    assert desk.case(case_id).approved_by == ""


def test_the_desk_itself_decides_approves_and_reviews_nothing(desk: TestDesk) -> None:
    waiting, done = desk.awaiting(), desk.closed()
    for attempt in (
        lambda: desk.take(SYSTEM.user_id, desk.open()),
        lambda: desk.approve(SYSTEM.user_id, waiting),
        lambda: desk.review(SYSTEM.user_id, done),
        lambda: desk.reopen(SYSTEM.user_id, done),
    ):
        with pytest.raises(NotPermitted):
            attempt()
