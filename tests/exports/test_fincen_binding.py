"""An acknowledgement is bound to its batch by all that it says of one, and one that says anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from casedesk.exports.fincen.acknowledgement import read_content
from casedesk.exports.fincen.binding import Sent, difference
from casedesk.exports.fincen.document import local
from casedesk.exports.fincen.reading import Unreadable
from tests.exports.random_reports import reports
from tests.exports.test_fincen_writing import REPORT, written

NUMBERS = [f"3100005505378{n}" for n in range(10)]


def sent(root: etree._Element, batch_id: str = "B-000001") -> Sent:
    return Sent(batch_id, root, "batch-000001.xml", "TRK-1")


def remark(path: str) -> str:
    return f"<EFilingActivityErrorXML><ErrorContextText>{path}</ErrorContextText><ErrorLevelText>WARN</ErrorLevelText></EFilingActivityErrorXML>"


def answer(*paths: str, root: str = "", submission: str = "", whole: str = "") -> bytes:
    """Write an acknowledgement of as many reports as there are paths, with a remark on each path that is not empty."""
    inside = "".join(
        f"<EFilingActivityXML><BSAID>{number}</BSAID>{remark(path) if path else ''}</EFilingActivityXML>"
        for number, path in zip(NUMBERS, paths, strict=False)
    )
    return (
        f"<EFilingBatchXML StatusCode='A' {root}>{whole}<EFilingSubmissionXML {submission}>{inside}</EFilingSubmissionXML>"
        "</EFilingBatchXML>"
    ).encode()


def unlike(content: bytes, batch: Sent) -> str:
    return difference(read_content(content, "ack.xml"), batch)


TWO = sent(written(REPORT, REPORT))
SECOND = TWO.activities()[1].get("SeqNum")
SUBJECT = TWO.activities()[1].xpath("*[local-name()='Party'][*='33']")[0].get("SeqNum")
OF_SECOND = f"EFilingBatchXML/Activity[{SECOND}]/Party[{SUBJECT}]"

FITS = {
    "no remark": answer("", ""),
    "the report by its number": answer("", f"EFilingBatchXML/Activity[{SECOND}]"),
    "the report by its place": answer("", "EFilingBatchXML/Activity[2]"),
    "an element that is missing": answer("", f"{OF_SECOND}/IndividualBirthDateText"),
    "with prefixes": answer("", f"fc2:EFilingBatchXML/fc2:Activity[{SECOND}]/fc2:Party[{SUBJECT}]"),
    "the batch as a whole": answer("", "", whole=remark("EFilingBatchXML")),
    "totals": answer("", "", root="TotalAmount='76000' ActivityCount='2' PartyCount='2'"),
    "a total with cents": answer("", "", root="TotalAmount='76000.00'"),
    "form, tracking ID, file and transmitter": answer(
        "", "", whole="<FormTypeCode>SARX</FormTypeCode>",
        submission="TrackingID='TRK-1' BatchFileName='batch-000001.xml' TransmitterControlCode='PABCD123'",
    ),
}  # fmt: skip

OTHERS = {
    "too few reports": (answer(""), "it answers 1 report, and B-000001 has 2"),
    "too many": (answer("", "", ""), "it answers 3 reports, and B-000001 has 2"),
    "the reports exchanged": (
        answer(f"EFilingBatchXML/Activity[{SECOND}]", "EFilingBatchXML/Activity[1]"),
        f"of report 1 it speaks of “EFilingBatchXML/Activity[{SECOND}]”, but in B-000001 that report is not Activity[{SECOND}]",
    ),
    "an unknown number": (answer("", "EFilingBatchXML/Activity[2]/Party[999]"), "it has no Party[999]"),
    "a number of another element": (
        answer("", f"EFilingBatchXML/Activity[2]/SuspiciousActivity[{SUBJECT}]"),
        f"it has no SuspiciousActivity[{SUBJECT}]",
    ),
    "a number of the other report": (
        answer(f"EFilingBatchXML/Activity[1]/Party[{SUBJECT}]", ""), f"it has no Party[{SUBJECT}]",
    ),
    "an element inside another": (answer("", f"{OF_SECOND}/PartyName[3]"), "it has no PartyName[3]"),
    "a report that is not there": (answer("", "", whole=remark("EFilingBatchXML/Activity[9]")), "that report is not Activity[9]"),
    "another amount": (answer("", "", root="TotalAmount='5'"), "its TotalAmount is “5”, and that of B-000001 is “76000”"),
    "other subjects": (answer("", "", root="PartyCount='5'"), "its PartyCount is “5”"),
    "another form": (answer("", "", whole="<FormTypeCode>CTRX</FormTypeCode>"), "its FormTypeCode is “CTRX”"),
    "another tracking ID": (answer("", "", submission="TrackingID='TRK-2'"), "its TrackingID is “TRK-2”, and that of B-000001 is “TRK-1”"),
    "another file": (answer("", "", submission="FileName='batch-000002.xml'"), "its FileName is “batch-000002.xml”"),
    "another institution": (
        answer("", "", submission="TransmitterControlCode='PXYZ0001'"), "its TransmitterControlCode is “PXYZ0001”",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FITS)
def test_an_acknowledgement_of_the_batch_fits(what: str) -> None:
    assert unlike(FITS[what], TWO) == ""


@pytest.mark.parametrize("what", OTHERS)
def test_what_differs_is_named(what: str) -> None:
    content, sentence = OTHERS[what]
    assert sentence in unlike(content, TWO)


def numbered(*numbers: object) -> bytes:
    inside = "".join(f"<EFilingActivityXML SeqNum='{n}'><BSAID>{b}</BSAID></EFilingActivityXML>"
                     for n, b in zip(numbers, NUMBERS, strict=False))  # fmt: skip
    return f"<EFilingBatchXML StatusCode='A' SeqNum='1'><EFilingSubmissionXML SeqNum='2'>{inside}</EFilingSubmissionXML></EFilingBatchXML>".encode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (numbered(5, 3), "EFilingActivityXML has the SeqNum “3” after 5: expected a larger one"),
        (numbered(3, 3), "has the SeqNum “3” after 3"),
        (numbered(3, "x"), "has the SeqNum “x” after 3"),
        (numbered(3, 5).replace(b"<EFilingSubmissionXML", b"<EFilingSubmissionXML StatusCode='R'"), "both accepted and rejected"),
        (numbered(3).replace(b"</EFilingBatchXML>", b"<EFilingSubmissionXML/></EFilingBatchXML>"), "answers 2 submissions"),
    ],
)  # fmt: skip
def test_an_acknowledgement_that_was_put_in_another_order_is_unreadable(content: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        read_content(content, "ack.xml")
    assert read_content(numbered(3, 5), "ack.xml").accepted


def paths_of(activity: etree._Element) -> list[str]:
    """Return the path of every numbered element of a report, as FinCEN writes it."""
    found = []
    for element in activity.iter():
        if element.get("SeqNum"):
            line = (*list(element.iterancestors())[-2::-1], element)
            found.append("/".join(["EFilingBatchXML", *(f"{local(e)}[{e.get('SeqNum')}]" for e in line)]))
    return found


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_path_fits_the_batch_that_has_it_and_no_other(data: st.DataObject) -> None:
    one, other = (sent(written(*data.draw(st.lists(reports(), min_size=2, max_size=2)))) for _ in range(2))
    place = data.draw(st.sampled_from((0, 1)))
    path = data.draw(st.sampled_from(paths_of(one.activities()[place])))
    content = answer(*("", path) if place else (path, ""))
    assert unlike(content, one) == ""
    by_place = path.replace(path.split("/")[1], f"Activity[{place + 1}]")
    fits = by_place in {
        p.replace(p.split("/")[1], f"Activity[{place + 1}]") for p in paths_of(other.activities()[place])
    }
    assert unlike(answer(*("", by_place) if place else (by_place, "")), one) == ""
    assert (unlike(answer(*("", by_place) if place else (by_place, "")), other) == "") == fits
