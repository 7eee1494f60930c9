"""`casedesk rules`: from a proposal to a rule set in force, and the sheet that an examiner replicates from."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import Move, TestDesk
from tests.cli.conftest import Command

REASON = ("--reason", "Five deposits in an hour are everyday business here.")
PROPOSE = ("rules", "propose", "--param", "structuring.count=6", *REASON)


@pytest.fixture
def found(casedesk: Command, desk: TestDesk) -> TestDesk:
    """One customer with an alert of five deposits of 7,000, found by detection."""
    desk.customer("K-1")
    desk.book([Move(f"T-{n}", n, 7_000_00, to_account="K-1/1") for n in range(5)])
    assert casedesk("detect", "--rule", "structuring", "--as", "mia").code == 0
    return desk


def test_a_maker_proposes_a_checker_approves_and_detection_follows(casedesk: Command, found: TestDesk) -> None:
    told = casedesk(*PROPOSE, "--as", "mia")
    assert told.code == 0, told.err
    assert "RS-000001: rule set proposed (event " in told.out
    assert "Structuring: count 5 → 6" in told.out
    assert "Another manager decides it: casedesk rules approve RS-000001" in told.out
    refused = casedesk("rules", "approve", "RS-000001", "--as", "mia")
    assert (refused.code, "only a manager who did not propose it may" in refused.err) == (2, True)
    assert "RS-000001 waits to be decided" in casedesk("rules", "list", "--as", "otto").out
    done = casedesk("rules", "approve", "RS-000001", "--as", "max", "--json").json
    assert done["action"] == "rule_set_put_in_force"
    listed = casedesk("rules", "list", "--as", "otto", "--json").json
    assert (listed["rule_set"], listed["rule_set_hash"]) == ("RS-000001", done["hash_after"])
    assert casedesk("detect", "--json").json["rule_set_hash"] == done["hash_after"]
    assert casedesk("detect", "--dry-run", "--rule", "structuring").err.startswith("5 transactions: 0 alerts.")
    assert casedesk("detect", "--json", "--param", "structuring.count=6").code == 0  # in force now
    told = casedesk("detect", "--param", "structuring.count=5")
    assert (told.code, "structuring.count is 6 in force, not 5" in told.err) == (2, True)
    assert casedesk("audit", "verify").code == 0


def test_the_commands_of_the_sheet_run_and_say_the_same(casedesk: Command, found: TestDesk, tmp_path: Path) -> None:
    assert casedesk("detect", "--full").code == 0
    assert casedesk(*PROPOSE, "--as", "mia").code == 0
    assert casedesk("rules", "approve", "RS-000001", "--as", "max").code == 0
    frozen = casedesk("rules", "sheet", "RS-000001", "--json", "--as", "otto")
    assert hashlib.sha256(frozen.out.encode()).hexdigest() == found.history("DESK")[-2].data["sheet_sha256"]
    sheet = json.loads(frozen.out)
    assert len(sheet["commands"]) == 4
    for line in sheet["commands"]:
        told = casedesk(*shlex.split(line.replace("USER", "otto"))[1:])
        assert told.code == 0, (line, told.err)
        if "lab try" in line:
            assert told.json["data_fingerprint"] == sheet["data"]["fingerprint"]
            assert told.json["rule_set_hash"] == sheet["hash_before"]
            assert told.json["lost"] == [alert["alert_id"] for alert in sheet["rules"][0]["lost"]]
            for side, name in (("in_force", "before"), ("tried", "after")):
                for figure, value in told.json[side].items():
                    assert value == type(value)(sheet["rules"][0][name][figure])
    target = tmp_path / "sheet.md"
    told = casedesk("rules", "sheet", "RS-000001", "--output", target, "--as", "otto")
    assert (told.code, "SHA-256" in told.out) == (0, True)
    assert target.read_text(encoding="utf-8").startswith("# Evidence sheet RS-000001\n")


def test_a_proposal_is_rejected_withdrawn_and_stands_in_the_history(casedesk: Command, found: TestDesk) -> None:
    assert "the rules run as shipped" in casedesk("rules", "history", "--as", "otto").out
    for number, (word, user) in enumerate((("reject", "max"), ("withdraw", "mia")), start=1):
        assert casedesk(*PROPOSE, "--as", "mia").code == 0
        told = casedesk("rules", word, f"RS-00000{number}", "--reason", "It would miss a report.", "--as", user)
        assert told.code == 0, told.err
    rows = casedesk("rules", "history", "--as", "otto", "--json").json
    assert [row["state"] for row in rows] == ["withdrawn", "rejected"]
    assert "withdrawn" in casedesk("rules", "history", "--as", "otto").out
    shown = casedesk("rules", "show", "RS-000001", "--as", "otto")
    assert "RS-000001: rejected; upon the rules as shipped." in shown.out
    assert "It would miss a report." in shown.out
    assert casedesk("rules", "show", "RS-000001", "--as", "otto", "--json").json["rules"]["structuring"]["parameters"]


def test_a_rule_is_tried_and_switched_off(casedesk: Command, found: TestDesk) -> None:
    told = casedesk("lab", "try", "structuring", "--off", "--as", "mia")
    assert (told.code, "The rule is off; 5 transactions." in told.out) == (0, True)
    assert casedesk("rules", "propose", "--off", "structuring", *REASON, "--as", "mia").code == 0
    assert casedesk("rules", "approve", "RS-000001", "--as", "max").code == 0
    assert "Switched off: Structuring." in casedesk("rules", "list", "--as", "otto").out
    assert "is switched off in RS-000001" in casedesk("detect", "--rule", "structuring").err


def test_a_desk_with_rule_sets_goes_into_files_and_comes_back(
    casedesk: Command, found: TestDesk, tmp_path: Path, other_address: str, at: Callable[[str], Command]
) -> None:
    assert casedesk(*PROPOSE, "--as", "mia").code == 0
    assert casedesk("rules", "approve", "RS-000001", "--as", "max").code == 0
    assert casedesk("seed", "--csv", tmp_path).code == 0
    other = at(other_address)
    told = other("load-csv", tmp_path)
    assert told.code == 0, told.err
    assert other("rules", "list", "--as", "otto", "--json").json["rule_set"] == "RS-000001"
    assert other("audit", "verify").code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["propose", *REASON, "--as", "mia"], "The proposal changes nothing"),
        (["propose", "--param", "structuring.count=6", "--as", "mia"], "needs a reason of at least 10 characters"),
        (["propose", "--param", "structuring.count=1", *REASON, "--as", "mia"], "Parameter “count”"),
        (["propose", "--off", "smurfing", *REASON, "--as", "mia"], "There is no rule “smurfing”"),
        (["propose", "--off", "velocity", "--on", "velocity", *REASON, "--as", "mia"], "choose one"),
        (["propose", "--param", "structuring.count=6", *REASON, "--as", "otto"], "may not propose a rule set"),
        (["propose", "--param", "structuring.count=6", *REASON], "add --as USER"),
        (["approve", "RS-000009", "--as", "max"], "There is no rule set “RS-000009”"),
        (["show", "RS-000009", "--as", "max"], "There is no rule set “RS-000009”"),
        (["list", "--as", "ann"], "may not try out detection rules"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(
    casedesk: Command, desk: TestDesk, words: list[str], sentence: str
) -> None:
    told = casedesk("rules", *words)
    assert told.code == 2
    assert sentence in told.err
    assert "Traceback" not in told.err
