"""`casedesk filing lint`: exit codes, one line a finding, and files that are no batch."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from casedesk.exports.fincen import reading
from tests.cli.conftest import Command
from tests.exports.fincen_batches import attribute, batch, put

SECRET = "the content of another file"


@pytest.fixture
def lint(casedesk: Command) -> Command:
    return lambda *words: casedesk("filing", "lint", *words)


def test_a_clean_batch_exits_zero(lint: Command, tmp_path: Path) -> None:
    told = lint(batch().write(tmp_path / "batch.xml"))
    assert (told.code, told.out, told.err) == (0, "", "Nothing is wrong with it.\n")


def test_a_defect_exits_one_with_a_line_of_its_own(lint: Command, tmp_path: Path) -> None:
    made = batch()
    attribute(".", "PartyCount", "9")(made)
    put("{33}/Address/RawZIPCode", "1")(made)
    told = lint(made.write(tmp_path / "batch.xml"))
    first, second = told.out.splitlines()
    assert told.code == 1
    assert first == (
        "SAR-0202 error line 2 /fc2:EFilingBatchXML [Batch totals] PartyCount says 9, and the batch has 4 subjects: expected 4, "
        "got 9. Count the parties of code 33 only, over all reports."
    )
    assert second.startswith("SAR-0905 error line 2 /fc2:EFilingBatchXML/fc2:Activity[1]/fc2:Party[6]/fc2:Address[1]/")
    assert told.err == "Errors: 2, warnings: 0.\n"


def test_json_is_one_object_a_line(lint: Command, tmp_path: Path) -> None:
    made = batch()
    put("{33}/Address/RawZIPCode", "1")(made)
    put("{33}/Address/RawCityText", "N/A")(made)
    told = lint(made.write(tmp_path / "batch.xml"), "--json")
    found = [json.loads(line) for line in told.out.splitlines()]
    assert (told.code, [f["code"] for f in found], told.err) == (1, ["SAR-0308", "SAR-0905"], "")
    assert set(found[0]) == {"code", "severity", "path", "line", "sentence", "part"}


def test_a_warning_does_not_refuse_a_batch_unless_asked(lint: Command, tmp_path: Path) -> None:
    made = batch()
    put("ActivityAssociation/JointReportIndicator", None)(made)
    path = made.write(tmp_path / "batch.xml")
    told = lint(path)
    assert (told.code, told.out.split()[:2]) == (0, ["SAR-0303", "warning"])
    assert lint(path, "--strict").code == 1


@pytest.mark.shared
def test_the_schema_is_asked_too(lint: Command, tmp_path: Path, shared: Path) -> None:
    xsd = shared / "formats/fincen/EFL_SARXBatchSchema.xsd"
    made = batch()
    assert lint(made.write(tmp_path / "batch.xml"), "--xsd", xsd).code == 0
    put("FilingDateText", "soon")(made)
    told = lint(made.write(tmp_path / "batch.xml"), "--xsd", xsd)
    assert told.code == 1
    assert {line.split()[0] for line in told.out.splitlines()} == {"SAR-0401", "XSD"}


@pytest.mark.parametrize(
    "content", [b"", b"<a>", b"<xsd:schema xmlns:xsd='http://www.w3.org/2001/XMLSchema'><b/></xsd:schema>"]
)
def test_a_schema_that_is_none_is_refused(lint: Command, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.xsd").write_bytes(content)
    told = lint(batch().write(tmp_path / "batch.xml"), "--xsd", tmp_path / "x.xsd")
    assert (told.code, told.out) == (2, "")
    assert "cannot be read as an XML schema" in told.err


def test_a_narrative_cap_beyond_the_form_is_refused(lint: Command, tmp_path: Path) -> None:
    path = batch().write(tmp_path / "batch.xml")
    assert lint(path, "--narrative-cap", "100").out.startswith("SAR-1502")
    told = lint(path, "--narrative-cap", "20001")
    assert (told.code, told.err) == (2, "A narrative of 20,001 characters has no room: FinCEN takes at most 20,000.\n")


def test_an_attachment_beside_the_batch_is_measured(lint: Command, tmp_path: Path) -> None:
    path = batch().write(tmp_path / "batch.xml")
    table = tmp_path / "deposits 1.csv"
    table.write_bytes(b"x" * 1_048_576)
    assert lint(path).code == 0
    table.write_bytes(b"x" * 1_048_577)
    told = lint(path)
    assert (told.code, told.out.split()[0]) == (1, "SAR-1603")


LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;">' % (c + 1, c, c) for c in range(97, 121))
    + b"]>"
    b"<EFilingBatchXML>&y;</EFilingBatchXML>"
)
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "blank": (b" \n", "is empty"),
    "binary": (bytes(range(256)), "not well-formed"),
    "zip": (b"PK\x03\x04" + bytes(60), "not well-formed"),
    "text": (b"Dear FinCEN,", "not well-formed"),
    "json": (b'{"EFilingBatchXML": {}}', "not well-formed"),
    "cut": (b"<EFilingBatchXML><FormTypeCode>", "not well-formed"),
    "wrong encoding": (b'<?xml version="1.0" encoding="UTF-8"?><EFilingBatchXML>\xff</EFilingBatchXML>', "not well-formed"),
    "billion laughs": (LAUGHS, "document type declaration"),
    "DTD": (b'<!DOCTYPE EFilingBatchXML SYSTEM "sar.dtd"><EFilingBatchXML/>', "document type declaration"),
    "DTD in UTF-16": ('<!DOCTYPE x><EFilingBatchXML/>'.encode("utf-16"), "document type declaration"),
    "unknown entity": (b"<EFilingBatchXML>&a;</EFilingBatchXML>", "not well-formed"),
    "deep": (b"<EFilingBatchXML>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</EFilingBatchXML>", "not well-formed"),
    "another root": (b"<html/>", "root element is html"),
    "acknowledgement": (
        b"<EFilingBatchXML StatusCode='A'><EFilingSubmissionXML/></EFilingBatchXML>", "acknowledgement"),
    "currency transactions": (
        b"<fc2:EFilingBatchXML xmlns:fc2='www.fincen.gov/base'><fc2:FormTypeCode>CTRX</fc2:FormTypeCode></fc2:EFilingBatchXML>",
        "currency transaction reports (CTRX)"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_batch_exits_two_with_the_reason(lint: Command, tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "batch.xml").write_bytes(content)
    for form in ([], ["--json"]):
        told = lint(tmp_path / "batch.xml", *form)
        assert (told.code, told.out) == (2, "")
        assert words in told.err


def test_an_entity_of_another_file_is_not_followed(lint: Command, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "batch.xml").write_text(
        f'<!DOCTYPE a [<!ENTITY s SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]><EFilingBatchXML>&s;</EFilingBatchXML>'
    )
    told = lint(tmp_path / "batch.xml")
    assert told.code == 2
    assert SECRET not in told.out + told.err


def test_a_file_too_large_is_refused_by_its_size_alone(lint: Command, tmp_path: Path) -> None:
    with (tmp_path / "batch.xml").open("wb") as file:
        os.truncate(file.fileno(), 1_000_000_000)  # a hole: it takes no room
    told = lint(tmp_path / "batch.xml")
    assert (told.code, "more than 200,000,000 bytes" in told.err) == (2, True)


def test_a_stream_without_a_size_is_bounded_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reading, "LARGEST", 100)
    with pytest.raises(reading.Unreadable, match="more than 100 bytes"):
        reading.read(Path("/dev/zero"))


@pytest.mark.parametrize("name", ["missing.xml", "."])
def test_what_cannot_be_opened_exits_two(lint: Command, tmp_path: Path, name: str) -> None:
    told = lint(tmp_path / name)
    assert (told.code, told.out) == (2, "")
    assert "cannot be read" in told.err


def test_a_value_cannot_drive_the_terminal(lint: Command, tmp_path: Path) -> None:
    made = batch()
    put("{33}/Address/RawZIPCode", "\x9b31m")(made)
    told = lint(made.write(tmp_path / "batch.xml"))
    assert told.code == 1
    assert "\x9b" not in told.out
