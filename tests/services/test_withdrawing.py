"""A batch that was produced and not sent can be taken back by another manager, and its reports wait for the next one."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.casework import BadText
from casedesk.domain.filing_steps import OwnBatch
from casedesk.domain.people import RoleForbids
from casedesk.errors import CasedeskError, Conflict
from casedesk.services import outgoing, withdrawing
from casedesk.services.withdrawing import TooLate
from casedesk.store.filing_store import NoSuchBatch
from casedesk.store.tables import withdrawn_batches
from tests.builders import TestDesk
from tests.services.filing_ways import acknowledgement, answer, approved, filings, produce, states, transmit

WHY = "The branch corrected the customer's address this morning."
NUMBERS = ("31000055053784", "31000055053785")


def take_back(desk: TestDesk, batch_id: str = "B-000001", who: str = "mia", reason: str = WHY) -> Any:
    return withdrawing.withdraw(
        uow=desk.writing(), actor=desk.people[who], at=desk.at(), batch_id=batch_id, reason=reason
    )


def two(desk: TestDesk) -> list[str]:
    """Produce a batch of two reports."""
    desk.customer("K-2")
    cases = [approved(desk), approved(desk, "K-2")]
    produce(desk)
    return cases


def test_its_reports_wait_again_and_go_out_in_another_batch(any_desk: TestDesk) -> None:
    desk = any_desk
    cases = two(desk)
    batch = take_back(desk)
    assert (batch.state, batch.withdrawn_by) == ("withdrawn", "mia")
    with desk.reading() as uow:
        assert uow.filings.batch("B-000001") == batch
    assert [states(desk, case) for case in cases] == [["approved"], ["approved"]]
    assert [(one.batch_id, one.place) for one in filings(desk, cases[0])] == [("", 0)]
    event = desk.history(cases[1])[-1]
    assert (event.action, event.notes, event.data["maker"]) == ("filing_withdrawn", WHY, "max")
    told = withdrawing.reason_of(uow=desk.reading(), actor=desk.people["mia"], batch=batch)
    assert told == WHY
    again = produce(desk)
    assert (again.batch.batch_id, [one.case_id for one in again.filings]) == ("B-000002", cases)
    transmit(desk, "B-000002")
    answer(desk, acknowledgement(*NUMBERS))
    assert [states(desk, case) for case in cases] == [["acknowledged"], ["acknowledged"]]
    report = desk.verify()
    assert report.verdict.value == "VERIFIED", report.sentence()


@pytest.mark.parametrize(
    ("who", "batch_id", "reason", "error", "sentence"),
    [
        ("max", "B-000001", WHY, OwnBatch, "You produced B-000001, so another manager has to take it back"),
        ("ann", "B-000001", WHY, RoleForbids, "may not take a batch back; that takes: Manager"),
        ("queenie", "B-000001", WHY, RoleForbids, "that takes: Manager"),
        ("otto", "B-000001", WHY, RoleForbids, "that takes: Manager"),
        ("mia", "B-000001", "Wrong.", BadText, "needs a reason of 20 to 20,000 characters; this one has 6"),
        ("mia", "B-000009", WHY, NoSuchBatch, "There is no batch “B-000009”"),
    ],
)
def test_it_takes_another_manager_and_a_reason(
    desk: TestDesk, who: str, batch_id: str, reason: str, error: type[CasedeskError], sentence: str
) -> None:
    two(desk)
    before = desk.dump()
    with pytest.raises(error, match=sentence):
        take_back(desk, batch_id, who, reason)
    assert desk.dump() == before


def test_what_was_sent_or_taken_back_is_not_taken_back(desk: TestDesk) -> None:
    two(desk)
    take_back(desk)
    with pytest.raises(TooLate, match="B-000001 was taken back already"):
        take_back(desk)
    produce(desk)
    transmit(desk, "B-000002", "TRK-7")
    with pytest.raises(TooLate, match="B-000002 was transmitted under the tracking ID TRK-7 and cannot be taken back"):
        take_back(desk, "B-000002")


def test_a_batch_that_was_taken_back_is_neither_sent_nor_handed_out(desk: TestDesk) -> None:
    two(desk)
    take_back(desk)
    before = desk.dump()
    with pytest.raises(Conflict, match="B-000001 was taken back and must not be sent"):
        transmit(desk, "B-000001")
    with pytest.raises(Conflict, match="B-000001 was taken back; its file is not handed out"):
        outgoing.export(uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), batch_id="B-000001")
    assert desk.dump() == before


@pytest.mark.parametrize(
    "statement", [sa.delete(withdrawn_batches), sa.update(withdrawn_batches).values(withdrawn_by="max")]
)
def test_a_changed_row_is_found(desk: TestDesk, statement: sa.Executable) -> None:
    two(desk)
    take_back(desk)
    desk.tamper(statement)
    assert [finding.column for finding in desk.verify().findings] == ["withdrawn_by"]
