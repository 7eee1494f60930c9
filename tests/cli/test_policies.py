"""`casedesk policy`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.builders import TestDesk
from tests.cli.conftest import Command

VALUE = (
    "policy", "propose", "retention_years", 7, "--from", "2099-01-01", "--source", "State law, chapter 12",
    "--text", "The state asks for seven years.",
)  # fmt: skip


def test_two_managers_set_a_value_and_everybody_who_may_read_the_ledger_sees_it(
    casedesk: Command, desk: TestDesk
) -> None:
    told = casedesk(*VALUE, "--as", "mia")
    event = desk.size()
    assert (told.code, told.out) == (0, f"Proposed as event {event}: retention_years = 7 from 2099-01-01 on.\n")
    refused = casedesk("policy", "approve", event, "--as", "mia")
    assert (refused.code, "another manager" in refused.err) == (2, True)
    told = casedesk("policy", "approve", event, "--as", "max")
    assert (told.code, told.out) == (0, "retention_years is 7 for what begins on 2099-01-01 or later.\n")
    found = casedesk("policy", "list", "--all", "--json", "--as", "otto").json
    assert [(v["value"], v["event"]) for v in found["values"] if v["name"] == "retention_years"] == [
        (5, 0),
        (7, event + 1),
    ]
    assert [(c["proposal"], c["state"], c["decided_by"]) for c in found["proposals"]] == [(event, "in force", "max")]
    shown = casedesk("policy", "list").out
    assert "31 CFR 1020.320(d)" in shown
    assert "seven years" in shown
    assert casedesk("policy", "list", "--as", "ann").code == 2


def test_a_proposal_is_taken_back(casedesk: Command, desk: TestDesk) -> None:
    casedesk(*VALUE, "--as", "mia")
    told = casedesk(
        "policy", "reject", desk.size(), "--as", "mia", "--text", "The law was not passed after all.", "--json"
    )
    assert (told.code, told.json["action"]) == (0, "policy_rejected")


@pytest.mark.parametrize("option", ["--from", "--source"])
def test_a_proposal_says_since_when_and_by_whom(casedesk: Command, desk: TestDesk, option: str) -> None:
    words = list(VALUE)
    at = words.index(option)
    del words[at : at + 2]
    told = casedesk(*words, "--as", "mia")
    assert (told.code, f"{option} is missing" in told.err) == (2, True)


def test_a_case_shows_what_else_is_due(casedesk: Command, desk: TestDesk) -> None:
    desk.customer()
    case = desk.closed()
    until = datetime.now(UTC).date().replace(year=2031, month=7, day=1)
    shown = casedesk("case", "show", case, "--json", "--as", "mia").json
    assert [(c["kind"], c["due_on"]) for c in shown["clocks"]] == [("retention", until.isoformat())]
    assert f"Retention: Kept until {until.day} {until:%b %Y}" in casedesk("case", "show", case, "--as", "mia").out
    assert casedesk("case", "show", case, "--json", "--as", "ben").json["clocks"] == []
