"""`casedesk filing goaml`: an approved report leaves as a valid document and an event, and nothing else leaves."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from lxml import etree

from casedesk.domain.cases import Disposition
from casedesk.domain.reports.parties import OnlineAddress
from tests.builders import NARRATIVE, TestDesk
from tests.cli.conftest import Command
from tests.exports.test_goaml import OURS
from tests.services.filing_ways import approved, form, save


@pytest.fixture
def xsd(shared: Path) -> Path:
    return next((shared / "formats" / "goaml").glob("*.xsd"))


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "ours.toml"
    path.write_text(OURS, encoding="utf-8")
    return path


@pytest.fixture
def case(desk: TestDesk) -> str:
    desk.customer()
    return approved(desk)


@pytest.mark.parametrize(("kind", "held"), [("str", "//transaction"), ("SAR", "/report/activity")])
def test_an_approved_report_leaves_as_a_document_and_an_event(
    casedesk: Command, desk: TestDesk, case: str, profile: Path, xsd: Path, tmp_path: Path, kind: str, held: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    words = ("filing", "goaml", case, "--profile", profile, "--xsd", xsd, "--kind", kind, "--as", "max", "--out", out)
    assert (casedesk(*words).code, [path.name for path in out.iterdir()]) == (0, ["document-000001.xml"])
    content = (out / "document-000001.xml").read_bytes()
    tree = etree.fromstring(content)
    assert tree.findtext("reason") == NARRATIVE
    assert tree.findtext("entity_reference") == "F-000001"
    assert tree.xpath(held)
    event = desk.history(case)[-1]
    assert (event.user, event.action, event.data["what"]) == ("max", "case_exported", "goaml")
    assert event.data["sha256"] == sha256(content).hexdigest()
    casedesk(*words)
    assert (out / "document-000001.xml").read_bytes() == content, "the same report, the same bytes"


def test_the_profile_may_name_the_schema(
    casedesk: Command, case: str, profile: Path, xsd: Path, tmp_path: Path
) -> None:
    words = ("filing", "goaml", case, "--profile", profile, "--as", "max", "--out", tmp_path)
    assert "Name the schema of your unit" in casedesk(*words).err
    profile.write_text(f'xsd = "{xsd.as_posix()}"\n{OURS}', encoding="utf-8")
    assert casedesk(*words).code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--as", "ann"], "The role Analyst may not"),
        (["--as", "otto"], "The role Auditor may not"),
        (["--as", "max", "--kind", "ctr"], "“--kind ctr” is not a shape; write STR or SAR."),
        (["--as", "max", "--profile", "gone.toml"], "gone.toml, the profile, cannot be read"),
        (["--as", "max", "--xsd", "gone.xsd"], "gone.xsd cannot be read as an XML schema"),
    ],
)
def test_what_is_refused_leaves_no_file_and_no_event(
    casedesk: Command, desk: TestDesk, case: str, profile: Path, xsd: Path, tmp_path: Path, words: list[str], sentence: str
) -> None:  # fmt: skip
    size = desk.size()
    given = ["--profile", profile, "--xsd", xsd, "--out", tmp_path / "out", *words]
    (tmp_path / "out").mkdir()
    told = casedesk("filing", "goaml", case, *given)
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err
    assert (desk.size(), list((tmp_path / "out").iterdir())) == (size, [])


def test_what_the_schema_refuses_is_not_exported(
    casedesk: Command, desk: TestDesk, case: str, profile: Path, xsd: Path, tmp_path: Path
) -> None:
    other = desk.open()
    desk.take("ann", other)
    report = form(desk, other).report
    nonsense = report.subjects[0].model_copy(update={"online": (OnlineAddress(text="at the bank"),)})
    save(desk, other, report=report, subjects=(nonsense,))
    desk.decide("ann", other, Disposition.SAR)
    desk.approve("mia", other)
    size = desk.size()
    told = casedesk(
        "filing", "goaml", other, "--profile", profile, "--xsd", xsd, "--kind", "SAR", "--as", "max", "--out", tmp_path
    )
    assert (told.code, desk.size()) == (2, size)
    assert "The schema refuses the document. Line" in told.err
    assert "Element 'email'" in told.err
    assert not list(tmp_path.glob("*.xml"))


def test_a_report_that_is_not_approved_or_whose_case_was_opened_again_stays(
    casedesk: Command, desk: TestDesk, case: str, profile: Path, xsd: Path, tmp_path: Path
) -> None:
    drafted = desk.open()
    desk.take("ann", drafted)
    save(desk, drafted)
    desk.decide("ann", drafted, Disposition.SAR)
    desk.reopen("mia", case)
    for case_id in (drafted, case, desk.closed()):
        told = casedesk(
            "filing", "goaml", case_id, "--profile", profile, "--xsd", xsd, "--as", "max", "--out", tmp_path
        )
        assert (told.code, "has no approved form" in told.err) == (2, True)
    assert not list(tmp_path.glob("*.xml"))
