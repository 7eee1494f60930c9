"""`casedesk audit verify`: the three verdicts and their exit codes, for the database and for files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from casedesk.store.tables import alerts, cases
from tests.builders import TestDesk
from tests.cli.conftest import Command
from tests.databases import drop_guard


@pytest.fixture
def case(desk: TestDesk) -> str:
    desk.customer()
    case = desk.open()
    desk.take("ann", case)
    desk.note("ann", case)
    return case


@pytest.fixture
def exported(casedesk: Command, case: str, tmp_path: Path) -> Path:
    out = tmp_path / "audit.csv"
    assert casedesk("export", "audit", case, "--as", "otto", "--out", out).code == 0
    return out


@pytest.mark.parametrize("words", [[], ["--database"]])
def test_a_sound_database_is_verified(casedesk: Command, desk: TestDesk, case: str, words: list[str]) -> None:
    told = casedesk("audit", "verify", *words)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith(f"VERIFIED\nIntact: {desk.size()} events of 1 case")
    report = casedesk("audit", "verify", *words, "--json").json
    assert (report["verdict"], report["events"], report["first"], report["anchored"]) == (
        "VERIFIED", desk.size(), None, 0
    )  # fmt: skip


def test_an_edited_event_is_named_with_expected_and_got(casedesk: Command, desk: TestDesk, case: str) -> None:
    drop_guard(desk.engine)
    event = desk.history(case)[-1].event_id
    desk.tamper(sa.text("UPDATE case_events SET notes = 'Nothing to see' WHERE event_id = :e").bindparams(e=event))
    told = casedesk("audit", "verify")
    assert told.code == 1
    assert told.out.startswith(f"TAMPERED\nBroken. Event {event} ({case}, number {len(desk.history(case))} there)")
    digest = json.loads(desk.history(case)[-1].body)["notes"]  # of a text that can be removed the ledger has no more
    assert f"expected “the text whose salted digest is {digest[:45]}…”, got “Nothing to see”" in told.out
    first = casedesk("audit", "verify", "--json").json["first"]
    assert (first["event_id"], first["column"], first["expected"], first["got"]) == (
        event, "notes", f"the text whose salted digest is {digest}", "Nothing to see"
    )  # fmt: skip


def test_a_case_or_alert_changed_behind_the_desk_is_found(casedesk: Command, desk: TestDesk, case: str) -> None:
    desk.tamper(sa.update(cases).values(owner="ben"))
    told = casedesk("audit", "verify")
    assert (told.code, "Column owner: expected “ann”, got “ben”" in told.out) == (1, True)
    desk.tamper(sa.update(cases).values(owner="ann"))
    desk.tamper(sa.update(alerts).values(sentence="Nothing special."))
    assert casedesk("audit", "verify").code == 1


def test_nothing_to_check_is_not_evaluated(casedesk: Command) -> None:
    told = casedesk("audit", "verify")
    assert (told.code, told.out) == (2, "NOT_EVALUATED\nCannot tell: there is not one event to check.\n")


def test_a_database_that_cannot_be_read_is_not_evaluated(at: object, sqlite_address: str, tmp_path: Path) -> None:
    assert callable(at)
    told = at(f"sqlite:///{tmp_path / 'new.db'}")("audit", "verify", "--json")
    assert (told.code, told.json["verdict"]) == (2, "NOT_EVALUATED")
    assert "casedesk db upgrade" in told.json["reason"]


def test_a_file_is_verified_without_a_database(at: object, exported: Path) -> None:
    assert callable(at)
    told = at("sqlite:///nowhere/at/all.db")("audit", "verify", exported)
    assert (told.code, told.out.splitlines()[0]) == (0, "VERIFIED")


def test_a_changed_file_is_tampered_with_its_row(casedesk: Command, exported: Path) -> None:
    exported.write_bytes(exported.read_bytes().replace(b"Called the branch.", b"Called the bench..", 1))
    told = casedesk("audit", "verify", exported)
    assert told.code == 1
    assert "Row 5 of the file." in told.out
    assert casedesk("audit", "verify", exported, "--json").json["first"]["row"] == 5


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe", b"PK\x03\x04"])
def test_a_file_of_another_kind_is_not_evaluated(casedesk: Command, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.csv").write_bytes(content)
    told = casedesk("audit", "verify", tmp_path / "file.csv")
    assert (told.code, told.out.splitlines()[0]) == (2, "NOT_EVALUATED")


def test_a_file_that_is_not_there_is_not_evaluated(casedesk: Command, tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        told = casedesk("audit", "verify", path)
        assert (told.code, "cannot be read" in told.out) == (2, True)
    assert casedesk("audit", "verify", tmp_path, "--database").err == "Give either a file or --database, not both.\n"
