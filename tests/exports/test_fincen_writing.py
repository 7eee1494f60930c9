"""Reports become a batch that FinCEN's schema and the desk's own linter take, whatever a form can hold."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from casedesk.domain.reports.activity import Activity, Classification, Involved
from casedesk.domain.reports.institution import institution
from casedesk.domain.reports.parties import Name, Subject
from casedesk.domain.reports.report import Attachment, Report
from casedesk.exports.fincen import linting, reading
from casedesk.exports.fincen.screen import Spot, part_of_path, spot
from casedesk.exports.fincen.writing import Entry, attachments, write
from casedesk.exports.fincen.writing_parties import UnknownBranch
from casedesk.exports.fincen.writing_values import blocks
from tests.domain.test_reports import PROFILE
from tests.exports.random_reports import FILED_ON, reports

NARRATIVE = (
    "This initial report tells of cash deposits.\n\n\tThe customer deposited 9,500 on four days at two branches."
)
BANK = institution(PROFILE)
REPORT = Report(
    subjects=(Subject(names=(Name(last="Doe", first="Zoë"),)),),
    activity=Activity(amount=38_000, first_on=date(2026, 6, 1), classifications=(Classification(subtype="114"),)),
)
NS = {"fc2": "www.fincen.gov/base"}


@pytest.fixture(scope="module")
def schema(shared: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shared / "formats/fincen/EFL_SARXBatchSchema.xsd"))


def written(*made: Report, bank: Any = BANK) -> etree._Element:
    entries = [Entry(f"F-{n:06}", report, NARRATIVE) for n, report in enumerate(made, start=1)]
    return reading.parse(write(entries, bank, FILED_ON), "batch.xml")


def texts(root: etree._Element, path: str) -> list[str | None]:
    return [element.text for element in root.findall(path, NS)]


def lint(root: etree._Element) -> list[str]:
    found = linting.lint(root, today=FILED_ON, narrative_cap=17_000)
    return [f"{one.code} {one.path} {one.sentence}" for one in found]


@pytest.mark.shared
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(reports(), min_size=1, max_size=3))
def test_whatever_a_form_can_hold_is_valid_and_clean(schema: etree.XMLSchema, made: list[Report]) -> None:
    root = written(*made)
    assert lint(root) == []
    schema.assertValid(root)


@pytest.mark.parametrize(
    ("changes", "flags", "prior"),
    [
        ({}, ["InitialReportIndicator"], []),
        ({"joint": True, "prior_bsa_id": "31000055053784"}, ["InitialReportIndicator", "JointReportIndicator"], []),
        (
            {"corrects": True, "prior_bsa_id": "31000055053784"},
            ["CorrectsAmendsPriorReportIndicator"],
            ["31000055053784"],
        ),
        ({"continuing": True}, ["ContinuingActivityReportIndicator"], ["00000000000000"]),
        (
            {"corrects": True, "continuing": True, "prior_bsa_id": "31000055053784"},
            ["ContinuingActivityReportIndicator", "CorrectsAmendsPriorReportIndicator"],
            ["31000055053784"],
        ),
    ],
)
def test_each_kind_says_what_it_is_and_which_report_it_goes_on_from(
    changes: dict[str, Any], flags: list[str], prior: list[str]
) -> None:
    root = written(REPORT.model_copy(update=changes))
    said = [etree.QName(one).localname for one in root.findall("fc2:Activity/fc2:ActivityAssociation/*", NS)]
    assert said == flags
    assert texts(root, "fc2:Activity/fc2:EFilingPriorDocumentNumber") == prior


def test_the_totals_are_those_of_all_reports() -> None:
    unknown = REPORT.model_copy(update={"activity": REPORT.activity.model_copy(update={"involved": Involved.UNKNOWN})})
    table = Attachment(name="Deposits.csv", content="a\nß")
    two = REPORT.model_copy(update={"subjects": REPORT.subjects * 2, "attachment": table})
    root = written(REPORT, unknown, two)
    assert dict(root.attrib) == {
        "TotalAmount": "76000", "PartyCount": "4", "ActivityCount": "3", "ActivityAttachmentCount": "1",
        "AttachmentCount": "1",
    }  # fmt: skip
    assert attachments([Entry("F-000003", two, "")]) == {"F-000003-Deposits.csv": "a\nß".encode()}
    assert texts(root, ".//fc2:OriginalAttachmentFileName") == ["F-000003-Deposits.csv"]


def test_every_element_has_the_prefix_and_a_number_in_order() -> None:
    root = written(REPORT, REPORT)
    assert {element.prefix for element in root.iter()} == {"fc2"}
    numbers = [int(element.get("SeqNum", "0")) for element in root.iter() if element.get("SeqNum")]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_test_goes_out_under_the_code_for_tests_and_nothing_else_does() -> None:
    code = "fc2:Activity/fc2:Party/fc2:PartyIdentification[fc2:PartyIdentificationTypeCode='28']/fc2:PartyIdentificationNumberText"
    assert texts(written(REPORT), code) == ["PABCD123"]
    assert texts(written(REPORT, bank=institution({**PROFILE, "test": True})), code) == ["TBSATEST"]


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_a_narrative_is_one_line_in_blocks_that_cut_no_blank(offset: int) -> None:
    text = "y" * offset + ("ab " * 3000).strip() + "\n\n" + "x" * 5000
    found = blocks(text)
    assert max(map(len, found)) <= 4000
    assert "".join(found) == " ".join(text.split())
    assert all(block == block.strip() for block in found)
    assert blocks(" \n ") == []
    assert len(blocks("z" * 4000)) == 1
    assert [len(block) for block in blocks("z" * 4001)] == [4000, 1]


def test_a_branch_that_the_profile_does_not_have_is_refused_with_the_way_out() -> None:
    with pytest.raises(UnknownBranch, match=r"“B9” is not in the institution's profile \(it has B1\). Take it out"):
        written(REPORT.model_copy(update={"branches": ("B1", "B9")}))


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"subjects": (Subject(names=(Name(last="SAME AS ABOVE"),)),)}, "SAR-0308", Spot(2, "Subjects")),
        ({"note": "x" * 51}, "SAR-0305", Spot(2, "Kind of report")),
        ({"activity": Activity(amount=5, first_on=FILED_ON + timedelta(days=1))}, "SAR-0404", Spot(2, "Activity")),
        ({"attachment": Attachment(name="x.pdf", content="")}, "SAR-1601", Spot(2, "Attachment")),
    ],
)
def test_a_finding_names_the_report_and_the_part_of_its_form(changes: dict[str, Any], code: str, where: Spot) -> None:
    root = written(REPORT, REPORT.model_copy(update=changes))
    found = linting.lint(root, today=FILED_ON, narrative_cap=17_000)
    assert where in {spot(root, one) for one in found if one.code == code}


def test_a_number_of_an_acknowledgement_leads_to_the_form_and_one_of_another_batch_nowhere() -> None:
    root = written(REPORT, REPORT)
    subject = root.xpath("fc2:Activity[2]/fc2:Party[fc2:ActivityPartyTypeCode='33']/fc2:PartyName", namespaces=NS)[0]
    number = int(subject.get("SeqNum"))
    path = f"EFilingBatchXML/Activity[9]/Party[{number - 1}]/PartyName[{number}]/RawIndividualFirstName"
    assert part_of_path(root, 2, path) == "Subjects"
    assert part_of_path(root, 1, path) == ""
    assert part_of_path(root, 3, path) == ""
    assert part_of_path(root, 2, path.replace("PartyName", "Address")) == ""
    assert part_of_path(root, 2, "EFilingBatchXML") == ""
