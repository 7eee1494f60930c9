"""The linter of SAR batches: one defect, one finding with its code; what is legal, however odd, passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casedesk.exports.fincen import linting, reading
from casedesk.exports.fincen.findings import RULES, Finding
from tests.exports.fincen_batches import (
    ENTITY,
    NOBODY,
    PERSON,
    Change,
    attribute,
    batch,
    classified,
    insert,
    put,
    report,
)
from tests.exports.fincen_defects import (
    DEFECTS,
    TODAY,
    _blocks,
    changed,
)
from tests.exports.fincen_oddities import ODDITIES


def lint(content: bytes, **options: Any) -> list[Finding]:
    options = {"today": TODAY, "narrative_cap": 17_000, **options}
    return linting.lint(reading.parse(content, "batch.xml"), **options)


def told(content: bytes, **options: Any) -> list[str]:
    return [found.code for found in lint(content, **options)]


@pytest.mark.shared
def test_the_clean_batch_is_clean_for_the_schema_and_for_us(shared: Path) -> None:
    assert lint(batch().content(), schema=shared / "formats/fincen/EFL_SARXBatchSchema.xsd") == []


@pytest.mark.parametrize(("code", "change"), [d[1:] for d in DEFECTS], ids=[d[0] for d in DEFECTS])
def test_a_defect_gives_its_finding_and_no_other(code: str, change: Change) -> None:
    found = lint(changed(change))
    assert [(f.code, f.severity) for f in found] == [(code, RULES[code].severity)], found
    assert found[0].path.startswith("/")
    assert found[0].sentence.endswith(".")


@pytest.mark.parametrize("change", [o[1] for o in ODDITIES], ids=[o[0] for o in ODDITIES])
def test_what_is_legal_passes_without_a_word(change: Change) -> None:
    assert lint(changed(change)) == []


@pytest.mark.shared
@pytest.mark.parametrize("change", [o[1] for o in ODDITIES], ids=[o[0] for o in ODDITIES])
def test_what_we_pass_the_schema_passes(shared: Path, change: Change) -> None:
    schema = shared / "formats/fincen/EFL_SARXBatchSchema.xsd"
    assert lint(changed(change), schema=schema) == []


@pytest.mark.shared
@pytest.mark.parametrize("change", [d[2] for d in DEFECTS], ids=[d[0] for d in DEFECTS])
def test_what_the_schema_refuses_we_refuse_without_it(shared: Path, change: Change) -> None:
    content = changed(change)
    schema = shared / "formats/fincen/EFL_SARXBatchSchema.xsd"
    refused = "XSD" in told(content, schema=schema)
    assert not refused or any(found.severity == "error" for found in lint(content))


def test_every_finding_of_the_table_has_a_defect() -> None:
    tried = {code for _, code, _ in DEFECTS}
    elsewhere = {"SAR-1013", "SAR-1603"}
    assert set(RULES) - tried == elsewhere


def test_one_report_of_each_subject_is_enough() -> None:
    words = "<SuspiciousActivityFromDateText>20260105</SuspiciousActivityFromDateText>"
    one = "<NoAmountInvolvedIndicator>Y</NoAmountInvolvedIndicator>" + words + classified()
    for subject in (PERSON, ENTITY, NOBODY):
        assert told(batch(report("InitialReportIndicator", subject, one)).content()) == []


def test_a_control_code_of_another_party_is_a_warning() -> None:
    code = (
        "<PartyIdentification><PartyIdentificationNumberText>TBSATEST</PartyIdentificationNumberText>"
        "<PartyIdentificationTypeCode>28</PartyIdentificationTypeCode></PartyIdentification>"
    )
    assert told(changed(insert("{30}/PartyIdentification", code, after=True))) == ["SAR-1013"]


def test_a_wrong_prefix_everywhere_is_one_finding_that_counts() -> None:
    content = batch().content().replace(b"fc2:", b"ns0:").replace(b":fc2=", b":ns0=")
    [found] = lint(content)
    assert found.code == "SAR-0101"
    assert "ns0:EFilingBatchXML" in found.sentence
    assert "expected fc2:EFilingBatchXML; the same is wrong with 378 more elements" in found.sentence


def test_a_finding_names_place_value_and_way_out() -> None:
    content = changed(put("Activity[2]/{33}/Address/RawCountryCodeText", "Germany"))
    content = content.replace(b"><", b">\n<")
    [found] = lint(content)
    line = content.split(b"\n").index(b"<fc2:RawCountryCodeText>Germany</fc2:RawCountryCodeText>") + 1
    assert (found.path, found.line) == (
        "/fc2:EFilingBatchXML/fc2:Activity[2]/fc2:Party[6]/fc2:Address[1]/fc2:RawCountryCodeText[1]", line
    )  # fmt: skip
    assert found.code == "SAR-0901"
    assert found.sentence.startswith(
        "RawCountryCodeText says “Germany”: expected a country code of two capital letters (ISO"
    )


def test_a_finding_keeps_to_its_line() -> None:
    content = changed(put("{33}", "between\n\x9b31m"))
    [found] = lint(content)
    assert "got “between\\n\\x9b31m”" in found.sentence


def test_the_cap_of_a_narrative_is_the_callers() -> None:
    content = changed(_blocks(4000, 4000, 4000, 4000, 4000))
    assert told(content) == ["SAR-1502"]
    assert told(content, narrative_cap=20_000) == []


def test_findings_come_in_the_order_of_the_lines() -> None:
    content = changed(
        put("{33}/Address/RawZIPCode", "1"), put("{35}/Address/RawZIPCode", "2"), attribute(".", "PartyCount", "1")
    ).replace(b"><", b">\n<")
    assert told(content) == ["SAR-0202", "SAR-0905", "SAR-0905"]
    assert lint(content) == lint(content)
