"""`casedesk suppressions`: propose, approve, reject, end, list, hidden; and what `detect` says of it."""

from __future__ import annotations

import pytest

from tests.builders import TestDesk
from tests.cli.conftest import Command
from tests.services.suppressing import FIRST, HOUR, REASON, UNTIL, burst, midnight

SCOPE = ("--rule", "structuring", "--customer", "K-1", "--from", FIRST.isoformat(), "--until", UNTIL.isoformat())


@pytest.fixture(autouse=True)
def customer(desk: TestDesk) -> None:
    desk.customer()


def test_from_a_proposal_to_what_it_hid_to_its_end(casedesk: Command, desk: TestDesk) -> None:
    assert casedesk("suppressions", "list").out == "Nothing has been proposed to be suppressed.\n"
    told = casedesk("suppressions", "propose", *SCOPE, "--reason", REASON, "--as", "mia")
    assert (told.code, told.out) == (
        0, f"SUP-000001 is proposed: Structuring on K-1, {FIRST} until {UNTIL}.\n",
    ), told.err  # fmt: skip
    refused = casedesk("suppressions", "approve", "SUP-000001", "--as", "mia")
    assert (refused.code, refused.err) == (
        2, "You proposed SUP-000001, so another manager has to approve or reject it.\n",
    )  # fmt: skip
    approved = casedesk("suppressions", "approve", "SUP-000001", "--as", "max", "--json").json
    assert (approved["state"], approved["decided_by"], approved["severity_cap"]) == ("in force", "max", 90)
    burst(desk, "a", midnight(FIRST) + HOUR)
    dry = casedesk("detect", "--rule", "structuring", "--dry-run", "--json")
    assert (dry.code, dry.out) == (0, "")
    assert "0 alerts. Nothing was stored." in dry.err
    assert "0 of them would be new and 0 grown; suppressions in force would hide 1 more." in dry.err
    tried = casedesk("lab", "try", "structuring", "--as", "mia", "--json").json
    assert (tried["in_force"]["alerts"], tried["in_force"]["hidden"]) == (0, 1)
    ran = casedesk("detect", "--rule", "structuring")
    assert "0 new alerts, 0 grown, 1 hidden by suppressions, 0 known already; 0 cases opened" in ran.out
    again = casedesk("detect", "--rule", "structuring", "--json").json
    assert (again["hidden_alerts"], again["unchanged_alerts"]) == (0, 1)
    (row,) = casedesk("suppressions", "list", "--json", "--as", "otto").json
    assert (row["suppression_id"], row["hidden_alerts"], row["released_alerts"]) == ("SUP-000001", 1, 0)
    assert "in force, days over" in casedesk("suppressions", "list").out
    (kept,) = casedesk("suppressions", "hidden", "SUP-000001", "--json").json
    assert (kept["account_id"], len(kept["transaction_ids"]), kept["released_in"]) == ("K-1/1", 5, "")
    assert kept["sentence"] in casedesk("suppressions", "hidden", "SUP-000001").out
    told = casedesk("suppressions", "end", "SUP-000001", "--reason", "The shop changed hands in June.", "--as", "mia")
    assert told.code == 0, told.err
    raised = casedesk("detect", "--rule", "structuring", "--json").json
    assert (raised["new_alerts"], raised["since"] != "") == (1, True)
    assert casedesk("audit", "verify", "--database").code == 0


def test_a_rejected_proposal_hides_nothing(casedesk: Command, desk: TestDesk) -> None:
    casedesk("suppressions", "propose", *SCOPE, "--reason", REASON, "--as", "mia")
    told = casedesk("suppressions", "reject", "SUP-000001", "--as", "max")
    assert (told.code, "A rejection needs a reason of at least 20 characters" in told.err) == (2, True)
    words = ("--reason", "The till rolls do not fit the deposits.")
    assert casedesk("suppressions", "reject", "SUP-000001", *words, "--as", "max").code == 0
    burst(desk, "a", midnight(FIRST) + HOUR)
    assert casedesk("detect", "--rule", "structuring", "--json").json["new_alerts"] == 1
    assert casedesk("suppressions", "hidden", "SUP-000001").out == "SUP-000001 has hidden nothing.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["propose", *SCOPE, "--reason", REASON], "Say who acts"),
        (["propose", *SCOPE[2:], "--reason", REASON, "--as", "mia"], "--rule is missing"),
        (["propose", *SCOPE, "--as", "mia"], "this one has 0"),
        (
            ["propose", *SCOPE[:-1], "2026-02-31", "--reason", REASON, "--as", "mia"],
            "“--until 2026-02-31” is not a day",
        ),
        (
            ["propose", *SCOPE, "--reason", REASON, "--as", "ann"],
            "The role Analyst may not propose or end a suppression",
        ),
        (["approve", "SUP-000009", "--as", "mia"], "There is no suppression “SUP-000009”"),
        (["hidden", "SUP-000009"], "There is no suppression “SUP-000009”"),
        (["list", "--as", "ann"], "The role Analyst may not look at the ledger"),
    ],
)
def test_what_makes_no_sense_is_refused(casedesk: Command, words: list[str], sentence: str) -> None:
    told = casedesk("suppressions", *words)
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err
