"""`casedesk export`: files that are events, whole or not there, and whose names say nothing."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from tests.builders import NARRATIVE, TestDesk
from tests.cli.conftest import Command
from tests.databases import drop_guard


@pytest.fixture
def case(desk: TestDesk) -> str:
    desk.customer()
    return desk.closed(sar_approver="max")


@pytest.mark.parametrize(
    ("words", "name", "what"),
    [
        (["audit"], "{case}-audit.csv", "audit"),
        (["summary"], "{case}-summary.md", "summary"),
        (["summary", "--pdf"], "{case}-summary.pdf", "summary_pdf"),
        (["case-file"], "{case}-case-file.pdf", "case_file"),
    ],
)
def test_an_export_is_a_file_and_an_event(
    casedesk: Command, desk: TestDesk, case: str, words: list[str], name: str, what: str, tmp_path: Path
) -> None:
    told = casedesk("export", *words, case, "--as", "otto", "--out", tmp_path)
    assert (told.code, told.out) == (0, "")
    path = tmp_path / name.format(case=case)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert "sar" not in path.name.lower()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    event = desk.history(case)[-1]
    assert (event.user, event.action, event.data["via"]) == ("otto", "case_exported", "cli")
    assert event.data["what"] == what
    assert event.data["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert event.data["sha256"][:16] in told.err


def test_a_case_file_prints_the_evidence_of_each_alert(
    casedesk: Command, desk: TestDesk, case: str, tmp_path: Path
) -> None:
    assert casedesk("export", "case-file", case, "--as", "otto", "--out", tmp_path).code == 0
    pages = PdfReader(tmp_path / f"{case}-case-file.pdf").pages
    text = " ".join("\n".join(page.extract_text() for page in pages).split())
    assert len(re.findall(r"T-1-\d 2026-07-01 09:1\d in Cash deposit US CASH 9,500\.00", text)) == 2
    assert f"Last event of the case: {desk.history(case)[-2].event_id}" in text


def test_the_summary_holds_the_narrative_and_goes_to_standard_output(
    casedesk: Command, desk: TestDesk, case: str, tmp_path: Path
) -> None:
    told = casedesk("export", "summary", case, "--as", "max", "--out", "-")
    assert told.code == 0
    assert NARRATIVE.split(".")[0].replace("-", "-") in told.out
    assert "Approved by Max" in told.out
    assert casedesk("export", "summary", case, "--as", "max", "--out", tmp_path / "mine.md").code == 0
    assert (tmp_path / "mine.md").exists()


@pytest.mark.parametrize("kind", ["audit", "summary", "case-file"])
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


def told_by(script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the verifier as an outsider does: isolated, in a folder of its own."""
    words = [sys.executable, "-I", script, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=script.parent)


def test_an_outsider_verifies_a_packet_with_the_key_they_were_given(
    casedesk: Command, desk: TestDesk, case: str, tmp_path: Path
) -> None:
    settings = {"checkpoint_dir": tmp_path / "checkpoints", "checkpoint_key": tmp_path / "desk.key"}
    assert casedesk("audit", "keygen", **settings).code == 0
    out = tmp_path / "outside"
    out.mkdir()
    told = casedesk("export", "packet", case, "--as", "otto", "--out", out, **settings)
    assert (told.code, told.out) == (0, "")
    assert casedesk("export", "verifier", "--out", out).code == 0
    assert sorted(path.name for path in out.iterdir()) == [f"{case}-packet.zip", "verify.py"]
    outside = told_by(out / "verify.py", f"{case}-packet.zip", "--key", tmp_path / "desk.key.pub", "--json")
    claims = {one["claim"]: one["verdict"] for one in json.loads(outside.stdout)["claims"]}
    # the alert of this desk was written by hand, so neither its amount nor its rule follows from its evidence
    assert {name for name, verdict in claims.items() if verdict == "TAMPERED"} <= {"alerts", "rules"}
    assert {claims[name] for name in ("container", "files", "checkpoint", "events", "chains", "cases")} == {"VERIFIED"}
    event = desk.history(case)[-1]
    assert (event.data["what"], event.data["via"]) == ("packet", "cli")
    assert event.data["sha256"] == sha256((out / f"{case}-packet.zip").read_bytes()).hexdigest()

    assert told_by(out / "verify.py", "none.zip").returncode == 2
    ours = casedesk("audit", "verify", out / f"{case}-packet.zip", "--json", **settings).json
    assert {one["claim"]: one["verdict"] for one in ours["claims"]} == claims
    (out / "none.zip").write_bytes(b"no zip")
    told = casedesk("audit", "verify", out / "none.zip", **settings)
    assert (told.code, told.out.startswith("NOT_EVALUATED\nThe packet cannot be judged")) == (2, True)
    assert casedesk("audit", "verify", out / "gone.zip", **settings).code == 2


def test_a_period_is_exported_by_its_days(casedesk: Command, desk: TestDesk, case: str, tmp_path: Path) -> None:
    day = desk.at().date().isoformat()
    words = ("export", "packet", "--period", "2026-01-01", day, "--as", "otto", "--out", tmp_path)
    told = casedesk(*words, "--profile", "no-decisions")
    assert (told.code, "is not signed" in told.err) == (0, True)
    assert (tmp_path / f"packet-2026-01-01-{day}.zip").exists()
    event = desk.history("DESK")[-1]
    assert (event.action, event.data["profile"], event.data["cases"]) == ("packet_exported", "no-decisions", 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{case}", "--as", "ann"], "The role Analyst may not export a case"),
        (["--as", "otto"], "Give either a case"),
        (["{case}", "--period", "2026-01-01", "2026-02-01", "--as", "otto"], "Give either a case"),
        (["{case}", "--profile", "some", "--as", "otto"], "“some” is not a profile; choose full, no-decisions or"),
        (
            ["--period", "2026-02-31", "2026-03-01", "--as", "otto"],
            "“--period 2026-02-31” is not a day of the calendar",
        ),
        (["--period", "2026-03-01", "2026-02-01", "--as", "otto"], "swap the two days"),
        (["--period", "1999-03-01", "1999-03-02", "--as", "otto"], "Nothing happened to any case"),
        (["{case}", "--as", "otto", "--out", "{tmp}/none/file"], "cannot be written to"),
    ],
)
def test_a_refused_packet_leaves_no_file_and_no_event(
    casedesk: Command, desk: TestDesk, case: str, words: list[str], sentence: str, tmp_path: Path
) -> None:
    before = desk.size()
    out = [] if "--out" in words else ["--out", "{tmp}"]
    told = casedesk("export", "packet", *(word.format(case=case, tmp=tmp_path) for word in [*words, *out]))
    assert told.code != 0
    assert sentence in told.err
    assert (desk.size(), list(tmp_path.iterdir())) == (before, [])


def test_a_packet_is_not_exported_over_a_ledger_that_was_cut(
    casedesk: Command, desk: TestDesk, case: str, tmp_path: Path
) -> None:
    settings = {"checkpoint_dir": tmp_path / "checkpoints", "checkpoint_key": tmp_path / "desk.key"}
    casedesk("audit", "keygen", **settings)
    casedesk("audit", "checkpoint", **settings)
    drop_guard(desk.engine)
    desk.tamper(sa.text(f"DELETE FROM case_events WHERE event_id = {desk.size()}"))
    desk.tamper(sa.text("UPDATE ledger_head SET size = size - 1"))
    told = casedesk("export", "packet", case, "--as", "otto", "--out", tmp_path, **settings)
    assert (told.code != 0, "Nothing was signed" in told.err) == (True, True)
    assert not list(tmp_path.glob("*.zip"))
