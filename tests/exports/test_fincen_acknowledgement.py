"""An acknowledgement is read whole, or refused with a reason; what FinCEN did not take is never read as taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from casedesk.exports.fincen.acknowledgement import read, read_content
from casedesk.exports.fincen.reading import Unreadable

FATAL = (
    "<EFilingActivityErrorXML SeqNum='4'><ErrorLevelText>FATAL</ErrorLevelText><ErrorTypeCode>B9</ErrorTypeCode>"
    "<ErrorText>No value.</ErrorText></EFilingActivityErrorXML>"
)


def answer(inside: str = "", *, status: str = "A", submission: str = "") -> bytes:
    return (
        f"<EFilingBatchXML StatusCode='{status}' SeqNum='1'><EFilingSubmissionXML SeqNum='2' StatusCode='{status}'>"
        f"{submission}{inside}</EFilingSubmissionXML></EFilingBatchXML>"
    ).encode()


def report(bsa_id: str = "31000055053784", errors: str = "<EFilingActivityErrorXML SeqNum='9'/>") -> str:
    number = f"<BSAID>{bsa_id}</BSAID>" if bsa_id else ""
    return f"<EFilingActivityXML SeqNum='3'>{number}{errors}</EFilingActivityXML>"


@pytest.mark.shared
def test_fincens_sample_is_read(shared: Path) -> None:
    found = read(shared / "formats/fincen/sar_acknowledgement.xml")
    assert found.accepted
    assert [one.bsa_id for one in found.answers] == ["31000055053784", "31000055053785", "31000055053786"]
    assert [[(remark.level, remark.code) for remark in one.remarks] for one in found.answers] == [
        [("WARN", "C21"), ("WARN", "C4")], [], [],
    ]  # fmt: skip
    assert all(one.taken for one in found.answers)
    assert found.answers[0].remarks[0].element == "PartyIdentificationNumberText"


@pytest.mark.parametrize(
    ("inside", "taken"),
    [
        (report(), True),
        (report(""), False),
        (report("0" * 14), False),
        (report(errors=FATAL), False),
        (report(errors=FATAL.replace("FATAL", "WARN")), True),
        (report(errors=FATAL.replace("FATAL", "")), False),
    ],
    ids=["clean", "no number", "zeros", "fatal", "warned", "of no level"],
)
def test_only_what_has_a_number_and_nothing_fatal_was_taken(inside: str, taken: bool) -> None:
    found = read_content(answer(inside), "ack.xml")
    assert [one.taken for one in found.answers] == [taken]


def test_a_batch_that_was_refused_as_a_whole_names_no_report() -> None:
    error = FATAL.replace("EFilingActivityErrorXML", "EFilingSubmissionErrorXML")
    found = read_content(answer(status="R", submission=error), "ack.xml")
    assert (found.accepted, found.answers) == (False, ())
    assert [remark.code for remark in found.remarks] == ["B9"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; give an acknowledgement in XML"),
        (answer(report())[:-5], "is not well-formed XML"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + answer(report()), "document type declaration"),
        (answer(report(), status="X"), "has the status “X”: expected A (accepted) or R (rejected)"),
        (answer(), "names no report of it"),
        (answer(report("123")), "gives the BSA ID “123”: expected 14 digits"),
        (answer(report() + report()), "gives the BSA ID 31000055053784 to two reports"),
        (b"<EFilingBatchXML><Activity/></EFilingBatchXML>", "it is a batch of reports, expected EFilingBatchXML with"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><x>\xe9</x>", "is not written in UTF-8"),
        (b"<html/>", "it is html, expected EFilingBatchXML with EFilingSubmissionXML"),
    ],
)
def test_what_is_no_acknowledgement_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_content(content, "ack.xml")
    assert said in str(refused.value)


def test_a_missing_file_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"nothing.xml cannot be read .*give the path of an acknowledgement in XML"):
        read(tmp_path / "nothing.xml")
