"""Every step on a case from the command line: done, refused by role, by state, by staleness, and recorded as such."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.builders import NARRATIVE, RATIONALE, TestDesk
from tests.cli.conftest import Command


@pytest.fixture
def case(desk: TestDesk) -> str:
    desk.customer()
    return desk.open()


def last(desk: TestDesk, case: str) -> tuple[str, str, dict[str, Any]]:
    event = desk.history(case)[-1]
    return event.user, event.action, event.data


def test_a_case_is_taken_noted_decided_approved_reviewed_and_reopened(
    casedesk: Command, desk: TestDesk, case: str
) -> None:
    steps: list[tuple[str, list[str]]] = [
        ("case_taken", ["take", case, "--as", "ann"]),
        ("note_added", ["note", case, "--as", "ann", "--text", "Called the branch."]),
        (
            "suspicion_moved",
            ["suspicion", case, "--at", "2026-06-20", "--no-suspect", "--reason", "Teller", "--as", "ann"],
        ),
        ("case_handed_over", ["hand-over", case, "ben", "--reason", "Holiday", "--as", "ann"]),
        ("case_released", ["release", case, "--as", "ben"]),
        ("case_assigned", ["assign", case, "ann", "--as", "mia", "--text", "You know it"]),
        ("disposition_set", ["dispose", case, "sar", "--as", "ann", "--text", NARRATIVE]),
        ("disposition_returned", ["return", case, "--as", "max", "--reason", "Who received it?"]),
        ("disposition_set", ["dispose", case, "SAR", "--as", "ann", "--text", NARRATIVE]),
        ("disposition_approved", ["approve", case, "--as", "max"]),
        ("review_passed", ["review", case, "--pass", "--tick", "all", "--as", "queenie"]),
        ("case_reopened", ["reopen", case, "--as", "mia", "--reason", "New facts"]),
        ("disposition_set", ["dispose", case, "no-sar", "--as", "ann", "--text", RATIONALE]),
        ("review_failed", ["review", case, "--fail", "--severity", "major", "--text", "Source?", "--as", "queenie"]),
    ]
    for action, arguments in steps:
        told = casedesk("case", *arguments)
        assert (told.code, told.err) == (0, ""), arguments
        user, recorded, data = last(desk, case)
        assert (recorded, data["via"]) == (action, "cli")
        assert user == arguments[arguments.index("--as") + 1]
        assert f"event {desk.history(case)[-1].event_id}" in told.out
    assert desk.case(case).suspicion_at.date().isoformat() == "2026-06-20"
    assert desk.verify().verdict == "VERIFIED"


def test_escalating_takes_a_reason_and_puts_the_case_before_the_managers(
    casedesk: Command, desk: TestDesk, case: str
) -> None:
    casedesk("case", "take", case, "--as", "ann")
    assert casedesk("case", "dispose", case, "escalate", "--as", "ann").code == 2
    assert casedesk("case", "dispose", case, "escalate", "--text", "Politically exposed", "--as", "ann").code == 0
    assert desk.stage(case) == "escalated to the managers"


def test_take_next_gives_the_most_urgent_case_and_says_when_none_waits(
    casedesk: Command, desk: TestDesk, case: str
) -> None:
    told = casedesk("case", "take-next", "--as", "ann", "--json")
    assert (told.code, told.json["case_id"], told.json["user"]) == (0, case, "ann")
    told = casedesk("case", "take-next", "--as", "ben")
    assert (told.code, told.out) == (2, "")
    assert told.err == "No unassigned case is waiting; there is nothing to take.\n"


REFUSED = [
    (["take", "{case}"], "Say who acts: add --as USER"),
    (["take", "{case}", "--as", "nobody"], "Nobody has the user id “nobody”; known are: ann"),
    (["take", "C-26-99999", "--as", "ann"], "There is no case “C-26-99999”"),
    (["take", "{case}", "--as", "queenie"], "The role QA may not take a case"),
    (["take", "{case}", "--as", "ann", "--version", "1"], "changed since you opened it"),
    (["assign", "{case}", "ann", "--as", "ben"], "The role Analyst may not assign a case"),
    (["assign", "{case}", "queenie", "--as", "mia"], "Queenie is QA; only an analyst or a manager can hold a case"),
    (["hand-over", "{case}", "ben", "--as", "ann", "--reason", "x"], "is new, so nobody can hand a case over"),
    (["release", "{case}", "--as", "ann"], "is new, so nobody can release a case"),
    (["note", "{case}", "--as", "ann"], "The note is empty"),
    (["note", "{case}", "--as", "otto", "--text", "x"], "The role Auditor may not add a note"),
    (["note", "{case}", "--as", "system", "--text", "x"], "The role System may not add a note"),
    (["note", "{case}", "--as", "ann", "--text", "a", "--file", "b"], "not both"),
    (["note", "{case}", "--as", "ann", "--file", "no such file"], "no such file cannot be read"),
    (["dispose", "{case}", "maybe", "--as", "ann"], "“maybe” is not a disposition"),
    (["dispose", "{case}", "no-sar", "--as", "ann", "--text", RATIONALE], "nobody can decide a case in this state"),
    (["approve", "{case}", "--as", "max"], "nobody can approve a decision in this state"),
    (["approve", "{case}", "--as", "ann"], "The role Analyst may not approve a decision"),
    (["return", "{case}", "--as", "max", "--reason", "x"], "nobody can return a decision in this state"),
    (["reopen", "{case}", "--as", "mia", "--reason", "x"], "nobody can reopen a case in this state"),
    (["review", "{case}", "--as", "queenie"], "Say the outcome: add --pass or --fail."),
    (["review", "{case}", "--pass", "--as", "queenie"], "nobody can review a case in this state"),
    (["suspicion", "{case}", "--as", "ann", "--reason", "x"], "add --at"),
    (["suspicion", "{case}", "--as", "ann", "--at", "2026-02-31"], "“--at 2026-02-31” is not a time"),
    (["suspicion", "{case}", "--as", "ann", "--at", "2026-02-03T10:00:00"], "names no zone"),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED, ids=[" ".join(a) for a, _ in REFUSED])
def test_a_refused_step_is_a_sentence_and_changes_nothing(
    casedesk: Command, desk: TestDesk, case: str, arguments: list[str], sentence: str
) -> None:
    before = desk.dump()
    told = casedesk("case", *(part.format(case=case) for part in arguments))
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err
    assert "Traceback" not in told.err
    assert told.err.count("\n") == 1
    after = desk.dump()
    after["ledger_head"] = before["ledger_head"]  # the counter of locks is not state
    assert after == before


def test_the_maker_never_approves_and_a_toucher_never_reviews(casedesk: Command, desk: TestDesk, case: str) -> None:
    for step in (["take", case], ["dispose", case, "sar", "--text", NARRATIVE]):
        assert casedesk("case", *step, "--as", "mia").code == 0
    told = casedesk("case", "approve", case, "--as", "mia")
    assert told.code == 2
    assert "You worked on this case" in told.err
    assert casedesk("case", "approve", case, "--as", "max").code == 0


def test_the_version_seen_is_honoured(casedesk: Command, desk: TestDesk, case: str) -> None:
    seen = casedesk("case", "show", case, "--as", "ann", "--json").json["version"]
    assert casedesk("case", "take", case, "--as", "ben", "--version", seen).code == 0
    told = casedesk("case", "take", case, "--as", "ann", "--version", seen)
    assert told.code == 2
    assert "ben: Case taken" in told.err


def test_a_text_comes_from_a_file_or_from_standard_input(
    casedesk: Command, desk: TestDesk, case: str, tmp_path: Path
) -> None:
    words = "Gespräch mit der Filiale:\nzwei Belege, “10.000”."
    (tmp_path / "note.txt").write_text(words, encoding="utf-8-sig")
    assert casedesk("case", "note", case, "--as", "ann", "--file", tmp_path / "note.txt").code == 0
    assert desk.history(case)[-1].notes == words
    assert casedesk("case", "note", case, "--as", "ann", "--text", "-", stdin=b"piped").code == 0
    assert desk.history(case)[-1].notes == "piped"
    assert casedesk("case", "note", case, "--as", "ann", "--file", "-", stdin=b"again").code == 0
    assert desk.history(case)[-1].notes == "again"


def test_a_megabyte_is_refused_with_the_figures(casedesk: Command, case: str, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_bytes(b"x" * 1_048_576)
    told = casedesk("case", "note", case, "--as", "ann", "--file", tmp_path / "long.txt")
    assert told.code == 2
    assert told.err == "The note may have at most 20,000 characters; this one has 1,048,576. Shorten it.\n"


def test_a_file_without_end_is_not_read_to_its_end(casedesk: Command, case: str) -> None:
    told = casedesk("case", "note", case, "--as", "ann", "--file", "/dev/zero")
    assert told.code == 2
    assert "/dev/zero holds more than 16,777,216 bytes" in told.err


def test_bytes_that_are_no_text_are_refused_with_their_place(casedesk: Command, case: str, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("erste Zeile\nGespräch".encode("latin-1"))
    told = casedesk("case", "note", case, "--as", "ann", "--file", tmp_path / "latin.txt")
    assert told.code == 2
    assert "is not UTF-8: byte 18, in line 2" in told.err
    told = casedesk("case", "note", case, "--as", "ann", "--text", "-", stdin=b"a\x00b")
    assert told.code == 2
    assert "NUL" in told.err


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "'=1+1", "@SUM(A1)", "-2+3", "\t=1"]
)
def test_markup_and_formulas_are_kept_as_written_and_survive_an_export(
    casedesk: Command, desk: TestDesk, case: str, text: str, tmp_path: Path
) -> None:
    assert casedesk("case", "note", case, "--as", "ann", "--text", text).code == 0
    assert desk.history(case)[-1].notes == text.strip()
    out = tmp_path / "audit.csv"
    assert casedesk("export", "audit", case, "--as", "otto", "--out", out).code == 0
    told = casedesk("audit", "verify", out)
    assert (told.code, told.out.splitlines()[0]) == (0, "VERIFIED")
    if text.strip()[0] in "=@-":
        assert f"'{text.strip()}" in out.read_text(encoding="utf-8")


def test_an_escape_sequence_does_not_reach_the_terminal(casedesk: Command, case: str) -> None:
    casedesk("case", "note", case, "--as", "ann", "--text", "\x1b[2Jgone")
    told = casedesk("case", "show", case, "--as", "ann")
    assert told.code == 0
    assert "\x1b" not in told.out
    assert "\\x1b[2Jgone" in told.out
