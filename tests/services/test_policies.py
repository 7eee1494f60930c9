"""A bank's own policy values: two managers, a day from which they count, and due dates that nobody moves behind a case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.casework import BadText
from casedesk.domain.policy import SETTABLE, SHIPPED
from casedesk.domain.policy_changes import BadPolicy, NotProposed, OwnProposal, State
from casedesk.errors import CasedeskError, NotPermitted
from casedesk.services import decisions, policies
from casedesk.store.tables import case_events, cases
from tests.builders import START, TestDesk

TODAY = START.date()
NAME = "sar_days_suspect_known"


def act(desk: TestDesk, who: str, **ahead: float) -> dict[str, Any]:
    return {"uow": desk.writing(), "actor": desk.people[who], "at": desk.at(**ahead)}


def proposed(desk: TestDesk, who: str = "mia", **changed: Any) -> int:
    what = {
        "name": NAME, "value": 21, "valid_from": TODAY, "source": "Board, 4 May 2026",
        "reason": "Nine days are left for the filing.",
    }  # fmt: skip
    return policies.propose(**act(desk, who), **(what | changed)).event_id


def put(desk: TestDesk, **changed: Any) -> int:
    return policies.put_in_force(**act(desk, "max"), proposal=proposed(desk, **changed)).event_id


def overview(desk: TestDesk) -> policies.Overview:
    return policies.overview(uow=desk.reading(), actor=desk.people["otto"], at=desk.at())


def test_a_value_counts_for_what_begins_after_two_managers_agreed(any_desk: TestDesk) -> None:
    desk = any_desk
    old = desk.open()
    proposal = proposed(desk)
    waiting = desk.open()
    event = policies.put_in_force(**act(desk, "max"), proposal=proposal).event_id
    new = desk.open()
    days = {case: (desk.case(case).clock.due_on - TODAY).days for case in (old, waiting, new)}
    assert days == {old: 30, waiting: 30, new: 21}
    rule = desk.case(new).clock.rule
    assert (rule.version, rule.event, rule.source) == (2, event, "Board, 4 May 2026")
    assert desk.case(new).clock.explain().endswith("Board, 4 May 2026, policy sar_days_suspect_known v2.")
    assert desk.verify().verdict.value == "VERIFIED"


def test_a_value_waits_for_its_day_and_old_cases_keep_theirs_when_their_date_moves_back(desk: TestDesk) -> None:
    put(desk, valid_from=TODAY + timedelta(days=10))
    case = desk.open()
    assert desk.case(case).clock.rule.value == 30
    desk.take("ann", case)
    moved = START + timedelta(days=10, hours=1)
    for at, days in ((moved, 21), (START, 30)):
        decisions.move_suspicion(
            **desk.who("ann", case, days=11), suspicion_at=at, suspect_identified=True, reason="The branch called."
        )
        assert (desk.case(case).clock.due_on - at.date()).days == days
    assert desk.verify().verdict.value == "VERIFIED"


def test_of_two_values_the_one_of_the_later_day_counts_whichever_was_agreed_first(desk: TestDesk) -> None:
    put(desk, value=20, valid_from=TODAY + timedelta(days=5))
    put(desk, value=25, valid_from=TODAY)
    with desk.reading() as uow:
        policy = uow.ledger.policy()
    assert [policy.in_force(NAME, TODAY + timedelta(days=n)).value for n in (-1, 0, 4, 5, 99)] == [30, 25, 25, 20, 20]
    assert [value.version for value in policy.own] == [2, 3]


def test_nobody_puts_their_own_proposal_in_force_and_no_proposal_is_decided_twice(desk: TestDesk) -> None:
    proposal = proposed(desk)
    before = desk.dump()
    with pytest.raises(OwnProposal, match="another manager has to put it in force"):
        policies.put_in_force(**act(desk, "mia"), proposal=proposal)
    assert desk.dump() == before
    policies.reject(**act(desk, "mia"), proposal=proposal, reason="Typed the wrong number of days.")
    with pytest.raises(NotProposed, match="is rejected already, by mia"):
        policies.put_in_force(**act(desk, "max"), proposal=proposal)
    with pytest.raises(policies.NoSuchProposal, match="Event 1 proposed no policy value"):
        policies.put_in_force(**act(desk, "max"), proposal=1)
    (change,) = overview(desk).changes
    assert (change.state, change.decided_by) == (State.REJECTED, "mia")
    assert overview(desk).now[NAME] is SHIPPED.in_force(NAME, TODAY)


def test_a_proposal_whose_day_is_over_is_not_put_in_force(desk: TestDesk) -> None:
    proposal = proposed(desk)
    with pytest.raises(BadPolicy, match="in force from 2026-07-01 on, which is over"):
        policies.put_in_force(**act(desk, "max", days=1), proposal=proposal)


@pytest.mark.parametrize(
    ("changed", "error", "sentence"),
    [
        ({"name": "narrative_max"}, BadPolicy, "is not a value that a bank may set; those are: continuing_report_days"),
        ({"value": 0}, BadPolicy, "may be 1 to 120; 0 is not"),
        ({"value": 121}, BadPolicy, "may be 1 to 120; 121 is not"),
        ({"valid_from": date(2026, 6, 30)}, BadPolicy, "choose today or a later day"),
        ({"source": "me"}, BadText, "needs a source of 5 to"),
        ({"reason": "Because."}, BadText, "needs a reason of 20 to"),
    ],
)
def test_what_makes_no_sense_is_refused(
    desk: TestDesk, changed: dict[str, Any], error: type[CasedeskError], sentence: str
) -> None:
    before = desk.dump()
    with pytest.raises(error, match=sentence):
        proposed(desk, **changed)
    assert desk.dump() == before


@pytest.mark.parametrize("who", ["ann", "queenie", "otto"])
def test_only_managers_set_policy(desk: TestDesk, who: str) -> None:
    with pytest.raises(NotPermitted):
        proposed(desk, who)
    proposal = proposed(desk)
    for step in (policies.put_in_force, lambda **what: policies.reject(**what, reason="Not in this quarter, please.")):
        with pytest.raises(NotPermitted):
            step(**act(desk, who), proposal=proposal)


def test_every_name_a_bank_may_set_has_a_shipped_value_within_its_bounds() -> None:
    for name, (least, most) in SETTABLE.items():
        assert least <= SHIPPED.in_force(name, TODAY).value <= most, name


def test_a_due_date_that_another_policy_would_give_is_found(desk: TestDesk) -> None:
    put(desk)
    case = desk.open()
    desk.tamper(sa.update(cases).where(cases.c.case_id == case).values(due_at=datetime(2026, 8, 1, tzinfo=UTC)))
    report = desk.verify()
    assert (report.verdict.value, report.findings[0].column) == ("TAMPERED", "due_at")


def test_a_value_that_its_maker_put_in_force_past_the_desk_is_found(desk: TestDesk) -> None:
    """Whoever owns the database can chain any event; that nobody else agreed still shows."""
    proposal = proposed(desk)
    from casedesk.domain import events

    with desk.writing() as uow:
        event = events.PolicyPutInForce(
            proposal=proposal, maker="mia", name=NAME, value=21, unit="calendar days", valid_from=TODAY.isoformat(),
            number=2, source="Board, 4 May 2026", via="app",
        )  # fmt: skip
        uow.ledger.append(event, stream="DESK", user="mia", at=desk.at())
        uow.commit()
    assert "that the same person proposed" in desk.verify().findings[0].got


def test_the_index_of_rare_events_finds_what_a_search_of_all_finds(any_desk: TestDesk) -> None:
    event = put(any_desk)
    with any_desk.engine.connect() as connection:
        action = case_events.c.action == "policy_put_in_force"
        found = connection.execute(sa.select(case_events.c.event_id).where(action)).scalars().all()
    with any_desk.reading() as uow:
        assert [row.event_id for row in uow.ledger.governing("policy_put_in_force")] == found == [event]
