"""`casedesk export`: files that are events, whole or not there, and whose names say nothing."""

from __future__ import annotations

import stat
from hashlib import sha256
from pathlib import Path

import pytest

from tests.builders import NARRATIVE, TestDesk
from tests.cli.conftest import Command


@pytest.fixture
def case(desk: TestDesk) -> str:
    desk.customer()
    return desk.closed(sar_approver="max")


@pytest.mark.parametrize(("kind", "name"), [("audit", "{case}-audit.csv"), ("sar", "{case}-summary.md")])
def test_an_export_is_a_file_and_an_event(
    casedesk: Command, desk: TestDesk, case: str, kind: str, name: str, tmp_path: Path
) -> None:
    told = casedesk("export", kind, case, "--as", "otto", "--out", tmp_path)
    assert (told.code, told.out) == (0, "")
    path = tmp_path / name.format(case=case)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert "sar" not in path.name.lower()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    event = desk.history(case)[-1]
    assert (event.user, event.action, event.data["via"]) == ("otto", "case_exported", "cli")
    assert event.data["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert event.data["sha256"][:16] in told.err


def test_the_summary_holds_the_narrative_and_goes_to_standard_output(
    casedesk: Command, desk: TestDesk, case: str, tmp_path: Path
) -> None:
    told = casedesk("export", "sar", case, "--as", "max", "--out", "-")
    assert told.code == 0
    assert NARRATIVE.split(".")[0].replace("-", "-") in told.out
    assert "Approved by Max" in told.out
    assert casedesk("export", "sar", case, "--as", "max", "--out", tmp_path / "mine.md").code == 0
    assert (tmp_path / "mine.md").exists()


@pytest.mark.parametrize("kind", ["audit", "sar"])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{case}"], "Say who acts"),
        (["{case}", "--as", "ann"], "The role Analyst may not export a case; that takes: Manager or Auditor."),
        (["{case}", "--as", "queenie"], "The role QA may not export a case"),
        (["C-26-99999", "--as", "otto"], "There is no case"),
        (["{case}", "--as", "otto", "--out", "{tmp}/none/file"], "cannot be written to"),
    ],
)
def test_a_refused_export_leaves_no_file_and_no_event(
    casedesk: Command, desk: TestDesk, case: str, kind: str, words: list[str], sentence: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    before = desk.size()
    told = casedesk("export", kind, *(word.format(case=case, tmp=tmp_path) for word in words))
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err
    assert desk.size() == before
    assert not list(tmp_path.iterdir())
