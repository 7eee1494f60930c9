"""What becomes of a batch outside: transmission, acknowledgement, refusal and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.filings import NotThere
from casedesk.domain.verification import Verdict
from casedesk.errors import Conflict, NotFound
from casedesk.exports.fincen import reading
from casedesk.exports.fincen.reading import Unreadable
from casedesk.services import answers
from casedesk.services.answers import BadTrackingId, UnknownTrackingId, WrongBatch
from tests.builders import TestDesk
from tests.services.filing_ways import (
    FIRST,
    NAMESPACES,
    SECOND,
    acknowledgement,
    answer,
    approved,
    form,
    produce,
    said,
    save,
    states,
    transmit,
    working,
)
from tests.services.filing_ways import filings as filings_of


def test_a_person_says_that_a_batch_was_transmitted_once_and_under_a_number_of_its_own(desk: TestDesk) -> None:
    desk.customer("K-2")
    first = approved(desk)
    batch = produce(desk).batch
    for wrong in ("", "  ", "x" * 65, "a\x1b[2J"):
        with pytest.raises(BadTrackingId):
            transmit(desk, batch.batch_id, wrong)
    transmit(desk, batch.batch_id, " TRK-7 ")
    assert states(desk, first) == ["transmitted"]
    assert desk.history(first)[-1].data["tracking_id"] == "TRK-7"
    with pytest.raises(Conflict, match="was transmitted already, under the tracking ID TRK-7"):
        transmit(desk, batch.batch_id, "TRK-8")
    approved(desk, "K-2")
    other = produce(desk).batch
    with pytest.raises(BadTrackingId, match="is that of B-000001"):
        transmit(desk, other.batch_id, "TRK-7")
    with pytest.raises(NotFound, match="There is no batch"):
        transmit(desk, "B-9")


def test_an_acknowledgement_binds_each_number_to_its_report(any_desk: TestDesk) -> None:
    any_desk.customer("K-2")
    first, second = approved(any_desk), approved(any_desk, "K-2")
    batch = produce(any_desk).batch
    transmit(any_desk, batch.batch_id)
    with any_desk.reading() as uow:
        root = reading.parse(uow.filings.batch_content(batch.batch_id), "batch.xml")
    number = root.xpath("fc2:Activity[2]/fc2:Party[fc2:ActivityPartyTypeCode='33']", namespaces=NAMESPACES)[0].get(
        "SeqNum"
    )
    error = said("WARN", "C4", f"EFilingBatchXML/Activity[40]/Party[{number}]/BirthDateText")
    found = answer(any_desk, acknowledgement(FIRST, SECOND, error=error))
    assert [(one.filing.bsa_id, one.parts) for one in found.said] == [(FIRST, ()), (SECOND, ("Subjects",))]
    assert [filings_of(any_desk, case)[0].bsa_id for case in (first, second)] == [FIRST, SECOND]
    assert states(any_desk, second) == ["acknowledged"]
    assert any_desk.stage(second) is Stage.CLOSED
    assert any_desk.history(second)[-1].data["remarks"][0][1] == "C4"
    assert any_desk.verify().verdict is Verdict.VERIFIED


def test_a_refused_report_goes_back_to_its_analyst_and_the_new_one_corrects_it(desk: TestDesk) -> None:
    case_id = approved(desk)
    batch = produce(desk).batch
    transmit(desk, batch.batch_id)
    answer(desk, acknowledgement(FIRST, error=said("FATAL", "B9", "EFilingBatchXML/Activity[1]")))
    assert (states(desk, case_id), desk.stage(case_id), desk.case(case_id).owner) == (
        ["rejected"],
        Stage.WORKING,
        "ann",
    )
    drawn = form(desk, case_id)
    assert (drawn.saved, drawn.report.corrects, drawn.report.prior_bsa_id) == (False, True, FIRST)
    save(desk, case_id)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    found = produce(desk)
    assert (found.filings[0].filing_id, found.filings[0].kind) == ("F-000002", "corrects")
    with desk.reading() as uow:
        root = reading.parse(uow.filings.batch_content(found.batch.batch_id), "batch.xml")
    assert root.findtext("fc2:Activity/fc2:EFilingPriorDocumentNumber", namespaces=NAMESPACES) == FIRST
    assert states(desk, case_id) == ["rejected", "produced"]
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_report_that_got_no_number_is_sent_again_as_what_it_was(desk: TestDesk) -> None:
    case_id = approved(desk)
    transmit(desk, produce(desk).batch.batch_id)
    answer(desk, acknowledgement(status="R"))
    assert states(desk, case_id) == ["rejected"]
    assert form(desk, case_id).report.initial
    save(desk, case_id)
    assert [one.kind for one in filings_of(desk, case_id)] == ["initial", "initial"]


def test_a_refusal_finds_a_case_that_somebody_works_on_already_as_it_is(desk: TestDesk) -> None:
    case_id = approved(desk)
    transmit(desk, produce(desk).batch.batch_id)
    desk.reopen("max", case_id)
    answer(desk, acknowledgement(""))
    assert (desk.stage(case_id), desk.case(case_id).owner) == (Stage.WORKING, "ann")
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_refused_report_of_somebody_who_left_goes_back_to_the_queue(desk: TestDesk) -> None:
    case_id = approved(desk)
    transmit(desk, produce(desk).batch.batch_id)
    desk.dismiss("ann")
    answer(desk, acknowledgement(""))
    assert (desk.stage(case_id), desk.case(case_id).owner) == (Stage.WORKING, "")


def test_the_next_case_of_the_customer_continues_what_was_acknowledged(desk: TestDesk) -> None:
    approved(desk)
    transmit(desk, produce(desk).batch.batch_id)
    answer(desk, acknowledgement(FIRST))
    later = working(desk)
    report = form(desk, later).report
    assert (report.continuing, report.prior_bsa_id, report.activity.cumulative) == (True, FIRST, 38_000)
    save(desk, later)
    desk.decide("ann", later, Disposition.SAR)
    desk.approve("mia", later)
    assert produce(desk).filings[0].kind == "continuing"


def _two_batches(desk: TestDesk) -> None:
    desk.customer("K-2")
    for customer, tracking in (("K-1", "TRK-1"), ("K-2", "TRK-2")):
        approved(desk, customer)
        transmit(desk, produce(desk).batch.batch_id, tracking)


@pytest.mark.parametrize(
    ("content", "tracking_id", "error", "sentence"),
    [
        (acknowledgement(FIRST), "TRK-9", UnknownTrackingId, "No batch was transmitted under the tracking ID “TRK-9”"),
        (acknowledgement(FIRST), "", WrongBatch, r"2 batches wait .* TRK-1 \(B-000001\), TRK-2 \(B-000002\)"),
        (acknowledgement(FIRST, SECOND), "TRK-1", WrongBatch, "answers 2 reports, and B-000001 has 1"),
        (
            acknowledgement(FIRST, error=said("WARN", "C4", "EFilingBatchXML/Activity[1]/Party[999]")),
            "TRK-1",
            WrongBatch,
            r"of report 1 it speaks of “EFilingBatchXML/Activity\[1\]/Party\[999\]”, but in B-000001 it has no Party\[999\]",
        ),
        (b"<EFilingBatchXML", "TRK-1", Unreadable, "not well-formed"),
        (acknowledgement("1"), "TRK-1", Unreadable, "expected 14 digits"),
    ],
)
def test_an_acknowledgement_that_does_not_fit_changes_nothing(
    desk: TestDesk, content: bytes, tracking_id: str, error: Any, sentence: str
) -> None:
    _two_batches(desk)
    before = desk.dump()
    with pytest.raises(error, match=sentence):
        answer(desk, content, tracking_id=tracking_id)
    assert desk.dump() == before


def test_a_file_that_is_named_after_another_batch_is_not_its_answer(desk: TestDesk) -> None:
    _two_batches(desk)
    before = desk.dump()
    for name in ("batch-000002.xml.ack", "TRK-2_ack.xml"):
        with pytest.raises(WrongBatch, match=r"is named after B-000002 .*, and B-000001 waits for this answer"):
            answer(desk, acknowledgement(FIRST), tracking_id="TRK-1", name=name)
    assert desk.dump() == before
    answer(desk, acknowledgement(FIRST), tracking_id="TRK-1", name="batch-000001_TRK-1.xml")


def test_the_same_answer_is_recorded_once_unless_a_person_says_whose_it_is(desk: TestDesk) -> None:
    _two_batches(desk)
    refused = acknowledgement(status="R")
    answer(desk, refused, tracking_id="TRK-1")
    with pytest.raises(WrongBatch, match="was recorded already, as the answer to B-000001"):
        answer(desk, refused)
    answer(desk, refused, tracking_id="TRK-2")


def test_a_number_is_bound_once_and_a_batch_answered_once(desk: TestDesk) -> None:
    _two_batches(desk)
    answer(desk, acknowledgement(FIRST), tracking_id="TRK-1")
    with pytest.raises(WrongBatch, match=f"BSA ID {FIRST}, which filing F-000001 of B-000001 has already"):
        answer(desk, acknowledgement(FIRST))
    with pytest.raises(WrongBatch, match="was answered already"):
        answer(desk, acknowledgement(SECOND), tracking_id="TRK-1")
    answer(desk, acknowledgement(SECOND))
    with pytest.raises(WrongBatch, match="No batch waits"):
        answer(desk, acknowledgement(SECOND))


def test_nothing_is_answered_that_nobody_transmitted(desk: TestDesk) -> None:
    case_id = approved(desk)
    batch = produce(desk).batch
    with pytest.raises(WrongBatch, match="record first that it was transmitted"):
        answer(desk, acknowledgement(FIRST))
    assert states(desk, case_id) == ["produced"]
    with desk.reading() as uow, pytest.raises(NotThere, match="is produced: it would have to be transmitted"):
        from casedesk.domain.filings import require_state

        require_state(uow.filings.of_batch(batch.batch_id)[0], "filing_acknowledged")


def test_the_remarks_of_a_batch_can_be_read_again(desk: TestDesk) -> None:
    approved(desk)
    batch = produce(desk).batch
    transmit(desk, batch.batch_id)
    answer(desk, acknowledgement(FIRST, error=said("WARN", "C21", "nowhere", "An invalid number.")))
    found = answers.read_remarks(uow=desk.reading(), actor=desk.people["mia"], batch_id=batch.batch_id)
    assert [(remark.code, remark.text) for remark in found[0].filing.remarks] == [("C21", "An invalid number.")]
    assert found[0].parts == ("",)
