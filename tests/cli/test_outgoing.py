"""Forms, batches and acknowledgements from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from casedesk.domain.cases import Disposition
from tests.builders import TestDesk
from tests.cli.conftest import Command, environment
from tests.domain.test_reports import PROFILE
from tests.services.filing_ways import acknowledgement, approved, said, states

At = Callable[[str], Command]
FIRST, SECOND = "31000055053784", "31000055053785"


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    file = tmp_path / "bank.json"
    file.write_text(json.dumps(PROFILE), encoding="utf-8")
    return file


@pytest.fixture
def furnished(desk: TestDesk) -> TestDesk:
    desk.customer()
    return desk


@pytest.fixture
def cli(casedesk: Command) -> Command:
    return casedesk


def test_a_report_goes_its_way_from_the_form_to_the_answer(
    furnished: TestDesk, cli: Command, bank: Path, tmp_path: Path
) -> None:
    case_id = furnished.open()
    furnished.take("ann", case_id)
    printed = cli("filing", "form", case_id, "--as", "ann", institution=bank)
    assert printed.json["activity"]["amount"] == 19_000
    file = tmp_path / "form.json"
    file.write_text(json.dumps({**printed.json, "note": "x" * 51}), encoding="utf-8")
    saved = cli("filing", "draft", case_id, file, "--as", "ann", institution=bank)
    assert "SAR-0305 error [Kind of report] FilingInstitutionNotetoFinCEN has 51 characters" in saved.out
    furnished.decide("ann", case_id, Disposition.SAR)
    furnished.approve("mia", case_id)
    refused = cli("filing", "produce", "--as", "max", "--out", tmp_path, institution=bank)
    assert refused.code == 2
    assert refused.out.startswith(f"Case {case_id}, Kind of report: FilingInstitutionNotetoFinCEN")
    assert states(furnished, case_id) == ["approved"]
    furnished.reopen("max", case_id)
    file.write_text(json.dumps(printed.json), encoding="utf-8")
    cli("filing", "draft", case_id, file, "--as", "ann", institution=bank)
    furnished.decide("ann", case_id, Disposition.SAR)
    furnished.approve("mia", case_id)
    made = cli("filing", "produce", "--as", "max", "--out", tmp_path, "--json", institution=bank)
    assert (made.json["state"], made.json["cases"]) == ("produced", [case_id])
    batch = tmp_path / "batch-000001.xml"
    assert cli("filing", "lint", batch).code == 0
    assert cli("filing", "transmitted", "B-000001", "TRK-1", "--as", "max").code == 0
    answer = tmp_path / "ack.xml"
    answer.write_bytes(acknowledgement(FIRST, error=said("WARN", "C21", "nowhere")))
    told = cli("filing", "ack", answer, "--as", "max")
    assert told.code == 0
    assert f"1. F-000001, case {case_id}: acknowledged, {FIRST}" in told.out
    assert "WARN C21 [nowhere]" in told.out
    assert cli("filing", "show", "B-000001", "--as", "mia", "--json").json["filings"][0]["bsa_id"] == FIRST
    batch.unlink()
    assert cli("filing", "export", "B-000001", "--as", "mia", "--out", tmp_path).code == 0
    assert batch.exists()


def test_a_refusal_by_the_filing_system_is_the_answer_no(
    furnished: TestDesk, cli: Command, bank: Path, tmp_path: Path
) -> None:
    case_id = approved(furnished)
    cli("filing", "produce", case_id, "--as", "max", "--out", tmp_path, institution=bank)
    cli("filing", "transmitted", "B-000001", "TRK-1", "--as", "max")
    answer = tmp_path / "ack.xml"
    answer.write_bytes(acknowledgement("", error=said("FATAL", "B9", "x")))
    assert cli("filing", "ack", answer, "--tracking", "TRK-9", "--as", "max").code == 2
    told = cli("filing", "ack", answer, "--tracking", "TRK-1", "--as", "max", "--json")
    assert (told.code, told.json["filings"][0]["state"]) == (1, "rejected")


def test_the_list_shows_what_waits_and_what_went(furnished: TestDesk, cli: Command, bank: Path, tmp_path: Path) -> None:
    furnished.customer("K-2")
    first = approved(furnished)
    cli("filing", "produce", "--as", "max", "--out", tmp_path, institution=bank)
    second = approved(furnished, "K-2")
    told = cli("filing", "list", "--as", "mia", "--json").json
    assert [(one["case_id"], one["hindrance"]) for one in told["waiting"]] == [(second, "")]
    assert [(one["batch_id"], one["state"]) for one in told["batches"]] == [("B-000001", "produced")]
    assert states(furnished, first) == ["produced"]
    assert "filed" not in cli("filing", "list", "--as", "mia").out
    assert cli("filing", "list", "--as", "ann").code == 2


def test_without_a_profile_or_with_a_wrong_one_nothing_is_produced(
    furnished: TestDesk, cli: Command, bank: Path, tmp_path: Path
) -> None:
    approved(furnished)
    none = cli("filing", "produce", "--as", "max", "--out", tmp_path, auth="oidc")
    assert (none.code, "CASEDESK_INSTITUTION" in none.err) == (2, True)
    wrong = {**PROFILE, "transmitter": {**PROFILE["transmitter"], "tin": "1", "phone": "2"}}
    bank.write_text(json.dumps(wrong), encoding="utf-8")
    told = cli("filing", "profile", "--as", "max", institution=bank)
    assert told.code == 2
    assert "bank.json, the institution's profile: transmitter.phone: expected 7 to 16 digits" in told.err
    assert "transmitter.tin: expected 9 digits, got “1”." in told.err
    bank.write_text("[", encoding="utf-8")
    assert "it is no JSON" in cli("filing", "profile", "--as", "max", institution=bank).err
    assert "it cannot be read" in cli("filing", "profile", "--as", "max", institution=tmp_path / "none.toml").err
    missing = cli("filing", "produce", "--as", "max", "--out", tmp_path / "none", institution=bank)
    assert "cannot be written to" in missing.err
    assert not list(tmp_path.glob("*.xml"))


def test_the_demo_banks_profile_is_right_and_tests_only(cli: Command, furnished: TestDesk) -> None:
    told = cli("filing", "profile", "--as", "max", "--json")
    assert (told.code, told.json["test"], told.json["transmitter"]["control_code"]) == (0, True, "TBSATEST")


def test_a_kill_between_the_record_and_the_file_leaves_no_lie(
    furnished: TestDesk, cli: Command, bank: Path, tmp_path: Path
) -> None:
    """The process dies right after the commit: the record stands, its bytes are in the database, and the file can be had."""
    case_id = approved(furnished)
    program = textwrap.dedent(
        """
        import os, sys
        from casedesk.services import outgoing
        outgoing.export = lambda **_: os._exit(9)
        from casedesk.cli.main import main
        main(sys.argv[1:])
        """
    )
    address = str(furnished.engine.url)
    arguments = ["filing", "produce", "--as", "max", "--out", str(tmp_path)]
    setting = {**environment(address), "CASEDESK_INSTITUTION": str(bank)}
    killed = subprocess.run([sys.executable, "-c", program, *arguments], env=setting, capture_output=True)
    assert killed.returncode == 9
    assert not list(tmp_path.glob("*.xml"))
    assert states(furnished, case_id) == ["produced"]
    assert cli("filing", "show", "B-000001", "--as", "max", "--json").json["state"] == "produced"
    assert cli("filing", "export", "B-000001", "--as", "max", "--out", tmp_path).code == 0
    assert cli("filing", "lint", tmp_path / "batch-000001.xml").code == 0
    assert furnished.verify().findings == ()


def test_a_batch_is_taken_back_by_another_manager(
    furnished: TestDesk, cli: Command, bank: Path, tmp_path: Path
) -> None:
    case_id = approved(furnished)
    cli("filing", "produce", "--as", "max", "--out", tmp_path, institution=bank)
    words = ("filing", "withdraw", "B-000001", "--text", "The branch corrected the address this morning.")
    refused = cli(*words, "--as", "max")
    assert (refused.code, "another manager has to take it back" in refused.err) == (2, True)
    assert cli(*words, "--as", "mia").err == "B-000001: taken back; 1 report waits for another batch.\n"
    assert states(furnished, case_id) == ["approved"]
    assert cli("filing", "show", "B-000001", "--as", "mia", "--json").json["withdrawn_by"] == "mia"
    assert cli("filing", "list", "--as", "mia").out.count("withdrawn") == 1
