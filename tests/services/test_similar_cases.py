from __future__ import annotations

import pytest

from casedesk.domain.alerts import Alert, alert_id
from casedesk.domain.cases import Disposition
from casedesk.services import intake, similar_cases
from casedesk.services.similar_cases import Similar
from casedesk.store.run_store import Run
from tests.builders import START, Move, TestDesk


def open_with(desk: TestDesk, customer: str, rule: str, *others: str) -> str:
    """Open a case of one alert of a rule, with a payment to each of these accounts as evidence."""
    desk.customer(customer, f"Customer {customer}")
    moves = [Move(f"{customer}-{n}", n, 900_000, other, f"{customer}/1", "WIRE") for n, other in enumerate(others)]
    desk.book(moves)
    ids = tuple(move.transaction_id for move in moves)
    alert = Alert(
        alert_id(rule, f"{customer}/1", ids[0]), rule, "1", "{}", customer, f"{customer}/1", START, START, ids, 900_000, 60,
        "Paid on.", f"R-{customer}", desk.at(),
    )  # fmt: skip
    with desk.writing() as uow:
        uow.runs.add(Run(alert.run_id, desk.at(), None, "0" * 64, "{}", "0" * 64, "test", 2, 1, 0))
        uow.alerts.insert([alert])
        uow.commit()
    return intake.open_case(
        uow=desk.writing(), actor=desk.people["system"], at=desk.at(), alert_ids=[alert.alert_id]
    ).case_id


def close(desk: TestDesk, case_id: str, what: Disposition) -> None:
    desk.take("ann", case_id)
    desk.decide("ann", case_id, what)
    if what is Disposition.SAR:
        desk.approve("max", case_id)


def similar(desk: TestDesk, who: str, case_id: str) -> list[Similar]:
    return list(similar_cases.similar(uow=desk.reading(), actor=desk.people[who], case_id=case_id))


@pytest.fixture
def three(any_desk: TestDesk) -> tuple[TestDesk, str, str, str]:
    """A case, one that ended in a report with the same rule and a counterparty in common, and one with another rule."""
    mine = open_with(any_desk, "K-A", "fan_out", "X", "Y")
    near = open_with(any_desk, "K-B", "fan_out", "Y", "Z")
    far = open_with(any_desk, "K-C", "cycle", "X")
    open_with(any_desk, "K-D", "fan_out", "X", "Y")  # still open: no past case
    close(any_desk, near, Disposition.SAR)
    close(any_desk, far, Disposition.NO_SAR)
    return any_desk, mine, near, far


def test_what_is_alike_is_told_in_shares_the_most_alike_first(three: tuple[TestDesk, str, str, str]) -> None:
    desk, mine, near, far = three
    first, second = similar(desk, "mia", mine)
    assert (first.case_id, first.rules, first.all_rules) == (near, {"fan_out"}, 1)
    assert (first.counterparties, first.all_counterparties, first.exposure) == ({"Y"}, 3, None)
    assert first.likeness == pytest.approx((2 * 1 + 2 * 1 / 3) / 5)
    assert (second.case_id, second.likeness) == (far, pytest.approx((2 * 0 + 2 * 1 / 2) / 5))


def test_how_one_ended_is_told_as_the_case_itself_tells_it(three: tuple[TestDesk, str, str, str]) -> None:
    desk, mine, near, far = three
    told = {who: {one.case_id: one.outcome.value for one in similar(desk, who, mine)} for who in ("mia", "ann", "ben")}
    assert told["mia"] == told["ann"] == {near: "SAR", far: "No SAR"}
    assert told["ben"] == {near: "", far: ""}, "the same cases in the same order, and of none how it ended"
