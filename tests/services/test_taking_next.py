"""Take next: the most urgent case that nobody holds, and never the same one for two people."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine

from casedesk.domain.people import Role
from casedesk.errors import CasedeskError
from casedesk.services import assignment
from casedesk.services.assignment import NothingWaits
from casedesk.store.engines import make_engine
from casedesk.store.unit_of_work import Writing
from tests.builders import FAIL, START, TestDesk


def take_next(desk: TestDesk, who: str) -> str:
    return assignment.take_next(uow=desk.writing(), actor=desk.people[who], at=desk.at()).case_id


def test_what_is_due_first_comes_first_and_of_equals_the_worst_and_then_the_older_number(desk: TestDesk) -> None:
    early, late = START - timedelta(days=9), START - timedelta(days=1)
    for n in range(2, 7):
        desk.customer(f"K-{n}")
    later = desk.open("K-1", severity=100, raised_at=late)
    mild = desk.open("K-2", severity=30, raised_at=early)
    severe = desk.open("K-3", severity=90, raised_at=early)
    mild_too = desk.open("K-4", severity=49, raised_at=early)  # the same band, so the number decides
    assert [take_next(desk, "ann") for _ in range(4)] == [severe, mild, mild_too, later]


def test_a_case_that_somebody_holds_that_was_escalated_that_waits_or_is_closed_is_not_next(desk: TestDesk) -> None:
    held = desk.open()
    desk.take("ben", held)
    desk.escalated()
    desk.awaiting()
    desk.closed()
    with pytest.raises(NothingWaits, match="No unassigned case is waiting"):
        take_next(desk, "ann")


def test_a_released_case_is_next_again(desk: TestDesk) -> None:
    case_id = desk.open()
    desk.take("ben", case_id)
    desk.release("ben", case_id)
    assert take_next(desk, "ann") == case_id


def test_rework_whose_maker_has_left_is_next(desk: TestDesk) -> None:
    case_id = desk.closed(maker="ben")
    desk.dismiss("ben")
    desk.review("queenie", case_id, FAIL)
    assert desk.case(case_id).owner == ""
    assert take_next(desk, "ann") == case_id


@pytest.mark.slow
def test_twenty_analysts_at_once_get_twenty_different_cases_the_most_urgent_ones(any_desk: TestDesk) -> None:
    """Each analyst has an engine of their own, as separate processes have."""
    desk = any_desk
    analysts = [f"analyst-{n:02}" for n in range(20)]
    desk.hire(Role.ANALYST, *analysts)
    cases = [desk.open(raised_at=START - timedelta(days=n)) for n in range(25)]  # the later in the list the more urgent
    address = desk.engine.url.render_as_string(hide_password=False)
    got: dict[str, str] = {}
    refused: list[str] = []
    together = threading.Barrier(20)

    def press(who: str) -> None:
        engine = make_engine(address, lock_timeout=30)
        together.wait()
        try:
            row = assignment.take_next(uow=Writing(engine), actor=desk.people[who], at=START)
        except CasedeskError as refusal:
            refused.append(str(refusal))
        else:
            got[who] = row.case_id
        finally:
            engine.dispose()

    threads = [threading.Thread(target=press, args=(who,)) for who in analysts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not refused
    assert Counter(got.values()) == Counter(cases[5:])
    assert all(desk.case(case_id).owner == who for who, case_id in got.items())
    assert desk.verify().verdict.value == "VERIFIED"


def test_twenty_analysts_and_three_cases_leave_seventeen_with_a_sentence(sqlite_engine: Engine) -> None:
    desk = TestDesk(sqlite_engine)
    desk.hire(Role.ANALYST, *(f"analyst-{n:02}" for n in range(20)))
    desk.customer()
    for _ in range(3):
        desk.open()
    outcomes: list[str] = []

    def press(who: str) -> None:
        try:
            assignment.take_next(uow=Writing(sqlite_engine), actor=desk.people[who], at=START)
        except NothingWaits:
            outcomes.append("nothing")
        else:
            outcomes.append("case")

    threads = [threading.Thread(target=press, args=(f"analyst-{n:02}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {"case": 3, "nothing": 17}
