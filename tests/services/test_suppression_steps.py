"""Proposing, approving, rejecting, ending: who may, from where, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from casedesk.domain.people import RoleForbids
from casedesk.domain.suppression_steps import BadSuppression, SelfApproval
from casedesk.domain.suppressions import NotThere
from casedesk.errors import CasedeskError
from casedesk.services import suppressions
from casedesk.services.suppressions import Covered
from tests.builders import START, TestDesk
from tests.services.suppressing import FIRST, REASON, UNTIL, act, end, in_force, proposed

TODAY = START.date()


def test_every_step_is_an_event_of_the_desk_and_the_row_is_what_they_add_up_to(any_desk: TestDesk) -> None:
    desk = any_desk
    sup = in_force(desk)
    end(desk, sup, "max")
    *_, first, second, third = desk.history("DESK")
    assert [e.action for e in (first, second, third)] == [
        "suppression_proposed", "suppression_approved", "suppression_ended",
    ]  # fmt: skip
    assert (first.user, first.notes, first.data["covers_until"]) == ("mia", REASON, UNTIL.isoformat())
    assert (second.user, second.data["maker"], second.data["severity_cap"]) == ("max", "mia", 90)
    (listed,) = suppressions.listed(uow=desk.reading(), actor=desk.people["otto"])
    one = listed.suppression
    assert (one.state.value, one.proposed_by, one.decided_by, one.ended_by) == ("ended", "mia", "max", "max")
    assert (one.state_event, one.severity_cap) == (third.event_id, 90)
    assert desk.verify().verdict.value == "VERIFIED"


@pytest.mark.parametrize("step", [suppressions.approve, suppressions.reject])
def test_the_maker_is_never_the_checker(desk: TestDesk, step: Any) -> None:
    one = proposed(desk)
    more = {"reason": REASON} if step is suppressions.reject else {}
    before = desk.dump()
    with pytest.raises(SelfApproval, match="You proposed SUP-000001, so another manager has to"):
        step(**act(desk, "mia"), suppression_id=one.suppression_id, **more)
    assert desk.dump() == before


@pytest.mark.parametrize("who", ["ann", "queenie", "otto"])
def test_only_managers_propose_approve_reject_and_end(desk: TestDesk, who: str) -> None:
    sup = in_force(desk)
    waiting = proposed(desk, rule="velocity").suppression_id
    before = desk.dump()
    for step in (
        lambda: proposed(desk, who, rule="geography"),
        lambda: suppressions.approve(**act(desk, who), suppression_id=waiting),
        lambda: suppressions.reject(**act(desk, who), suppression_id=waiting, reason=REASON),
        lambda: end(desk, sup, who),
        lambda: suppressions.find_customers(uow=desk.reading(), actor=desk.people[who], text="Kim"),
        lambda: suppressions.accounts_of(uow=desk.reading(), actor=desk.people[who], customer_id="K-1"),
    ):
        with pytest.raises(RoleForbids, match="that takes: Manager"):
            step()
    assert desk.dump() == before


def test_who_reads_the_ledger_or_tunes_may_look_and_nobody_else(desk: TestDesk) -> None:
    sup = in_force(desk)
    for who in ("mia", "otto", "system"):
        assert len(suppressions.listed(uow=desk.reading(), actor=desk.people[who])) == 1
        assert suppressions.hidden(uow=desk.reading(), actor=desk.people[who], suppression_id=sup) == ()
    for who in ("ann", "queenie"):
        with pytest.raises(RoleForbids):
            suppressions.listed(uow=desk.reading(), actor=desk.people[who])
        found = suppressions.on_customer(uow=desk.reading(), actor=desk.people[who], customer_id="K-1")
        assert [one.suppression.suppression_id for one in found] == [sup]


def test_a_proposal_waits_for_every_manager_but_its_maker(desk: TestDesk) -> None:
    proposed(desk)
    waiting = {
        who: suppressions.waiting_for(uow=desk.reading(), actor=desk.people[who]) for who in ("mia", "max", "otto")
    }
    assert waiting == {"mia": 0, "max": 1, "otto": 0}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"covers_until": FIRST}, "end on 2026-07-01 .exclusive., before they begin on 2026-07-01"),
        ({"covers_from": TODAY - timedelta(1), "covers_until": TODAY + timedelta(366)}, "at most 366 days; .* is 367"),
        ({"covers_from": TODAY + timedelta(9), "covers_until": TODAY + timedelta(367)}, "at most 366 days ahead, to 2027"),
        ({"reason": "  Because of the till  "}, "needs a reason of at least 20 characters; this one has 19"),
        ({"reason": "x" * 20_001}, "at most 20,000 characters; this one has 20,001"),
        ({"reason": "x" * 30 + "\x00"}, "NUL"),
        ({"rule": "everything"}, "There is no rule “everything”; the rules are: "),
        ({"customer_id": "K-9"}, "There is no customer “K-9”"),
        ({"account_id": "K-2/1"}, "Account “K-2/1” is not an account of Kim Roe"),
    ],
)  # fmt: skip
def test_a_proposal_that_makes_no_sense_is_refused_with_a_sentence(
    desk: TestDesk, changed: dict[str, Any], sentence: str
) -> None:
    desk.customer("K-2")
    before = desk.dump()
    with pytest.raises(CasedeskError, match=sentence):
        proposed(desk, **changed)
    assert desk.dump() == before


def test_the_longest_and_the_farthest_are_taken(desk: TestDesk) -> None:
    assert proposed(desk, covers_from=TODAY, covers_until=TODAY + timedelta(366)).days_left(TODAY) == 366
    assert proposed(desk, rule="velocity", reason="x" * 20, covers_until=FIRST + timedelta(1)).covers_from == FIRST
    with pytest.raises(BadSuppression):
        proposed(desk, rule="geography", covers_from=TODAY, covers_until=TODAY + timedelta(367))


def test_what_is_covered_already_is_not_proposed_again(desk: TestDesk) -> None:
    sup = in_force(desk)
    for changed in ({}, {"account_id": "K-1/1"}, {"covers_from": FIRST + timedelta(1)}):
        with pytest.raises(Covered, match=f"{sup}, which is in force, covers all of this from 2026-07-01"):
            proposed(desk, **changed)
    proposed(desk, covers_until=UNTIL + timedelta(1))
    end(desk, sup)
    proposed(desk, covers_until=date(2026, 7, 3), rule="velocity")


def test_a_step_from_elsewhere_is_refused_and_says_who_was_first(desk: TestDesk) -> None:
    sup = in_force(desk)
    for step in (suppressions.approve, suppressions.reject):
        more = {"reason": REASON} if step is suppressions.reject else {}
        with pytest.raises(NotThere, match="SUP-000001 is in force by max, so this step is not possible any more"):
            step(**act(desk, "max"), suppression_id=sup, **more)
    end(desk, sup, "mia")
    with pytest.raises(NotThere, match="SUP-000001 is ended by mia"):
        end(desk, sup, "max")
    waiting = proposed(desk).suppression_id
    with pytest.raises(NotThere, match=f"{waiting} is proposed, so"):
        end(desk, waiting)
    with pytest.raises(CasedeskError, match="There is no suppression “SUP-9”"):
        end(desk, "SUP-9")


def test_customers_are_found_by_name_id_and_account(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.customer("K-2", "Łukasz Żak")
    for text, expected in (("kim", ["K-1"]), ("ŻAK", ["K-2"]), ("k-", ["K-1", "K-2"]), ("K-2/1", ["K-2"]), (" ", []),
                           ("%", []), ("nobody", [])):  # fmt: skip
        found = suppressions.find_customers(uow=desk.reading(), actor=desk.people["mia"], text=text)
        assert sorted(one.customer_id for one in found) == expected, text
